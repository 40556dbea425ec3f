//! Attacks on the real server, while an honest client is served. One file per kind of attack; what the report of a kind
//! shows is named in its tests.

mod cross_site;
mod doubled_headers;
mod fair_places;
mod framing;
mod gzip;
mod honest;
pub(crate) mod login_limits;
mod logins;
mod places;
mod proxies;
mod quota;
mod raw_http2;
mod slow_bodies;
mod slow_streams;
mod stages;
pub(crate) mod texts;
mod unread_answers;
