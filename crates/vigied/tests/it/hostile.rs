//! Attacks on the real server while an honest client is served. One file per kind of attack; tests name the item of the report
//! that they show.

mod account_share;
mod bounds;
mod busy_database;
mod cross_site;
mod doubled_headers;
mod fair_places;
mod files;
mod framing;
mod gzip;
mod half_closed;
mod hanging_disk;
mod honest;
mod introspection;
pub(crate) mod invite;
mod keys;
pub(crate) mod login_limits;
mod logins;
mod operations;
mod patterns;
mod pipelined;
mod places;
mod planted;
mod proxies;
mod queries;
mod quota;
mod raw_http2;
mod rivals;
pub(crate) mod sessions;
mod slow_bodies;
mod slow_streams;
mod stages;
mod stopping;
pub(crate) mod texts;
mod unread_answers;
mod unseen;
mod withdrawn;
