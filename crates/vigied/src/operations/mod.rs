//! The operators' own listener: the server's whole metrics and why it is not ready, on a socket that no caller of the
//! service reaches. By default a Unix socket in the data folder, which only its user may open; an address where something on
//! the network is to scrape it.
//!
//! It shares nothing with the public listener: neither places nor time limits, so that it answers when that one is full.

pub(crate) mod answer;
mod backup;
mod control;
mod listener;
mod peer;
mod socket;
pub(crate) mod token;

pub(crate) use listener::{Listener, serve};

use crate::config::Place;
use std::path::Path;

/// Removes the socket that an earlier server left in the data folder, where this one listens elsewhere: nobody shall look for
/// the server there. What is no socket, or answers, stays.
pub(crate) fn remove_stale(place: &Place, data: &Path) {
    let own = Place::socket_of(data);
    if *place != Place::Socket(own.clone()) {
        socket::remove_stale(&own);
    }
}
