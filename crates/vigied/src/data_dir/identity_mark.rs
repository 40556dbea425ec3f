//! The mark of the identity whose samples a folder has. Another identity gives its domains the same numbers: its members would read what
//! was sent to others.

use crate::data_dir::{private_files, samples};
use crate::text::shell::word;
use anyhow::{Context, bail};
use std::io::Write;
use std::path::Path;

const FILE: &str = "identity";

/// Refuses samples of another identity than this; marks those of none, which are of an earlier version, or not there yet.
pub(crate) fn check(data: &Path, number: i64) -> anyhow::Result<()> {
    let path = data.join(FILE);
    let place = word(&path.display().to_string());
    let mark = private_files::read_text(&path)?;
    let own = format!("{number:016x}\n");
    match mark {
        Some(mark) if mark.trim() == own.trim() => Ok(()),
        // A crash may have left an empty file.
        Some(mark) if !mark.is_empty() => bail!(
            "{} holds samples of another identity than the database: those would be given to its domains\nhint: bring back the database that they belong to; or move {} and {place} away to begin without samples",
            word(&data.display().to_string()),
            word(&samples(data).display().to_string()),
        ),
        Some(_) | None => {
            let mut file = private_files::open_to_write(data, FILE)?;
            file.write_all(own.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("cannot write {place}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_served_to_the_identity_that_they_are_of() {
        let data = tempfile::tempdir().unwrap();
        check(data.path(), 7).unwrap();
        check(data.path(), 7).unwrap();
        let refused = check(data.path(), -7).unwrap_err().to_string();
        assert!(refused.contains("samples of another identity"), "{refused}");
        check(data.path(), 7).unwrap();
    }
}
