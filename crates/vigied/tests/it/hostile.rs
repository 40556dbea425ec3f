//! Attacks on the real server, while an honest client is served. One file per kind of attack; what the report of a kind
//! shows is named in its tests.

mod honest;
pub(crate) mod invite;
