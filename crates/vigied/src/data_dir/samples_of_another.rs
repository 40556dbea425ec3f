//! A folder with samples whose identity is not there: no domain of another one would find them.

use crate::data_dir::samples;
use crate::text::shell::word;
use anyhow::{Context, bail};
use std::io::ErrorKind;
use std::path::Path;

/// Refuses to begin an identity beside samples.
pub(crate) fn refuse(data: &Path) -> anyhow::Result<()> {
    let folder = samples(data);
    let place = word(&folder.display().to_string());
    let mut entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot look into {place}"))?,
    };
    if entries.next().is_none() {
        return Ok(());
    }
    bail!(
        "{place} holds samples of an identity that is not here: no domain of a new one would find them\nhint: bring its database back (`iam.db` with `keys` beside it, or PostgreSQL from its dump); or move {place} away, or take another folder with `--data DIR`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_without_their_identity_are_left_alone() {
        let data = tempfile::tempdir().unwrap();
        refuse(data.path()).unwrap();
        std::fs::create_dir(samples(data.path())).unwrap();
        refuse(data.path()).unwrap();
        std::fs::write(samples(data.path()).join("manifest"), "").unwrap();
        let refused = refuse(data.path()).unwrap_err().to_string();
        assert!(
            refused.contains("holds samples of an identity that is not here"),
            "{refused}"
        );
    }
}
