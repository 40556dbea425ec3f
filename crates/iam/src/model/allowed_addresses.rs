//! The addresses to which an account gives tokens: single ones, networks (`10.1.0.0/16`) and ranges (`10.0.0.1-10.0.0.9`),
//! separated by commas.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::str::FromStr;

/// The list, with the text it was sent as. An empty one allows every address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedAddresses {
    ranges: Vec<AddressRange>,
    text: String,
}

/// The first and the last address of an entry, as numbers of IPv6: an IPv4 address is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AddressRange {
    first: u128,
    last: u128,
    /// IPv4 alone: `::/0` is every address of IPv6, and none that is mapped into it.
    is_v4: bool,
}

/// A text that is no entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address, network or range like `10.0.0.7`, `10.1.0.0/16`, `10.0.0.1-10.0.0.9`"
)]
pub struct AddressError(String);

impl AllowedAddresses {
    /// Whether tokens are given to this address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let number = number(address);
        let is_v4 = address.to_canonical().is_ipv4();
        let holds = |range: &AddressRange| {
            range.is_v4 == is_v4 && (range.first..=range.last).contains(&number)
        };
        self.ranges.is_empty() || self.ranges.iter().any(holds)
    }

    /// The text that was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

const fn number(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn range(text: &str) -> Option<AddressRange> {
    if let Some((first, last)) = text.split_once('-') {
        let first: IpAddr = first.trim().parse().ok()?;
        let last: IpAddr = last.trim().parse().ok()?;
        let is_v4 = first.to_canonical().is_ipv4();
        let is_one_family = is_v4 == last.to_canonical().is_ipv4();
        let (first, last) = (number(first), number(last));
        return (is_one_family && first <= last).then_some(AddressRange { first, last, is_v4 });
    }
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse::<u32>().ok().filter(|bits| *bits <= width)?
        }
        Some(_) => return None,
    };
    let host_bits = u128::MAX.checked_shr(128 - (width - prefix)).unwrap_or(0);
    let first = number(address) & !host_bits;
    Some(AddressRange {
        first,
        last: first | host_bits,
        is_v4: address.to_canonical().is_ipv4(),
    })
}

impl FromStr for AllowedAddresses {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let entries = text.split(',').map(str::trim);
        let ranges = entries.map(|entry| {
            let excerpt = || AddressError(entry.chars().take(100).collect());
            range(entry).ok_or_else(excerpt)
        });
        Ok(Self {
            ranges: ranges.collect::<Result<_, _>>()?,
            text: text.to_owned(),
        })
    }
}

impl TryFrom<String> for AllowedAddresses {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<AllowedAddresses> for String {
    fn from(addresses: AllowedAddresses) -> Self {
        addresses.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_ranges_of_both_families_are_understood() {
        let text = "192.0.2.7, 10.1.2.3/16,198.51.100.1 - 198.51.100.9, 2001:db8::/32, 2001:db9::1-2001:db9::f";
        let allowed: AllowedAddresses = text.parse().unwrap();
        assert_eq!(allowed.text(), text);
        for (address, is_allowed) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.8", false),
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("198.51.100.0", false),
            ("198.51.100.9", true),
            ("198.51.100.10", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::10", false),
            ("2001:db9::f", true),
        ] {
            assert_eq!(
                allowed.allows(address.parse().unwrap()),
                is_allowed,
                "{address}"
            );
        }
    }

    #[test]
    fn an_empty_list_allows_everybody_and_zero_bits_a_whole_family() {
        let address = "203.0.113.5".parse().unwrap();
        assert!(AllowedAddresses::default().allows(address));
        assert!("".parse::<AllowedAddresses>().unwrap().allows(address));
        let four: AllowedAddresses = "0.0.0.0/0".parse().unwrap();
        assert!(four.allows(address) && !four.allows("2001:db8::1".parse().unwrap()));
        let six: AllowedAddresses = "::/0".parse().unwrap();
        assert!(six.allows("2001:db8::1".parse().unwrap()) && !six.allows(address));
    }

    #[test]
    fn what_is_none_is_named() {
        for wrong in [
            "here",
            "10.0.0.1,",
            "10.0.0.1/33",
            "10.0.0.1/",
            "10.0.0.1/+8",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-2001:db8::1",
            "2001:db8::/129",
        ] {
            let error = wrong.parse::<AllowedAddresses>().unwrap_err();
            assert!(
                error.to_string().contains("10.1.0.0/16"),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn it_is_stored_as_it_was_sent() {
        let allowed: AllowedAddresses = "10.0.0.0/8".parse().unwrap();
        let stored = serde_json::to_string(&allowed).unwrap();
        assert_eq!(stored, "\"10.0.0.0/8\"");
        assert_eq!(
            serde_json::from_str::<AllowedAddresses>(&stored).unwrap(),
            allowed
        );
    }

    #[test]
    fn a_network_of_one_family_allows_none_of_the_other() {
        let allows = |list: &str, address: &str| {
            let list: AllowedAddresses = list.parse().unwrap();
            list.allows(address.parse().unwrap())
        };
        assert!(allows("::/0", "2001:db8::1") && !allows("::/0", "10.0.0.1"));
        assert!(allows("0.0.0.0/0", "::ffff:10.0.0.1") && !allows("0.0.0.0/0", "2001:db8::1"));
    }
}
