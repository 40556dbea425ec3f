//! The number in the name of a file.

/// The number in the name of a file, `0000000014.seg`, if it is as this engine writes it: a number has one name only.
pub(crate) fn file_number(name: &str, extension: &str) -> Option<u64> {
    let digits = name.strip_suffix(extension)?.strip_suffix('.')?;
    let number = digits.parse().ok()?;
    (format!("{number:010}") == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_name() {
        for (name, number) in [
            ("0000000014.seg", Some(14)),
            ("10000000000.seg", Some(10_000_000_000)),
            ("18446744073709551615.seg", Some(u64::MAX)),
            ("18446744073709551616.seg", None),
            ("14.seg", None),
            ("+0000000014.seg", None),
            ("+000000014.seg", None),
            ("-000000014.seg", None),
            ("00000000014.seg", None),
            ("0000000014seg", None),
            ("0000000014.wal", None),
            (".seg", None),
        ] {
            assert_eq!(file_number(name, "seg"), number, "{name}");
        }
    }
}
