//! The advice about names that no metric may have.

/// What helps against a character that no name may hold.
pub(super) const REPLACES: &str =
    "characters that no name may hold become `_` with `--replace-refused`";
