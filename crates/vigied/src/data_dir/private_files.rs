//! Checks who else could read or replace the files of the data folder, with a remedy for each problem.
//!
//! A secret that every user of the machine may read is none, and a link in the folder lets the user who planted it choose the
//! file that the server reads or overwrites. So the folder must be private to its user, and must contain no links and no files
//! of other users. Then nobody else can plant anything, so one check at the start is enough. Links outside the folder are fine:
//! certificates are often behind some.

mod other_user;
mod single;

pub(crate) use single::{check_single_names, open_to_write, read_text};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Secret files of the data folder, and files that lead to secrets.
const SECRETS: [&str; 6] = [
    "iam.db",
    "iam.db-wal",
    "iam.db-shm",
    "iam.db-journal",
    "operations.token",
    "quickstart-key",
];

/// Other files of the data folder.
const OTHERS: [&str; 3] = ["lock", "vigie.toml", "agent.log"];

/// Deepest folder under `samples`.
const DEPTH_MAX: u32 = 8;

/// Why a file or folder is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error(
        "`{}` is a link, and in the data folder none is followed\nhint: put the file itself there; to have the data elsewhere, name that folder with `--data DIR` or mount it here",
        path.display()
    )]
    Link { path: PathBuf },
    #[error("`{}` is not {expected}\nhint: move it away", path.display())]
    Kind {
        path: PathBuf,
        expected: &'static str,
    },
    #[error(
        "`{}` may be read or changed by everybody on this machine (mode {mode:04o})\nhint: run `chmod o-rwx {}`; where a mounted volume cannot, set `allow_readable_secrets = true`",
        path.display(), word(path)
    )]
    Open { path: PathBuf, mode: u32 },
    #[error(
        "`{}` belongs to another user ({owner}), and this is {euid}\nhint: {}",
        path.display(), other_user::remedy(path, *owner, *euid)
    )]
    Owner {
        path: PathBuf,
        owner: u32,
        euid: u32,
    },
    #[error(
        "`{}` has another name elsewhere (a hard link), and what is written here would change that file as well\nhint: stop every `vigied` of this folder, then give it files of its own: run `{remedy}`. A copy made by `cp -al` is no backup of files that change; `cp -a` is",
        path.display()
    )]
    Names { path: PathBuf, remedy: String },
    #[error("cannot look at `{}`", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// A path as a shell takes it.
fn word(path: &Path) -> String {
    crate::text::shell::word(&path.display().to_string())
}

/// The flag that keeps [`std::fs::OpenOptions`] from following a link.
pub(crate) fn no_follow() -> i32 {
    i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

/// Checks the folder and every file that a server opens in it. With `any_mode` it does not check who may read them.
pub(crate) fn check_folder(root: &Path, any_mode: bool) -> Result<(), FileError> {
    // The path to the folder may contain links: that is its owner's choice.
    let found = root.metadata().map_err(io(root))?;
    check_owner(root, &found)?;
    mode(root, &found, any_mode)?;
    for name in SECRETS {
        file(&root.join(name), any_mode)?;
    }
    for name in OTHERS {
        file(&root.join(name), true)?;
    }
    let keys = root.join("keys");
    if folder(&keys)? {
        for entry in keys.read_dir().map_err(io(&keys))? {
            file(&entry.map_err(io(&keys))?.path(), any_mode)?;
        }
    }
    folder(&root.join("cli"))?;
    let samples = root.join("samples");
    if folder(&samples)? {
        tree(&samples, DEPTH_MAX)?;
    }
    Ok(())
}

/// Checks a secret outside the data folder, such as the key of the certificate; links are followed.
pub(crate) fn check_secret(path: &Path, any_mode: bool) -> Result<(), FileError> {
    let found = path.metadata().map_err(io(path))?;
    let real = path.canonicalize().map_err(io(path))?;
    mode(&real, &found, any_mode)
}

/// Refuses a path in the data folder that is a link.
pub(crate) fn check_no_link_inside(path: &Path, data: &Path) -> Result<(), FileError> {
    let folder = path.parent().and_then(|parent| parent.canonicalize().ok());
    let is_inside = data
        .canonicalize()
        .is_ok_and(|data| folder.is_some_and(|folder| folder.starts_with(data)));
    match path.symlink_metadata() {
        Ok(found) if is_inside && found.is_symlink() => Err(FileError::Link {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether there is a socket of this user or the superuser; any other file is refused.
pub(crate) fn is_own_socket(path: &Path) -> Result<bool, FileError> {
    let Some(found) = metadata_of(path)? else {
        return Ok(false);
    };
    check_owner(path, &found)?;
    if found.file_type().is_socket() {
        return Ok(true);
    }
    Err(FileError::Kind {
        path: path.to_owned(),
        expected: "a socket",
    })
}

/// Checks every file below a folder of samples. A running server may remove files meanwhile.
fn tree(root: &Path, depth: u32) -> Result<(), FileError> {
    let entries = match root.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io(root))?,
    };
    for entry in entries {
        let path = entry.map_err(io(root))?.path();
        let Some(found) = metadata_of(&path)? else {
            continue;
        };
        check_owner(&path, &found)?;
        if found.is_dir() && depth > 0 {
            match tree(&path, depth - 1) {
                Err(error) if is_superusers_own(&error, found.uid(), geteuid().as_raw()) => {}
                checked => checked?,
            }
        } else if !found.is_file() {
            return Err(FileError::Kind {
                path,
                expected: "a file of the store",
            });
        }
    }
    Ok(())
}

/// Whether a folder cannot be listed because it is for the superuser alone, as `lost+found` of a disk that is mounted here: the
/// store has nothing in it, and nobody else can have put anything there.
fn is_superusers_own(error: &FileError, owner: u32, euid: u32) -> bool {
    let is_denied = matches!(
        error,
        FileError::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied
    );
    is_denied && owner == 0 && euid != 0
}

fn file(path: &Path, any_mode: bool) -> Result<(), FileError> {
    let Some(found) = metadata_of(path)? else {
        return Ok(());
    };
    if !found.is_file() {
        return Err(FileError::Kind {
            path: path.to_owned(),
            expected: "a file",
        });
    }
    check_owner(path, &found)?;
    mode(path, &found, any_mode)
}

/// Checks a folder; returns whether it exists.
fn folder(path: &Path) -> Result<bool, FileError> {
    let Some(found) = metadata_of(path)? else {
        return Ok(false);
    };
    if !found.is_dir() {
        return Err(FileError::Kind {
            path: path.to_owned(),
            expected: "a folder",
        });
    }
    check_owner(path, &found)?;
    Ok(true)
}

/// The metadata of a path, without following a link; `None` if there is nothing. A link is refused.
fn metadata_of(path: &Path) -> Result<Option<Metadata>, FileError> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => Err(FileError::Link {
            path: path.to_owned(),
        }),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io(path)(source)),
    }
}

