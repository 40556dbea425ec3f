//! The Unix socket: taken without following a link, readable by its user alone, and free again after a server was killed.

use crate::control::socket_path::{PATH_BYTES_MAX, Short};
use crate::data_dir::private_files;
use anyhow::{Context, bail};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixSocket};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// A socket that is listened on; its file goes with it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Left behind it does no harm: the next server takes its place.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes a socket on which nobody listens. It does no harm where it cannot be removed.
pub(super) fn remove_stale(path: &Path) {
    let is_socket = private_files::is_own_socket(path).unwrap_or(false);
    let answers = || Short::of(path).and_then(|short| UnixStream::connect(short.path()));
    if is_socket && answers().is_err() {
        let _ = std::fs::remove_file(path);
    }
}

/// Takes the socket. What an earlier server left is removed; what another listens on, or what is no socket, is not.
pub(super) fn bind(path: &Path) -> anyhow::Result<Socket> {
    let path = std::path::absolute(path).context("cannot resolve the path of the socket")?;
    let place = path.display();
    let hint = "name another with `operations.listen = \"/PATH/TO/SOCKET\"`, or an address with `\"127.0.0.1:PORT\"`";
    let short = Short::of(&path).with_context(|| {
        format!(
            "cannot take the socket `{place}`: a socket's path has {PATH_BYTES_MAX} bytes at most, and this has {}\nhint: {hint}",
            path.as_os_str().len()
        )
    })?;
    if private_files::is_own_socket(&path)? {
        if UnixStream::connect(short.path()).is_ok() {
            bail!("another program answers on the socket `{place}`\nhint: {hint}");
        }
        std::fs::remove_file(&path).with_context(|| format!("cannot remove `{place}`"))?;
    }
    let taken = || -> std::io::Result<UnixListener> {
        let socket = UnixSocket::new_stream()?;
        socket.bind(short.path())?;
        // Before the first connection can be made: until it listens, nobody gets in.
        std::fs::set_permissions(short.path(), Permissions::from_mode(0o600))?;
        socket.listen(BACKLOG)
    };
    let listener =
        taken().with_context(|| format!("cannot take the socket `{place}`\nhint: {hint}"))?;
    Ok(Socket { listener, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operations.sock");
        // As SIGKILL leaves it: the file is there, and nobody listens.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = bind(&path).unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = bind(&path).unwrap_err().to_string();
        assert!(error.contains("another program answers"), "{error}");
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_is_no_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "precious").unwrap();
        symlink(&file, &link).unwrap();
        for path in [&file, &link] {
            let error = bind(path).unwrap_err().to_string();
            assert!(error.contains("hint: "), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_long_path_is_reached_through_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = deep.join("operations.sock");
        let _socket = bind(&path).unwrap();
        assert!(path.exists());
        UnixStream::connect(Short::of(&path).unwrap().path()).unwrap();
    }
}
