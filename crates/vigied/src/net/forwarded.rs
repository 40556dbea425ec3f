//! The headers in which a proxy names its client: `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! Both are lists to which each proxy on the way adds after what was there, and what was there may come from anybody. So
//! they are read from the end, one entry at a time, and nothing to the left of an entry has a say in how it is read: a quote
//! that a client leaves open must not swallow what the proxy wrote after it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Entries that are looked at; no honest chain has as many proxies.
const ENTRIES_MAX: usize = 32;

/// One entry of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// This address.
    Address(IpAddr),
    /// The proxy does not say: `unknown`, or a name of its own (`_hidden`).
    Hidden,
    /// No proxy writes this.
    Garbage,
}

/// The entries of `Forwarded` lines, last one first.
pub(super) fn forwarded<'l>(
    lines: impl DoubleEndedIterator<Item = &'l [u8]>,
) -> impl Iterator<Item = Hop> {
    let elements = lines.rev().flat_map(FromTheEnd::new);
    elements.map(element).take(ENTRIES_MAX)
}

/// The entries of `X-Forwarded-For` lines, last one first.
pub(super) fn x_forwarded_for<'l>(
    lines: impl DoubleEndedIterator<Item = &'l [u8]>,
) -> impl Iterator<Item = Hop> {
    let entries = lines
        .rev()
        .flat_map(|line| line.rsplit(|byte| *byte == b','));
    entries.map(|entry| node(text(entry))).take(ENTRIES_MAX)
}

/// The elements of one `Forwarded` line from its end, split at commas outside quotes, where quotes are counted from the end.
struct FromTheEnd<'l>(Option<&'l [u8]>);

impl<'l> FromTheEnd<'l> {
    const fn new(line: &'l [u8]) -> Self {
        Self(Some(line))
    }
}

impl<'l> Iterator for FromTheEnd<'l> {
    type Item = &'l [u8];

    fn next(&mut self) -> Option<&'l [u8]> {
        let left = self.0?;
        let mut quoted = false;
        for (at, byte) in left.iter().enumerate().rev() {
            match byte {
                b'"' => {
                    let before = left.get(..at).unwrap_or_default();
                    let slashes = before
                        .iter()
                        .rev()
                        .take_while(|byte| **byte == b'\\')
                        .count();
                    // Behind an odd number of backslashes it is a letter of the text.
                    quoted ^= slashes % 2 == 0;
                }
                b',' if !quoted => {
                    self.0 = left.get(..at);
                    return left.get(at + 1..);
                }
                _ => {}
            }
        }
        self.0 = None;
        Some(left)
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes)
        .unwrap_or("\u{fffd}")
        .trim_matches([' ', '\t'])
}

/// One element: pairs with `;` between them. Without `for` the proxy does not say.
fn element(bytes: &[u8]) -> Hop {
    let mut rest = text(bytes);
    let mut found = None;
    loop {
        let Some((name, after)) = rest.split_once('=') else {
            return Hop::Garbage;
        };
        let Some((value, after)) = value(after) else {
            return Hop::Garbage;
        };
        if name.is_empty() || !name.bytes().all(is_token) {
            return Hop::Garbage;
        }
        // Each name once (RFC 7239, 4): of two, a reader could take either.
        if name.eq_ignore_ascii_case("for") && found.replace(node(&value)).is_some() {
            return Hop::Garbage;
        }
        match after.strip_prefix(';') {
            Some(more) => rest = more,
            None if after.is_empty() => return found.unwrap_or(Hop::Hidden),
            None => return Hop::Garbage,
        }
    }
}

/// A token or a quoted text, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token(byte));
        let (token, after) = text.split_at_checked(end.unwrap_or(text.len()))?;
        return (!token.is_empty()).then(|| (token.to_owned(), after));
    };
    let mut plain = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((plain, quoted.get(at + 1..)?)),
            '\\' => plain.push(letters.next()?.1),
            _ => plain.push(letter),
        }
    }
    None
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// An address with or without a port, `unknown`, or a name that begins with `_`.
fn node(text: &str) -> Hop {
    let port_is_good = |port: &str| {
        let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        digits || obfuscated(port)
    };
    if let Some(bracketed) = text.strip_prefix('[') {
        let Some((address, after)) = bracketed.split_once(']') else {
            return Hop::Garbage;
        };
        let is_whole = after.is_empty() || after.strip_prefix(':').is_some_and(port_is_good);
        return match address.parse::<Ipv6Addr>() {
            Ok(address) if is_whole => Hop::Address(IpAddr::V6(address).to_canonical()),
            _ => Hop::Garbage,
        };
    }
    // Not by RFC 7239, but what many proxies write into `X-Forwarded-For`.
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Hop::Address(IpAddr::V6(address).to_canonical());
    }
    let name = match text.split_once(':') {
        Some((name, port)) if port_is_good(port) => name,
        Some(_) => return Hop::Garbage,
        None => text,
    };
    if name.eq_ignore_ascii_case("unknown") || obfuscated(name) {
        return Hop::Hidden;
    }
    name.parse::<Ipv4Addr>()
        .map_or(Hop::Garbage, |address| Hop::Address(IpAddr::V4(address)))
}

