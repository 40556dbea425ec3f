//! The owner of a buffer: a file in its folder recognizes the API key that filled it last. While the server cannot be reached,
//! nothing else says whether a key belongs to the space of a buffer.

use aws_lc_rs::digest::{SHA256, digest};
use base::secret::Secret;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The file in the folder of a buffer.
const FILE: &str = "key.sha256";

/// The word after the hash of a key that was made for this domain alone.
const ONLY: &str = "only";

/// The hash of the key. A key is 256 random bits, so nobody finds it by its hash.
fn fingerprint(key: &Secret<String>) -> String {
    let hash = digest(&SHA256, key.expose().as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// The contents of the file: a hash, and whether the key reaches no other domain than the buffer's.
fn note(folder: &Path) -> Option<(String, bool)> {
    let text = std::fs::read_to_string(folder.join(FILE)).ok()?;
    let mut words = text.split_whitespace();
    let hash = words.next()?.to_owned();
    Some((hash, words.next() == Some(ONLY)))
}

/// Whether this key filled the buffer last.
pub(super) fn is_of(folder: &Path, key: &Secret<String>) -> bool {
    note(folder).is_some_and(|(hash, _)| hash == fingerprint(key))
}

/// Whether this key filled the buffer last, and reaches no other domain.
pub(super) fn is_of_only(folder: &Path, key: &Secret<String>) -> bool {
    note(folder).is_some_and(|(hash, is_only)| is_only && hash == fingerprint(key))
}

/// Says that this key fills the buffer from now on, and whether it reaches no other domain, as far as that is known.
pub(super) fn bind(folder: &Path, key: &Secret<String>, is_only: bool) -> io::Result<()> {
    if is_of_only(folder, key) || (!is_only && is_of(folder, key)) {
        return Ok(());
    }
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(folder.join(FILE))?;
    let hash = fingerprint(key);
    let text = match is_only {
        true => format!("{hash} {ONLY}\n"),
        false => format!("{hash}\n"),
    };
    file.write_all(text.as_bytes())
}
