//! The hint about invalid names.

/// The hint after a name with a refused character.
pub(super) const REPLACES: &str =
    "characters that no name may hold become `_` with `--replace-refused`";
