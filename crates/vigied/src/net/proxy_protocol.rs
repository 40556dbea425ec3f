//! The PROXY protocol, versions 1 and 2: what a load balancer sends ahead of everything else, TLS too, to name the client.
//!
//! Nothing beyond the header is read, and no header may be longer than its version lets it be.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest header of version 1, with its end of line.
const LINE_BYTES_MAX: usize = 107;

/// The longest part of version 2 after its first 16 bytes: addresses, and extensions that are not looked at.
const REST_BYTES_MAX: usize = 4096;

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The fixed beginning of every header of version 2: the signature, a command, a family and the length of the rest.
const FIXED_BYTES: usize = 16;

/// Why a connection has no header that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("the connection broke off in its PROXY header")]
    Io(#[from] std::io::Error),
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    #[error("the PROXY header is wrong: {0}")]
    Wrong(&'static str),
}

/// The part of a header that has come.
#[derive(Debug, Default)]
pub(crate) struct Header(Vec<u8>);

/// Whether a header is whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More of it is to come.
    Begun,
    /// The client's address; `None` where the proxy speaks for itself (its health checks), or does not know.
    Whole(Option<IpAddr>),
}

impl Header {
    /// Whether nothing of it has come.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes may be read next: what comes after the header is not ours to read.
    pub(crate) fn bytes_needed(&self) -> usize {
        let has = self.0.len();
        match self.second_bytes() {
            _ if has < SIGNATURE.len() => SIGNATURE.len() - has,
            Some(Some(bytes)) => bytes.saturating_sub(has),
            Some(None) => FIXED_BYTES - has,
            // Where a line ends is seen at its end.
            None => 1,
        }
    }

    /// Takes bytes, no more than are wanted.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<Progress, HeaderError> {
        self.0.extend_from_slice(bytes);
        let all = &self.0;
        if all.len() < SIGNATURE.len() {
            return Ok(Progress::Begun);
        }
        match self.second_bytes() {
            Some(Some(bytes)) if bytes > FIXED_BYTES + REST_BYTES_MAX => {
                Err(HeaderError::Wrong("it is too long"))
            }
            Some(Some(bytes)) if all.len() >= bytes => {
                let (fixed, rest) = all.split_at_checked(FIXED_BYTES).unwrap_or_default();
                let (command, family) = match fixed {
                    [.., command, family, _, _] => (*command, *family),
                    _ => (0, 0),
                };
                second(command, family, rest).map(Progress::Whole)
            }
            None if !all.starts_with(b"PROXY ") => Err(HeaderError::Missing),
            None if all.ends_with(b"\n") => first(all).map(Progress::Whole),
            None if all.len() >= LINE_BYTES_MAX => Err(HeaderError::Wrong("its line is too long")),
            _ => Ok(Progress::Begun),
        }
    }

    /// How long a header of version 2 is, once it says that; `None` for one of version 1.
    fn second_bytes(&self) -> Option<Option<usize>> {
        let rest = self.0.strip_prefix(&SIGNATURE)?;
        Some(match rest {
            [_, _, high, low, ..] => {
                Some(FIXED_BYTES + usize::from(u16::from_be_bytes([*high, *low])))
            }
            _ => None,
        })
    }
}

/// The client's address, as [`Progress::Whole`] has it.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<IpAddr>, HeaderError> {
    let mut header = Header::default();
    let mut buffer = [0; 64];
    loop {
        let needed = header.bytes_needed().min(buffer.len());
        let room = buffer.get_mut(..needed).unwrap_or_default();
        let read = stream.read(room).await?;
        if read == 0 {
            return Err(HeaderError::Io(ErrorKind::UnexpectedEof.into()));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        if let Progress::Whole(client) = header.take(bytes)? {
            return Ok(client);
        }
    }
}

/// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`.
fn first(line: &[u8]) -> Result<Option<IpAddr>, HeaderError> {
    let line = line
        .strip_suffix(b"\r\n")
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(HeaderError::Wrong("its line does not end as it must"))?;
    let mut words = line.split(' ').skip(1);
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(None);
    }
    let words = [
        words.next(),
        words.next(),
        words.next(),
        words.next(),
        words.next(),
    ];
    let [Some(source), Some(target), Some(from), Some(to), None] = words else {
        return Err(HeaderError::Wrong("it must have six words"));
    };
    let is_port =
        |text: &str| text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_port(from) || !is_port(to) {
        return Err(HeaderError::Wrong("a port is no port"));
    }
    let address = |text: &str| -> Option<IpAddr> {
        match family {
            Some("TCP4") => text.parse().ok().map(IpAddr::V4),
            Some("TCP6") => text.parse().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    match (address(source), address(target)) {
        (Some(source), Some(_)) => Ok(Some(source)),
        _ => Err(HeaderError::Wrong("an address is not of its family")),
    }
}

/// Version 2, after its signature.
fn second(command: u8, family: u8, rest: &[u8]) -> Result<Option<IpAddr>, HeaderError> {
    match command {
        // The proxy speaks for itself.
        0x20 => return Ok(None),
        0x21 => {}
        _ => return Err(HeaderError::Wrong("its version or command is unknown")),
    }
    let short = HeaderError::Wrong("it is shorter than its addresses");
    match family {
        // TCP over IPv4: source, target, and a port of each.
        0x11 => match rest
            .first_chunk::<12>()
            .and_then(|all| all.first_chunk::<4>())
        {
            Some(source) => Ok(Some(IpAddr::V4(Ipv4Addr::from(*source)))),
            None => Err(short),
        },
        0x21 => match rest
            .first_chunk::<36>()
            .and_then(|all| all.first_chunk::<16>())
        {
            Some(source) => Ok(Some(IpAddr::V6(Ipv6Addr::from(*source)))),
            None => Err(short),
        },
        // Unspecified, or by a Unix socket: there is no address.
        0x00 | 0x31 => Ok(None),
        _ => Err(HeaderError::Wrong("its family or transport is unknown")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The header's address, and the bytes left.
    fn parse(bytes: &[u8]) -> (Result<Option<IpAddr>, String>, Vec<u8>) {
        let mut left = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let read = runtime.block_on(read(&mut left));
        (read.map_err(|error| error.to_string()), left.to_vec())
    }

    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn both_versions_name_the_client_and_leave_the_rest() {
        let four = Some("192.0.2.1".parse().unwrap());
        let six = Some("2001:db8::1".parse().unwrap());
        let mut rest_4 = vec![192, 0, 2, 1, 10, 0, 0, 1, 1, 2, 3, 4];
        let mut rest_6 = Ipv6Addr::from_bits(0x2001_0db8 << 96 | 1).octets().to_vec();
        rest_6.extend([0; 20]);
        // Extensions are passed over.
        rest_4.extend([4, 0, 1, 9]);
        for (header, is) in [
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1 65535\r\n".to_vec(), four),
            (b"PROXY TCP6 2001:db8::1 ::1 1 443\r\n".to_vec(), six),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN what it likes\r\n".to_vec(), None),
            (version_2(0x21, 0x11, &rest_4), four),
            (version_2(0x21, 0x21, &rest_6), six),
            (version_2(0x20, 0x00, &[]), None),
            (version_2(0x20, 0x11, &rest_4), None),
            (version_2(0x21, 0x31, &[0; 216]), None),
        ] {
            let mut bytes = header.clone();
            bytes.extend(b"GET / HTTP/1.1\r\n");
            assert_eq!(parse(&bytes), (Ok(is), b"GET / HTTP/1.1\r\n".to_vec()));
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        for (bytes, what) in [
            (
                b"GET / HTTP/1.1\r\n".as_slice(),
                "does not begin with a PROXY header",
            ),
            (b"PROXY TCP4 192.0.2.1", "broke off"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n", "does not end"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n", "six words"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n", "six words"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n", "a port"),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n", "a port"),
            (b"PROXY TCP4 ::1 ::1 1 2\r\n", "an address"),
            (b"PROXY TCP5 192.0.2.1 10.0.0.1 1 2\r\n", "an address"),
            (long.as_bytes(), "too long"),
            (&version_2(0x21, 0x11, &[1; 11]), "shorter"),
            (&version_2(0x31, 0x11, &[1; 12]), "version"),
            (&version_2(0x22, 0x11, &[1; 12]), "command"),
            (&version_2(0x21, 0x12, &[1; 12]), "family"),
            (&version_2(0x21, 0x11, &[1; 5000]), "too long"),
        ] {
            let (read, _) = parse(bytes);
            assert!(
                read.clone().is_err_and(|error| error.contains(what)),
                "{what}: {read:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_stumble(bytes: Vec<u8>, command: u8, family: u8) {
            let _ = parse(&bytes);
            let mut line = b"PROXY ".to_vec();
            line.extend(&bytes);
            let _ = parse(&line);
            let _ = parse(&version_2(command, family, &bytes));
        }
    }
}