/// The superuser's files are trusted: nothing on this machine is safe from the superuser.
fn check_owner(path: &Path, found: &Metadata) -> Result<(), FileError> {
    let (owner, euid) = (found.uid(), geteuid().as_raw());
    if owner == euid || owner == 0 {
        return Ok(());
    }
    Err(FileError::Owner {
        path: path.to_owned(),
        owner,
        euid,
    })
}

/// The owner chose the members of the file's group; other users must have no access.
fn mode(path: &Path, found: &Metadata, any_mode: bool) -> Result<(), FileError> {
    let mode = found.mode() & 0o7777;
    if any_mode || mode & 0o007 == 0 {
        return Ok(());
    }
    Err(FileError::Open {
        path: path.to_owned(),
        mode,
    })
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, create_dir_all, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        create_dir_all(folder.path().join("keys")).unwrap();
        create_dir_all(folder.path().join("samples/wal")).unwrap();
        folder
    }

    #[test]
    fn a_folder_of_ones_own_is_used() {
        let folder = folder();
        write(folder.path().join("vigie.toml"), "").unwrap();
        write(folder.path().join("samples/wal/1.wal"), "").unwrap();
        check_folder(folder.path(), false).unwrap();
    }

    #[test]
    fn what_everybody_may_read_is_refused_with_what_mends_it() {
        for name in ["iam.db", "iam.db-wal", "operations.token", "keys/1.pem", ""] {
            let folder = folder();
            let path = folder.path().join(name);
            if !name.is_empty() {
                write(&path, "").unwrap();
            }
            let loose = if name.is_empty() { 0o755 } else { 0o644 };
            set_permissions(&path, Permissions::from_mode(loose)).unwrap();
            let error = check_folder(folder.path(), false).unwrap_err().to_string();
            let chmod = format!("`chmod o-rwx {}", folder.path().display());
            assert!(error.contains(&chmod), "{name}: {error}");
            check_folder(folder.path(), true).unwrap();
            // The group is the owner's choice.
            let tight = if name.is_empty() { 0o770 } else { 0o640 };
            set_permissions(&path, Permissions::from_mode(tight)).unwrap();
            check_folder(folder.path(), false).unwrap();
        }
    }

    #[test]
    fn a_link_is_refused_wherever_it_was_planted() {
        let outside = tempfile::tempdir().unwrap();
        write(outside.path().join("precious"), "").unwrap();
        for name in [
            "lock",
            "iam.db",
            "iam.db-wal",
            "iam.db-shm",
            "vigie.toml",
            "operations.token",
            "quickstart-key",
            "keys/1.pem",
            "samples/manifest.json",
            "samples/wal/1.wal",
        ] {
            let folder = folder();
            symlink(outside.path().join("precious"), folder.path().join(name)).unwrap();
            let error = check_folder(folder.path(), true).unwrap_err();
            assert!(matches!(error, FileError::Link { .. }), "{name}: {error}");
        }
        for name in ["keys", "samples", "samples/wal"] {
            let folder = folder();
            std::fs::remove_dir_all(folder.path().join(name)).unwrap();
            symlink(outside.path(), folder.path().join(name)).unwrap();
            let error = check_folder(folder.path(), true).unwrap_err();
            assert!(matches!(error, FileError::Link { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn a_folder_for_the_superuser_alone_is_left_aside() {
        let failed = |kind: ErrorKind| io(Path::new("/samples/lost+found"))(kind.into());
        let denied = failed(ErrorKind::PermissionDenied);
        assert!(is_superusers_own(&denied, 0, 1000));
        assert!(!is_superusers_own(&denied, 1000, 1000));
        assert!(!is_superusers_own(&denied, 0, 0));
        assert!(!is_superusers_own(&failed(ErrorKind::Other), 0, 1000));
    }

    #[test]
    fn a_link_outside_is_fine_and_its_target_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (key, link) = (folder.path().join("real"), folder.path().join("link"));
        write(&key, "").unwrap();
        symlink(&key, &link).unwrap();
        set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
        check_secret(&link, false).unwrap();
        set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        let error = check_secret(&link, false).unwrap_err().to_string();
        assert!(
            error.contains("chmod o-rwx") && error.contains("real"),
            "{error}"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        check_no_link_inside(&link, elsewhere.path()).unwrap();
        assert!(check_no_link_inside(&link, folder.path()).is_err());
    }
}