fn obfuscated(text: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    text.len() > 1 && text.starts_with('_') && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Hop {
        Hop::Address(text.parse().unwrap())
    }

    fn last_forwarded(lines: &[&str]) -> Option<Hop> {
        forwarded(lines.iter().map(|line| line.as_bytes())).next()
    }

    fn all_forwarded(line: &str) -> Vec<Hop> {
        forwarded(std::iter::once(line.as_bytes())).collect()
    }

    fn all_x(lines: &[&str]) -> Vec<Hop> {
        x_forwarded_for(lines.iter().map(|line| line.as_bytes())).collect()
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (line, hops) in [
            ("for=\"_gazonk\"", vec![Hop::Hidden]),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                vec![address("2001:db8:cafe::17")],
            ),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                vec![address("192.0.2.60")],
            ),
            (
                "for=192.0.2.43, for=198.51.100.17",
                vec![address("198.51.100.17"), address("192.0.2.43")],
            ),
            ("for=_hidden, for=_SEVKISEK", vec![Hop::Hidden, Hop::Hidden]),
            (
                "for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
                vec![
                    Hop::Hidden,
                    address("2001:db8:cafe::17"),
                    address("192.0.2.43"),
                ],
            ),
            ("proto=https;by=_me", vec![Hop::Hidden]),
            ("for=\"192.0.2.1:80\"", vec![address("192.0.2.1")]),
            ("for=\"192.0.2.1:_p\"", vec![address("192.0.2.1")]),
            ("for=\"\\1\\92.0.2.1\"", vec![address("192.0.2.1")]),
            ("for=\"[::ffff:192.0.2.1]\"", vec![address("192.0.2.1")]),
        ] {
            assert_eq!(all_forwarded(line), hops, "{line}");
        }
    }

    #[test]
    fn what_no_proxy_writes_is_garbage() {
        for line in [
            "",
            ",",
            "for",
            "for=",
            "for=192.0.2.1;",
            "=192.0.2.1",
            "for=192.0.2.1 ;proto=http",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=192.0.2.1;for=192.0.2.2",
            "for=192.0.2.256",
            "for=[2001:db8::1]",
            "for=\"[2001:db8::1\"",
            "for=\"[fe80::1%eth0]\"",
            "for=\"192.0.2.1:\"",
            "for=\"192.0.2.1:123456\"",
            "for=example.org",
            "for=\"_\"",
            "f r=192.0.2.1",
            "192.0.2.1",
            "for=\"a\"b",
        ] {
            assert_eq!(all_forwarded(line).first(), Some(&Hop::Garbage), "{line}");
        }
        for line in [
            "",
            "192.0.2.1 192.0.2.2",
            "192.0.2.1:x",
            "[192.0.2.1]",
            "0x7f.1",
            "1.2.3",
            "\"192.0.2.1\"",
        ] {
            assert_eq!(all_x(&[line]).first(), Some(&Hop::Garbage), "{line}");
        }
    }

    #[test]
    fn lines_go_on_one_another() {
        assert_eq!(
            all_x(&[
                "192.0.2.1, 192.0.2.2",
                "2001:db8::1,[2001:db8::2]:443 ,\t192.0.2.3:80"
            ]),
            [
                "192.0.2.3",
                "2001:db8::2",
                "2001:db8::1",
                "192.0.2.2",
                "192.0.2.1"
            ]
            .map(address)
        );
        assert_eq!(all_x(&["unknown"]), [Hop::Hidden]);
        assert_eq!(
            last_forwarded(&["for=192.0.2.1", "for=192.0.2.2"]),
            Some(address("192.0.2.2"))
        );
        assert_eq!(all_x(&[&"192.0.2.1,".repeat(1000)]).len(), ENTRIES_MAX);
    }

    /// A client sends the left side, the proxy writes the right one after it.
    #[test]
    fn an_open_quote_swallows_nothing() {
        for client in [
            "for=\"",
            "for=9.9.9.9;x=\"",
            "x=\\\"",
            "\"\"\"",
            "for=9.9.9.9;by=\"\\",
        ] {
            for proxy in [
                "for=192.0.2.1",
                "for=\"192.0.2.1:80\"",
                "for=192.0.2.1;host=\"a,for=9.9.9.9\"",
                "for=192.0.2.1;host=\"a\\\",for=9.9.9.9\"",
            ] {
                let line = format!("{client}, {proxy}");
                assert_eq!(
                    last_forwarded(&[&line]),
                    Some(address("192.0.2.1")),
                    "{line}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_the_client_sent_the_last_entry_is_the_proxys(client: Vec<u8>, number: u32, wide: u128, port: u16) {
            let mapped = Ipv6Addr::from_bits(wide);
            let four = IpAddr::V4(Ipv4Addr::from_bits(number));
            let six = IpAddr::V6(mapped).to_canonical();
            for (written, is) in [
                (format!("for={four};proto=https"), four),
                (format!("for=\"{four}:{port}\""), four),
                (format!("for=\"[{mapped}]\";by=_p"), six),
                (format!("for=\"[{mapped}]:{port}\""), six),
            ] {
                let mut line = client.clone();
                line.extend(format!(", {written}").into_bytes());
                let hop = forwarded(std::iter::once(line.as_slice())).next();
                prop_assert_eq!(hop, Some(Hop::Address(is)));
            }
            for (written, is) in [(four.to_string(), four), (format!("[{mapped}]:{port}"), six), (mapped.to_string(), six)] {
                let mut line = client.clone();
                line.extend(format!(",{written}").into_bytes());
                let hop = x_forwarded_for(std::iter::once(line.as_slice())).next();
                prop_assert_eq!(hop, Some(Hop::Address(is)));
            }
        }

        #[test]
        fn nothing_makes_it_stumble(line: Vec<u8>) {
            prop_assert!(forwarded(std::iter::once(line.as_slice())).count() <= ENTRIES_MAX);
            prop_assert!(x_forwarded_for(std::iter::once(line.as_slice())).count() <= ENTRIES_MAX);
        }
    }
}
