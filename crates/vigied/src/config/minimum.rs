//! The minimum of each size: with less, the server would start and then refuse everything that the size is for.

/// The least value of a setting, and why it is no less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minimum {
    key: &'static str,
    pub(crate) value: u64,
    /// Completes "less is too small: …".
    pub(crate) why: &'static str,
}

const fn minimum(key: &'static str, value: u64, why: &'static str) -> Minimum {
    Minimum { key, value, why }
}

/// The sizes that have one. Quotas (`stored_bytes_per_account`), reserves and caches may be as small as anybody likes, and a rate
/// is the laxer the smaller it is.
const ALL: &[Minimum] = &[
    minimum(
        "memory_bytes",
        16 * 1024 * 1024,
        "half of it is for samples, and a quarter for queries",
    ),
    minimum(
        "limits.head_bytes",
        4 * 1024 * 1024,
        "a batch of 5000 new series, as `vigie metrics send` sends them, takes 1.38 MB of at most three quarters",
    ),
    minimum(
        "limits.queries_in_flight_bytes",
        4 * 1024 * 1024,
        "every query whose answer is compressed needs 1152 KiB from the start, of the half that one account may have",
    ),
    minimum(
        "limits.bytes_per_query",
        4096,
        "one name has up to 1024 bytes, and each sample 16",
    ),
    minimum(
        "limits.body_bytes",
        4096,
        "one sample takes up to 3 KiB, where each character of its name is escaped",
    ),
    minimum(
        "limits.management_body_bytes",
        4096,
        "an API key with its name, description and text takes up to 3 KiB",
    ),
    minimum(
        "limits.bodies_in_flight_bytes",
        64 * 1024,
        "one form of the token service has up to 64 KiB",
    ),
    minimum(
        "limits.sender_held_bytes",
        4096,
        "one line has up to 4096 bytes",
    ),
    minimum(
        "limits.senders_in_flight_bytes",
        2 * 1024 * 1024,
        "one pickle has up to 1 MiB",
    ),
    minimum(
        "limits.statsd_bytes",
        64 * 1024,
        "one packet with a timer in each line takes up to 64 KiB",
    ),
    minimum(
        "limits.statsd_bytes_in_all",
        512 * 1024,
        "a 32nd of it, which is kept for each account that has little, is to have room for one name",
    ),
    minimum(
        "limits.header_bytes",
        4096,
        "the token alone takes up to 2 KiB of a request's head",
    ),
];

/// The least value of a setting, if it has one.
pub(crate) fn of(key: &str) -> Option<&'static Minimum> {
    ALL.iter().find(|least| least.key == key)
}

/// The least value of a setting alone.
#[cfg(test)]
pub(crate) fn least_of(key: &str) -> Option<u64> {
    of(key).map(|least| least.value)
}

#[cfg(test)]
mod tests {
    use super::super::all_settings::all;
    use super::super::notation;
    use super::super::setting::Shape;
    use super::super::{Layers, resolve};
    use super::*;

    fn set(key: &str, value: u64) -> Result<(), String> {
        let flags = vec![(key.to_owned(), "--set".to_owned(), value.to_string())];
        resolve(&Layers {
            flags,
            ..Layers::default()
        })
        .map(drop)
        .map_err(|error| error.to_string())
    }

    #[test]
    fn regression_7_a_size_that_is_too_small_is_refused_with_the_least_that_works() {
        for least in ALL {
            let error = set(least.key, least.value - 1).unwrap_err();
            for expected in [least.key, &notation::size(least.value), least.why] {
                assert!(error.contains(expected), "{error}");
            }
            set(least.key, least.value).unwrap();
        }
        insta::assert_snapshot!(set("limits.head_bytes", 1024).unwrap_err(), @"flag --set: `limits.head_bytes` must be at least `4MiB`, not `1024`: a batch of 5000 new series, as `vigie metrics send` sends them, takes 1.38 MB of at most three quarters");
    }

    #[test]
    fn a_memory_of_0_stands_for_half_of_the_machines() {
        set("memory_bytes", 0).unwrap();
        assert!(
            set("memory_bytes", 1)
                .unwrap_err()
                .contains("0, or at least")
        );
    }

    /// A new size has a least value, or a reason here why it needs none.
    #[test]
    fn every_size_has_a_least_value_or_needs_none() {
        let free = [
            // Quotas.
            "limits.stored_bytes_per_account",
            "limits.name_bytes_per_tenant",
            "limits.name_bytes_per_account",
            "limits.name_bytes_in_all",
            "limits.rule_bytes_per_account",
            // The smaller, the laxer.
            "limits.answer_bytes_per_second",
            "limits.body_bytes_per_second_min",
            // Slow, and lets all in.
            "limits.sender_bytes_per_second",
            // Less is kept.
            "limits.render_cache_bytes",
            // 0 is a good choice.
            "storage.directory_cache_bytes",
            "storage.reserve_bytes",
        ];
        for setting in all() {
            let is_size = matches!(setting.shape, Shape::Number { .. })
                && setting.key.split(['.', '_']).any(|word| word == "bytes");
            let is_free = free.contains(&setting.key.as_ref());
            assert_eq!(
                is_size && !is_free,
                of(&setting.key).is_some(),
                "{}",
                setting.key
            );
        }
    }

    #[test]
    fn the_parts_of_the_least_memory_are_no_less_than_their_own_least() {
        let all = of("memory_bytes").unwrap().value;
        for (part, key) in [
            (2, "limits.head_bytes"),
            (4, "limits.queries_in_flight_bytes"),
            (8, "limits.bodies_in_flight_bytes"),
            (16, "limits.statsd_bytes_in_all"),
        ] {
            assert!(all / part >= of(key).unwrap().value, "{key}");
        }
    }
}
