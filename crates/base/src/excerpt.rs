//! The beginning of a caller's text, as an error repeats it: enough to recognize it, never more.

/// How many bytes an error repeats.
const BYTES: usize = 200;

/// The part of `text` around its byte `at`, with `…` for what is left out.
#[must_use]
pub fn around(text: &str, at: usize) -> String {
    if text.len() <= BYTES {
        return text.to_owned();
    }
    let from = at
        .min(text.len())
        .saturating_sub(BYTES / 2)
        .min(text.len() - BYTES);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at));
    let from = from.unwrap_or(text.len());
    let mut ends = (from..=(from + BYTES).min(text.len())).rev();
    let until = ends.find(|at| text.is_char_boundary(*at));
    let until = until.unwrap_or(text.len());
    let part = text.get(from..until).unwrap_or_default();
    let (before, after) = (
        if from > 0 { "…" } else { "" },
        if until < text.len() { "…" } else { "" },
    );
    format!("{before}{part}{after}")
}

/// The beginning of `text`.
#[must_use]
pub fn beginning(text: &str) -> String {
    around(text, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_place_is_shown() {
        let text = format!("{}]{}", "a".repeat(5000), "b".repeat(5000));
        let part = around(&text, 5000);
        assert!(part.starts_with("…aaa") && part.contains("aaa]bbb") && part.ends_with("bbb…"));
        assert_eq!(around("a.b", 2), "a.b");
        assert!(beginning(&text).starts_with("aaa"));
    }

    proptest! {
        #[test]
        fn never_more_than_helps(text in "\\PC{0,400}", at in 0_usize..1500) {
            let part = around(&text, at);
            prop_assert!(part.len() <= BYTES + 6);
            prop_assert!(text.contains(part.trim_matches('…')) || text.contains('…'));
        }
    }
}
