//! Symbolic links at the path of a file to be written: the user's own are followed, those of other users are refused.
//!
//! Many users keep dot files as links, so links of the user, or of the system (such as `/dev/stderr`), are followed. A link of
//! another user could make the program overwrite a file of the attacker's choice.

use crate::error::Failure;
use crate::printable_text::escaped;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Refuses a link that belongs to neither the user nor the system.
pub(crate) fn refuse_planted(path: &Path) -> Result<(), Failure> {
    let euid = rustix::process::geteuid().as_raw();
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() && found.uid() != euid && found.uid() != 0 => {
            Err(Failure::failed(escaped!(
                "`{}` is a link that another user (uid {}) made; nothing is written through it",
                path.display(),
                found.uid()
            ))
            .hint("remove it if it is not meant"))
        }
        // Errors are reported when the file is opened.
        _ => Ok(()),
    }
}

/// Options that follow no link; for files that this program creates itself, such as locks.
pub(crate) fn never_linked(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_link_is_followed_where_that_is_meant_and_a_lock_is_never_one() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        std::fs::write(&file, "kept").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(refuse_planted(&link).is_ok());
        assert!(refuse_planted(Path::new("/dev/stderr")).is_ok());
        assert!(refuse_planted(&folder.path().join("absent")).is_ok());
        // Only root can change a link's owner.
        if std::os::unix::fs::lchown(&link, Some(12345), None).is_ok() {
            let refused = refuse_planted(&link).unwrap_err();
            assert!(refused.to_string().contains("uid 12345"), "{refused}");
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        assert!(never_linked(&mut options).open(&link).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    }
}
