//! Attacks on the real server, while an honest client is served. One file per kind of attack; what the report of a kind
//! shows is named in its tests.

mod cross_site;
mod doubled_headers;
mod fair_places;
mod gzip;
mod honest;
mod queries;
mod quota;
mod slow_bodies;
mod slow_streams;
