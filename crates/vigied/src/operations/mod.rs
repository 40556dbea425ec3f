//! The operators' listener: all metrics of the server, and why it is not ready, where no caller of the service can connect. By
//! default it is a Unix socket in the data folder that only the server's user can open; for scraping over the network it can be
//! an address.
//!
//! It shares neither slots nor time limits with the public listener, so that it answers when that one is full.

pub(crate) mod answer;
mod backup;
mod control;
mod listener;
mod peer;
mod socket;
pub(crate) mod token;

pub(crate) use listener::{Listener, serve};

use crate::config::OperationsAddress;
use std::path::Path;

/// Removes the socket that an earlier server left in the data folder, where this one listens elsewhere: nobody shall look for
/// the server there. What is no socket, or answers, stays.
pub(crate) fn remove_stale(place: &OperationsAddress, data: &Path) {
    let socket_path = OperationsAddress::socket_of(data);
    if *place != OperationsAddress::Socket(socket_path.clone()) {
        socket::remove_stale(&socket_path);
    }
}
