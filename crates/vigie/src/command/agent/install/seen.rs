//! Checks whether a system unit can use the files that it names: it runs as a user of its own, with a `/tmp` of its own, and
//! writes into its own folder alone.

use super::super::run_args::RunArgs;
use super::service::AgentService;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Folders of which the unit has its own, which are empty.
const OWN_FOLDERS: [&str; 2] = ["/tmp", "/var/tmp"];

/// The folder that the unit may write into.
const STATE_FOLDER: &str = "/var/lib/vigie-agent";

/// The permission that others need of a program, of a file and of a folder.
const RUN: u32 = 0o001;
const READ: u32 = 0o004;
const LIST: u32 = 0o005;

/// Refuses what the unit could not use. What other users may do with it is looked at only where the unit `is_here`, on this
/// machine.
pub(super) fn check(agent: &AgentService<'_>, run: &RunArgs, is_here: bool) -> Result<(), Failure> {
    let program = Path::new(&agent.program);
    if let Some(why) = obstacle(program, RUN, is_here) {
        return Err(Failure::failed(escaped!(
            "the unit could not run `{}`: {}",
            agent.program,
            why
        ))
        .hint(escaped!(
            "put it where others may run it, as root by `install -m 755 {} /usr/local/bin/vigie`; and install by `/usr/local/bin/vigie agent install --system`",
            PrintableText::word(&agent.program)
        )));
    }
    let files = agent.ca_file.as_deref().map(Path::new);
    for (path, needed) in [(run.textfiles.folder(), LIST), (files, READ)] {
        if let Some(path) = path
            && let Some(why) = obstacle(path, needed, is_here)
        {
            return Err(Failure::failed(escaped!(
                "the unit could not read `{}`: {}",
                path.display(),
                why
            ))
            .hint("move it to where other users of the machine may read it, for example below `/etc/vigie` or `/var/lib`"));
        }
    }
    match &run.buffer {
        Some(buffer) if !buffer.starts_with(STATE_FOLDER) => Err(Failure::failed(escaped!(
            "the unit could not write into `{}`: it may write into `{}` alone",
            buffer.display(),
            STATE_FOLDER
        ))
        .hint("leave `--buffer` out: the unit's buffer is in that folder then")),
        _ => Ok(()),
    }
}

/// Why the unit cannot use a path, if it cannot.
fn obstacle(path: &Path, needed: u32, is_here: bool) -> Option<String> {
    let folder = OWN_FOLDERS
        .into_iter()
        .find(|folder| path.starts_with(folder));
    if let Some(folder) = folder {
        return Some(format!("the unit has a `{folder}` of its own"));
    }
    if !is_here {
        return None;
    }
    closed(parts(path), needed)
}

/// A path and the folders above it, from the root, with what everybody may do with each.
fn parts(path: &Path) -> Vec<(PathBuf, io::Result<u32>)> {
    let mut parts: Vec<_> = path
        .ancestors()
        .map(|part| (part.to_owned(), part.metadata().map(|found| found.mode())))
        .collect();
    parts.reverse();
    parts
}

/// Where others are kept out of the last of these; they need this of it, and have to enter the others.
fn closed(parts: Vec<(PathBuf, io::Result<u32>)>, needed: u32) -> Option<String> {
    let last = parts.len().saturating_sub(1);
    parts
        .into_iter()
        .enumerate()
        .find_map(|(at, (part, mode))| {
            let part = part.display();
            let needed = if at == last { needed } else { RUN };
            match mode {
                Ok(mode) if mode & needed == needed => None,
                Ok(_) if at == last => Some(format!("others have no right to it (`{part}`)")),
                Ok(_) => Some(format!("others may not enter `{part}`")),
                Err(error) => Some(format!("`{part}`: {error}")),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_folder_that_the_unit_has_of_its_own_is_not_there_for_it() {
        for (path, is_hidden) in [
            ("/tmp/vigie", true),
            ("/var/tmp/a/b/vigie", true),
            ("/tmpfs/vigie", false),
            ("/usr/bin/vigie", false),
        ] {
            assert_eq!(
                obstacle(Path::new(path), RUN, false).is_some(),
                is_hidden,
                "{path}"
            );
        }
    }

    #[test]
    fn others_must_enter_each_folder_and_have_a_right_to_the_last() {
        let parts = |modes: [u32; 3]| {
            let paths = ["/", "/srv", "/srv/vigie"].map(PathBuf::from);
            paths.into_iter().zip(modes.map(Ok)).collect::<Vec<_>>()
        };
        for (modes, needed, expected) in [
            ([0o755, 0o711, 0o755], RUN, None),
            ([0o755, 0o711, 0o711], RUN, None),
            (
                [0o755, 0o711, 0o711],
                READ,
                Some("others have no right to it (`/srv/vigie`)"),
            ),
            (
                [0o755, 0o711, 0o711],
                LIST,
                Some("others have no right to it (`/srv/vigie`)"),
            ),
            (
                [0o755, 0o750, 0o755],
                RUN,
                Some("others may not enter `/srv`"),
            ),
        ] {
            let found = closed(parts(modes), needed);
            assert_eq!(found.as_deref(), expected, "{modes:?} {needed:o}");
        }
        let gone = vec![(PathBuf::from("/gone"), Err(io::ErrorKind::NotFound.into()))];
        assert!(closed(gone, RUN).unwrap().starts_with("`/gone`: "));
    }
}
