//! The folder of a node whose identity is in PostgreSQL, recognised by an encryption key without a database beside it.

use crate::data_dir::{database, keys};
use crate::text::shell::word;
use anyhow::ensure;
use std::path::Path;

/// Refuses to begin another identity in such a folder. In one that has its own, the database was there before the key.
pub(crate) fn refuse(data: &Path) -> anyhow::Result<()> {
    let key = keys(data).join("encryption.key");
    ensure!(
        !key.exists() || database(data).exists(),
        "nothing was changed in `{}`: `{}` is the key of an identity that is not in this folder\nhint: set `database` (`VIGIE_DATABASE`) if the identity is in PostgreSQL; for a new one take another folder with `--data DIR`",
        word(&data.display().to_string()),
        key.display()
    );
    Ok(())
}
