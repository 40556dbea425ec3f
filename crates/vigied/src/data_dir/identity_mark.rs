//! The mark of the identity whose samples a folder has. Another identity knows none of the numbers that these are stored under, so whoever
//! mixes them up would find nothing, and is told why.

use crate::data_dir::{private_files, samples};
use crate::text::shell::word;
use anyhow::{Context, bail};
use std::io::Write;
use std::path::Path;

const FILE: &str = "identity";

/// The number of the identity that the samples are marked with. A crash may have left an empty file.
pub(crate) fn read(data: &Path) -> anyhow::Result<Option<i64>> {
    let path = data.join(FILE);
    let Some(text) = private_files::read_text(&path)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = u64::from_str_radix(text.trim(), 16).map(u64::cast_signed);
    let number = number.with_context(|| {
        let place = word(&path.display().to_string());
        format!("{place} names no identity\nhint: restore the file from a backup, or remove it where the samples beside it are of this identity")
    })?;
    Ok(Some(number))
}

/// Refuses samples of another identity than this; marks those of none, which are of an earlier version, or not there yet.
pub(crate) fn check(data: &Path, number: i64) -> anyhow::Result<()> {
    let place = word(&data.join(FILE).display().to_string());
    match read(data)? {
        Some(mark) if mark == number => Ok(()),
        Some(_) => bail!(
            "{} holds samples of another identity than the database: none of its domains would find them\nhint: bring back the database that they belong to; or move {} and {place} away to begin without samples",
            word(&data.display().to_string()),
            word(&samples(data).display().to_string()),
        ),
        None => {
            let mut file = private_files::open_to_write(data, FILE)?;
            file.write_all(format!("{number:016x}\n").as_bytes())
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
        assert_eq!(read(data.path()).unwrap(), None);
        for number in [-7, 7, i64::MIN] {
            check(data.path(), number).unwrap();
            check(data.path(), number).unwrap();
            assert_eq!(read(data.path()).unwrap(), Some(number));
            let refused = check(data.path(), 8).unwrap_err().to_string();
            assert!(refused.contains("samples of another identity"), "{refused}");
            std::fs::remove_file(data.path().join(FILE)).unwrap();
        }
        std::fs::write(data.path().join(FILE), "").unwrap();
        check(data.path(), 9).unwrap();
        std::fs::write(data.path().join(FILE), "nonsense").unwrap();
        let refused = check(data.path(), 9).unwrap_err().to_string();
        assert!(refused.contains("names no identity"), "{refused}");
    }
}
