//! The items of an array in JSON, of which no more are kept than may be there: an item of two bytes takes many times as much.

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The first items, and how many there are.
#[derive(Debug)]
pub(super) struct Bounded<T, const MOST: usize> {
    pub(super) items: Vec<T>,
    pub(super) count: usize,
}

impl<T, const MOST: usize> Default for Bounded<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            count: 0,
        }
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
    type Value = Bounded<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut bounded = Bounded::default();
        while bounded.items.len() < MOST {
            match sequence.next_element()? {
                Some(item) => bounded.items.push(item),
                None => {
                    bounded.count = bounded.items.len();
                    return Ok(bounded);
                }
            }
        }
        bounded.count = bounded.items.len();
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            bounded.count += 1;
        }
        Ok(bounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of sixteen megabytes of `1,` each value was kept, at sixteen bytes or more.
    #[test]
    fn no_more_is_kept_than_may_be_there_and_all_is_counted() {
        for (text, kept, count) in [
            ("[]", 0, 0),
            ("[1,2]", 2, 2),
            ("[1,2,3]", 3, 3),
            ("[1,2,3,4,\"x\"]", 3, 5),
        ] {
            let bounded: Bounded<u8, 3> = serde_json::from_str(text).unwrap();
            assert_eq!(
                (bounded.items.len(), bounded.count),
                (kept, count),
                "{text}"
            );
            assert!(bounded.items.capacity() <= 8);
        }
        for wrong in ["{}", "[1", "[1,2,3,", "[300]", "[1,2,3,}]"] {
            assert!(
                serde_json::from_str::<Bounded<u8, 3>>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
