//! A server on a real network: what it calls itself, what it says when its database is away, which words its settings take,
//! and what a person sees who opens its address.

mod addresses;
mod database_away;
mod forms;
mod home;
mod pinned;
mod variables;

use crate::harness::Reply;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A `GET` as it is written, from a connection that is closed after it. `host` is the header's whole value.
fn get(address: &str, path: &str, host: &str, more: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Reply::read(&bytes)
}
