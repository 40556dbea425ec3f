//! HTTP/2 by hand: an attacker keeps to no library's manners.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// The client's connection preface.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;

/// Flags: the stream ends with this frame, the head does.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// One frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A number with a prefix of seven bits (RFC 7541, 5.1).
fn number(mut left: usize) -> Vec<u8> {
    if left < 127 {
        return vec![u8::try_from(left).unwrap()];
    }
    let mut bytes = vec![127];
    left -= 127;
    while left >= 128 {
        bytes.push(u8::try_from(left % 128).unwrap() | 128);
        left /= 128;
    }
    bytes.push(u8::try_from(left).unwrap());
    bytes
}

/// A request without a body.
pub(super) fn get(stream: u32, path: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    let common = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "vigie"),
    ];
    for (name, value) in common.iter().chain(lines) {
        // A literal that nobody remembers, without Huffman codes.
        block.push(0);
        for text in [name, value] {
            block.extend(number(text.len()));
            block.extend(text.as_bytes());
        }
    }
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)
}

/// The settings of a client that lets no stream send anything.
pub(super) fn no_window() -> Vec<u8> {
    let mut payload = 4_u16.to_be_bytes().to_vec();
    payload.extend(0_u32.to_be_bytes());
    frame(SETTINGS, 0, 0, &payload)
}

/// Room for so many bytes more: of a stream, or of all together (0).
pub(super) fn window(stream: u32, bytes: u32) -> Vec<u8> {
    frame(8, 0, stream, &bytes.to_be_bytes())
}

/// The next frame: its type, stream and payload.
pub(super) fn read_frame(stream: &mut TcpStream) -> io::Result<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head)?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload)?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Ok((head[3], id, payload))
}

/// Frames until the server closes: their types. Pings are answered where `polite`.
pub(super) fn until_closed(stream: &mut TcpStream, polite: bool) -> Vec<u8> {
    let mut kinds = Vec::new();
    loop {
        match read_frame(stream) {
            Ok((kind, _, payload)) => {
                kinds.push(kind);
                if kind == PING && polite {
                    let _ = stream.write_all(&frame(PING, 1, 0, &payload));
                }
            }
            Err(error) => {
                let kind = error.kind();
                assert!(
                    kind != io::ErrorKind::WouldBlock,
                    "never closed; frames: {kinds:?}"
                );
                return kinds;
            }
        }
    }
}
