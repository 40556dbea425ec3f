//! Counts rejected samples by reason. The reasons come from a server, so their number is bounded.

use base::excerpt;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The reasons that are told apart.
const REASONS_MAX: usize = 32;

/// The code under which further ones are counted.
const OTHER: &str = "other";

/// Counts by code, ascending; in as little memory as can be, since an import may keep one for each of a million files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reasons(Vec<(Box<str>, u64)>);

impl Reasons {
    /// Counts so many samples more.
    pub(super) fn add(&mut self, code: &str, count: u64) {
        if count == 0 {
            return;
        }
        let code = excerpt::beginning(code);
        let place = |code: &str| self.0.binary_search_by(|(known, _)| (**known).cmp(code));
        match place(&code) {
            Ok(at) => self.raise(at, count),
            Err(at) if self.0.len() < REASONS_MAX => self.0.insert(at, (code.into(), count)),
            Err(_) => match place(OTHER) {
                Ok(at) => self.raise(at, count),
                Err(at) => self.0.insert(at, (OTHER.into(), count)),
            },
        }
    }

    fn raise(&mut self, at: usize, count: u64) {
        if let Some((_, total)) = self.0.get_mut(at) {
            *total = total.saturating_add(count);
        }
    }

    /// Counts what another one has.
    pub(super) fn merge(&mut self, more: &Self) {
        for (code, count) in more.iter() {
            self.add(code, count);
        }
    }

    /// Each code, and how many samples it has.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(code, count)| (&**code, *count))
    }

    /// Whether nothing was rejected.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many samples were rejected.
    pub(super) fn total(&self) -> u64 {
        self.iter()
            .fold(0, |total: u64, (_, count)| total.saturating_add(count))
    }
}

/// `name 1, too_old 7`.
impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (code, count)) in self.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{code} {count}")?;
        }
        Ok(())
    }
}

impl Serialize for Reasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Reasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counts;

        impl<'de> Visitor<'de> for Counts {
            type Value = Reasons;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("counts by reason")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reasons, A::Error> {
                let mut reasons = Reasons::default();
                while let Some((code, count)) = map.next_entry::<String, u64>()? {
                    reasons.add(&code, count);
                }
                Ok(reasons)
            }
        }

        deserializer.deserialize_map(Counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_beyond_the_bound_count_as_one() {
        let mut reasons = Reasons::default();
        reasons.add("none", 0);
        assert!(reasons.is_empty());
        for number in 0..1000 {
            reasons.add(&format!("{number:04}{}", "x".repeat(1000)), 2);
        }
        assert_eq!(reasons.total(), 2000);
        assert_eq!(reasons.0.len(), REASONS_MAX + 1);
        assert!(reasons.iter().any(|(code, _)| code == OTHER));
        assert!(reasons.iter().all(|(code, _)| code.len() < 300));
        let json = serde_json::to_string(&reasons).unwrap();
        assert_eq!(serde_json::from_str::<Reasons>(&json).unwrap(), reasons);
    }

    #[test]
    fn counts_of_a_reason_are_added() {
        let mut reasons = Reasons::default();
        reasons.add("too_old", 2);
        reasons.add("name", 1);
        let more = reasons.clone();
        reasons.merge(&more);
        assert_eq!(reasons.to_string(), "name 2, too_old 4");
        assert_eq!(reasons.total(), 6);
    }
}
