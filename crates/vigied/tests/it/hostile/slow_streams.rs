//! The same by HTTP/2: two connections hold as many requests as the server has places.

use super::honest::connect_from;
use super::slow_bodies::write_sample;
use crate::harness::Server;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};

const FRAME_HEADERS: u8 = 1;
const FRAME_SETTINGS: u8 = 4;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header field as HPACK writes it when it indexes and packs nothing.
fn field(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    for text in [name, value] {
        block.push(u8::try_from(text.len()).unwrap());
        block.extend(text.bytes());
    }
}

/// Opens requests whose bodies do not come, `count` of them on one connection.
fn slow(server: &Server, source: Ipv4Addr, path: &str, key: Option<&str>, count: u32) -> TcpStream {
    let mut stream = connect_from(source, server).unwrap();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(FRAME_SETTINGS, 0, 0, &[]));
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "vigie"),
        ("content-length", "100"),
    ] {
        field(&mut block, name, value);
    }
    if let Some(key) = key {
        field(&mut block, "x-auth-user-token", &format!("apikey {key}"));
    }
    for number in 0..count {
        bytes.extend(frame(FRAME_HEADERS, END_HEADERS, number * 2 + 1, &block));
    }
    stream.write_all(&bytes).unwrap();
    stream
}

#[test]
fn slow_streams_take_no_place() {
    let server = Server::with(&["--set", "limits.concurrent_requests=8"]);
    let key = server.owner.api_key.clone();
    for (path, credential) in [("/identity/token", None), ("/v1/metrics", Some(&*key))] {
        let held: Vec<TcpStream> = (1..=4)
            .map(|number| {
                slow(
                    &server,
                    Ipv4Addr::new(127, 0, 1, number),
                    path,
                    credential,
                    50,
                )
            })
            .collect();
        let mut stream = connect_from(Ipv4Addr::new(127, 0, 0, 2), &server).unwrap();
        for _ in 0..60 {
            let (status, text) = write_sample(&mut stream, &key);
            assert_eq!(status, 200, "{path}: {text}");
        }
        drop(held);
    }
}
