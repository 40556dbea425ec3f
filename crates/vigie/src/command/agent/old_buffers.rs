//! Warns of buffer files of an older agent: this one cannot read them, and their samples would be lost silently.

use crate::output::Output;
use std::path::Path;

/// The extension of an older agent's files.
const EXTENSION: &str = "spool";

/// Warns if there are such files in the buffer's folder. They are counted, not opened.
pub(super) fn warn(output: &Output, folder: &Path) {
    let files = count(folder);
    if files > 0 {
        output.warn(format!(
            "agent: samples of an older build wait in `{}` and are not sent: {files} {} called `*.{EXTENSION}`; run that build \
             once (`vigie agent --once`) to send them, or delete them",
            folder.display(),
            if files == 1 { "file" } else { "files" },
        ));
    }
}

/// None if the folder cannot be read: opening the journal in it has reported that already.
fn count(folder: &Path) -> usize {
    let Ok(entries) = folder.read_dir() else {
        return 0;
    };
    let is_one = |path: &Path| path.extension().is_some_and(|end| end == EXTENSION);
    entries
        .flatten()
        .filter(|entry| is_one(&entry.path()))
        .count()
}
