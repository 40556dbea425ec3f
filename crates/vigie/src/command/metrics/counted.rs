//! Numbers of things, in words.

/// A number of things, in words: `1 sample`, `2 samples`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
