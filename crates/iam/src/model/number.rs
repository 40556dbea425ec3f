//! Numbers with their nouns, in messages.

/// A number of things: `1 instance`, `2 instances`.
pub(crate) fn number_of(count: u64, one: &str, several: &str) -> String {
    let noun = if count == 1 { one } else { several };
    format!("{count} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let keys = |count| number_of(count, "key", "keys");
        assert_eq!([keys(0), keys(1), keys(2)], ["0 keys", "1 key", "2 keys"]);
    }
}
