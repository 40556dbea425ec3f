//! Files of an agent of before, whose form this one does not read: left to lie, they would be samples that nobody misses.

use crate::output::Output;
use std::path::Path;

/// What the files of the buffer were called before they were journals.
const EXTENSION: &str = "spool";

/// Warns where such files lie in the buffer's folder. They are counted and not opened.
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

/// None where the folder cannot be read: the journal has been opened in it, and would have said so.
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
