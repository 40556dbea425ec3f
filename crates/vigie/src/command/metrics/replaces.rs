//! How invalid names are replaced, and the hint about it.

use wire::ingest::Names;

/// The hint after a name with a refused character.
pub(crate) const REPLACES: &str =
    "characters that no name may hold become `_` with `--replace-refused`";

/// The character of `--replace-refused`.
pub(crate) fn replacing(text: &str) -> Result<Names, &'static str> {
    let mut characters = text.chars();
    let one = characters.next().filter(|_| characters.next().is_none());
    one.and_then(Names::replacing)
        .ok_or("it is to be one character that a name may hold, such as `_`")
}
