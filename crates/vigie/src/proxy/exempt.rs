//! Parses `no_proxy`: names (with their subdomains), addresses and networks, each with an optional port, separated by commas or
//! blanks.

use std::net::IpAddr;

/// Whether a list names this host and port. An invalid entry is an error, because the host it was meant for would go through the
/// proxy.
pub(super) fn names<'l>(list: &'l str, host: &str, port: u16) -> Result<bool, &'l str> {
    let host = host.trim_end_matches('.');
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = bare.parse().ok();
    let entries = list.split(|character: char| character == ',' || character.is_whitespace());
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let is_named = entry == "*"
            || match address {
                Some(address) => names_address(entry, address, port),
                None => names_name(entry, host, port),
            }
            .ok_or(entry)?;
        if is_named {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `None` for an invalid entry.
fn names_address(entry: &str, address: IpAddr, port: u16) -> Option<bool> {
    if let Some((network, bits)) = entry.split_once('/') {
        return network_has(network, bits, address);
    }
    let (exempt, exempt_port) = host_and_port(entry)?;
    let is_it = exempt
        .parse::<IpAddr>()
        .is_ok_and(|exempt| exempt.to_canonical() == address.to_canonical());
    Some(is_it && exempt_port.is_none_or(|exempt_port| exempt_port == port))
}

fn names_name(entry: &str, host: &str, port: u16) -> Option<bool> {
    if let Some((network, bits)) = entry.split_once('/') {
        return network_has(network, bits, IpAddr::from([0, 0, 0, 0])).map(|_| false);
    }
    let (exempt, exempt_port) = host_and_port(entry)?;
    let exempt = exempt.strip_prefix('*').unwrap_or(exempt);
    let exempt = exempt.trim_start_matches('.').trim_end_matches('.');
    let (exempt, host) = (exempt.to_ascii_lowercase(), host.to_ascii_lowercase());
    let is_below = || {
        host.strip_suffix(&exempt)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    let is_it = !exempt.is_empty() && (exempt == host || is_below());
    Some(is_it && exempt_port.is_none_or(|exempt_port| exempt_port == port))
}

/// Host and port of an entry. An IPv6 address may be in brackets, and must be if a port follows.
fn host_and_port(entry: &str) -> Option<(&str, Option<u16>)> {
    if entry.parse::<IpAddr>().is_ok() {
        return Some((entry, None));
    }
    let (host, port) = match entry.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => entry.split_at(entry.find(':').unwrap_or(entry.len())),
    };
    match port {
        "" => Some((host, None)),
        port => Some((host, Some(port.strip_prefix(':')?.parse().ok()?))),
    }
}

fn network_has(network: &str, bits: &str, address: IpAddr) -> Option<bool> {
    let network = network.trim_start_matches('[').trim_end_matches(']');
    let network: IpAddr = network.parse().ok()?;
    let bits: u32 = bits.parse().ok()?;
    let width = if network.is_ipv4() { 32 } else { 128 };
    if bits > width {
        return None;
    }
    let wide = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    };
    let address = address.to_canonical();
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    Some(network.is_ipv4() == address.is_ipv4() && wide(network) & mask == wide(address) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_addresses_and_networks() {
        for (list, host, port) in [
            ("example.org", "example.org", 80),
            ("example.org", "EXAMPLE.org.", 80),
            ("example.org", "a.example.org", 80),
            (".example.org", "a.example.org", 80),
            (".example.org", "example.org", 80),
            ("*.example.org", "a.b.example.org", 80),
            ("example.org:8080", "example.org", 8080),
            ("a, b ,example.org", "example.org", 80),
            ("a b\texample.org", "example.org", 80),
            ("*", "anything", 1),
            ("192.0.2.2", "192.0.2.2", 80),
            (".a.example, 192.0.2.2", "192.0.2.2", 80),
            ("192.0.2.0/24", "192.0.2.2", 80),
            ("0.0.0.0/0", "192.0.2.2", 80),
            ("192.0.2.2:8080", "192.0.2.2", 8080),
            ("192.0.2.2", "[::ffff:192.0.2.2]", 80),
            ("::1", "[::1]", 80),
            ("[2001:db8::1]", "[2001:db8:0::1]", 80),
            ("[2001:db8::1]:443", "[2001:db8::1]", 443),
            ("2001:db8::/32", "[2001:db8:1::1]", 443),
        ] {
            assert_eq!(names(list, host, port), Ok(true), "{list} {host}:{port}");
        }
        for (list, host, port) in [
            ("", "example.org", 80),
            ("example.org", "badexample.org", 80),
            ("example.org", "example.org.evil", 80),
            ("example.org:8080", "example.org", 80),
            ("192.0.2.0/24", "192.0.3.2", 80),
            ("192.0.2.0/24", "example.org", 80),
            ("192.0.2.2:8080", "192.0.2.2", 80),
            ("0.0.0.2", "example.0.0.0.2.org", 80),
            ("2.2", "192.0.2.2", 80),
            ("::/0", "192.0.2.2", 80),
            (".", "example.org", 80),
            ("*.", "example.org", 80),
            ("<local>", "example.org", 80),
        ] {
            assert_eq!(names(list, host, port), Ok(false), "{list} {host}:{port}");
        }
        for (list, wrong) in [
            ("a, 10.0.0.0/33", "10.0.0.0/33"),
            ("10.0.0/8", "10.0.0/8"),
            ("a:x", "a:x"),
            ("a:99999", "a:99999"),
            ("[::1", "[::1"),
            ("a/8", "a/8"),
        ] {
            for host in ["example.org", "192.0.2.2"] {
                assert_eq!(names(list, host, 80), Err(wrong), "{list} {host}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_list_is_read(list in "\\PC{0,40}", host in "[a-z.]{1,10}|[0-9.]{1,10}") {
            let _ = names(&list, &host, 80);
        }

        #[test]
        fn a_name_names_itself_and_what_is_below(host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}") {
            prop_assert_eq!(names(&host, &host, 80), Ok(true));
            prop_assert_eq!(names(&host, &format!("x.{host}"), 80), Ok(true));
            prop_assert_eq!(names(&host, &format!("x{host}"), 80), Ok(false));
        }
    }
}
