//! The value of `senders.sources`: which key speaks for senders that can show none, by their address:
//! `10.1.2.3=ApiKey-…, 10.2.0.0/16=ApiKey-…`.

use super::key_list::KeyList;
use super::networks::{self, Network};
use base::id::KeyId;
use std::net::IpAddr;
use std::str::FromStr;

const LIST: KeyList = KeyList {
    form: "must be entries like `10.1.2.3=ApiKey-GUID` or `10.2.0.0/16=ApiKey-GUID`",
    entries_max: 256,
};

/// Networks, and the key of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources(Vec<(Network, KeyId, String)>);

impl Sources {
    /// The key that speaks for the address: that of the narrowest network which holds it.
    pub(crate) fn key(&self, address: IpAddr) -> Option<KeyId> {
        let fitting = self.0.iter().filter(|entry| entry.0.contains(address));
        let narrowest = fitting.max_by_key(|entry| entry.0.prefix());
        narrowest.map(|entry| entry.1)
    }

    /// Each network as it was written, and its key.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, KeyId)> {
        self.0.iter().map(|(_, key, text)| (text.as_str(), *key))
    }
}

impl FromStr for Sources {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |written: &str| networks::entry(written).map_err(|error| error.to_string());
        LIST.read(text, network).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ApiKey-01234567-89ab-cdef-0123-456789abcdef";
    const TWO: &str = "ApiKey-11234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn the_narrowest_network_counts_and_nobody_else_is_in() {
        let sources: Sources = format!("10.0.0.0/8={ONE}, 10.1.0.0/16 = {TWO},::1={ONE}")
            .parse()
            .unwrap();
        let key = |address: &str| {
            sources
                .key(address.parse().unwrap())
                .map(|key| key.to_string())
        };
        assert_eq!(key("10.2.0.1").as_deref(), Some(ONE));
        assert_eq!(key("10.1.0.1").as_deref(), Some(TWO));
        assert_eq!(key("::ffff:10.1.0.1").as_deref(), Some(TWO));
        assert_eq!(key("::1").as_deref(), Some(ONE));
        assert_eq!(key("11.0.0.1"), None);
        assert_eq!(key("::2"), None);
        assert_eq!("".parse::<Sources>().unwrap().entries().count(), 0);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_no_key_is_repeated() {
        let error = |text: &str| text.parse::<Sources>().unwrap_err();
        for (text, expected) in [
            (
                "10.0.0.1=vgk_secret".to_owned(),
                "the id of a key (not its text)",
            ),
            ("vgk_secret".to_owned(), "must be entries like"),
            (format!("0.0.0.0/0={ONE}"), "everybody"),
            (format!("10.0.0.1/8={ONE}"), "10.0.0.0/8"),
            (
                format!("10.0.0.1={ONE}, 10.0.0.1={TWO}"),
                "must name `10.0.0.1` once",
            ),
        ] {
            let error = error(&text);
            assert!(
                error.contains(expected) && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
