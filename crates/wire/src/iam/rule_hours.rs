//! The hours of a dynamic rule: what is no number of hours at all is refused with the numbers that are.

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};
use std::fmt;

struct Hours;

impl Visitor<'_> for Hours {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of hours from 1 to 24")
    }

    fn visit_u64<E: Error>(self, hours: u64) -> Result<u32, E> {
        u32::try_from(hours).map_err(|_| E::invalid_value(Unexpected::Unsigned(hours), &self))
    }
}

/// Reads them. Which of them a rule takes is checked with the rule.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    deserializer.deserialize_u32(Hours)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_no_number_of_hours_is_told_which_there_are() {
        let read = |text: &str| super::read(&mut serde_json::Deserializer::from_str(text));
        assert_eq!(read("12").unwrap(), 12);
        for wrong in ["-1", "1.5", "4294967296", "\"12\"", "null", "true"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("hours from 1 to 24"), "{wrong}: {error}");
        }
    }
}
