//! Whose buffer it is: a file in its folder recognizes the API key that filled it last. While the server cannot be reached, nothing
//! else says whether a key belongs to the space of a buffer.

use aws_lc_rs::digest::{SHA256, digest};
use base::secret::Secret;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The file in the folder of a buffer.
const FILE: &str = "key.sha256";

/// The hash of the key. A key is 256 random bits, so nobody finds it by its hash.
fn fingerprint(key: &Secret<String>) -> String {
    let hash = digest(&SHA256, key.expose().as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

/// Whether this key filled the buffer last.
pub(super) fn is_of(folder: &Path, key: &Secret<String>) -> bool {
    std::fs::read_to_string(folder.join(FILE)).is_ok_and(|text| text.trim() == fingerprint(key))
}

/// Says that this key fills the buffer from now on.
pub(super) fn bind(folder: &Path, key: &Secret<String>) -> io::Result<()> {
    if is_of(folder, key) {
        return Ok(());
    }
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(folder.join(FILE))?;
    file.write_all(format!("{}\n", fingerprint(key)).as_bytes())
}
