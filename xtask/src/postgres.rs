//! A PostgreSQL server of our own: a new cluster in a private folder, on a free loopback port, gone when we are.
//!
//! It can't outlive us. A small shell script supervises the server and reads from a pipe whose other end only we hold:
//! however we end (done, Ctrl-C, SIGKILL), the pipe closes, and the script stops the server and removes its folder.
//!
//! Not for data: it never waits for the disk.

use crate::process::{find_program, is_root, output_of, user_id};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// `$1` the folder of PostgreSQL's programs, `$2` our folder, `$3` the port.
const SUPERVISOR: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -p "$3" -c listen_addresses=127.0.0.1 -c max_connections=500 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
cd / && rm -rf "$2"
"#;

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    supervisor: Child,
    lease: Option<ChildStdin>,
    url: String,
}

/// Where PostgreSQL's programs are: on the search path, or where Debian keeps them, newest first.
pub(crate) fn find_programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort();
    let on_path = find_program("postgres").and_then(|path| path.canonicalize().ok());
    let candidates = versions.into_iter().rev().map(|(_, folder)| folder);
    candidates
        .chain(on_path.and_then(|path| Some(path.parent()?.to_owned())))
        .find(|folder| {
            ["initdb", "postgres", "pg_isready"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })
}

impl Postgres {
    /// Creates a cluster and starts it; returns once it takes connections.
    pub(crate) fn start() -> Result<Self> {
        let programs = find_programs().context("PostgreSQL is not installed")?;
        let owner = Owner::find()?;
        let password = random_word()?;
        let folder = create_folder(&owner, &password)?;
        let started = Self::start_in(&programs, &owner, &folder, &password);
        if started.is_err() {
            // Nothing to add if this fails: the first error is the one to read, and the folder holds no data.
            let _removed = fs::remove_dir_all(&folder);
        }
        started
    }

    fn start_in(programs: &Path, owner: &Owner, folder: &Path, password: &str) -> Result<Self> {
        output_of(
            owner
                .command(programs.join("initdb"), folder)
                .args([
                    "--username=vigie",
                    "--auth=scram-sha-256",
                    "--pwfile=password",
                    "--pgdata=data",
                ])
                .args(["--encoding=UTF8", "--locale=C", "--no-sync"]),
        )?;
        let port = free_port()?;
        let mut supervisor = owner
            .command("/bin/sh", folder)
            .args(["-c", SUPERVISOR, "postgres-supervisor"])
            .args([programs, folder])
            .arg(port.to_string())
            // Ctrl-C in our terminal must not reach the server by another way than ours.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start PostgreSQL")?;
        let lease = supervisor.stdin.take();
        let server = Self {
            supervisor,
            lease,
            url: format!("postgres://vigie:{password}@127.0.0.1:{port}/postgres"),
        };
        server.wait_until_ready(&programs.join("pg_isready"), folder, port)?;
        Ok(server)
    }

    /// Asks over the socket in our own folder, so that no other server can answer in its place.
    fn wait_until_ready(&self, pg_isready: &Path, folder: &Path, port: u16) -> Result<()> {
        let begin = Instant::now();
        loop {
            let asked = Command::new(pg_isready)
                .args(["--quiet", "--host"])
                .arg(folder)
                .args(["--port", &port.to_string()])
                .status()?;
            if asked.success() {
                return Ok(());
            }
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            if begin.elapsed() > START_LIMIT || log.contains("database system is shut down") {
                bail!("PostgreSQL did not start; its log says:\n{log}");
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// The address that the tests connect to; its user may create databases.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.lease.take());
        // The supervisor ends by itself; if waiting fails there is nobody left to wait for.
        let _ended = self.supervisor.wait();
    }
}

/// A new database of a server, whichever it is; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn create(server: &str, name: &str) -> Result<Self> {
        // An earlier process may have had the same process id.
        execute(server, &drop_of(name))?;
        execute(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self {
            server: server.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let (address, _) = self
            .server
            .rsplit_once('/')
            .unwrap_or((self.server.as_str(), ""));
        format!("{address}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = execute(&self.server, &drop_of(&self.name)) {
            println!(
                "PostgreSQL: the database `{}` is left: {error:#}",
                self.name
            );
        }
    }
}

/// The statement that drops a database, whoever is connected to it still.
fn drop_of(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

/// Runs a statement by PostgreSQL's own `psql`. An error does not name the server: its address has a password.
fn execute(server: &str, statement: &str) -> Result<()> {
    let beside_server = find_programs().map(|folder| folder.join("psql"));
    let psql = beside_server.filter(|path| path.is_file());
    let output = Command::new(psql.unwrap_or_else(|| "psql".into()))
        .args([server, "--quiet", "--command", statement])
        .output()
        .context("cannot run `psql`")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`psql`: {}", complaint.trim());
    Ok(())
}

/// PostgreSQL refuses to run as root, so root lends it to the user that Debian's package made.
#[derive(Debug)]
struct Owner {
    ids: Option<(u32, u32)>,
}

impl Owner {
    fn find() -> Result<Self> {
        let ids = if is_root() {
            let user = Some("postgres");
            Some((
                user_id("-u", user)
                    .context("PostgreSQL can't run as root and there is no user `postgres`")?,
                user_id("-g", user)?,
            ))
        } else {
            None
        };
        Ok(Self { ids })
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }
}

fn create_folder(owner: &Owner, password: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("vigie-postgres-{}", random_word()?));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    let password_file = folder.join("password");
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
        .open(&password_file)?
        .write_all(password.as_bytes())?;
    if let Some((user, group)) = owner.ids {
        chown(&password_file, Some(user), Some(group))?;
        chown(&folder, Some(user), Some(group))?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn random_word() -> Result<String> {
    let mut bytes = [0; 12];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_server_answers_while_it_is_held_and_not_after() {
        if find_programs().is_none() {
            testing::skipped(
                "a_server_answers_while_it_is_held_and_not_after",
                "PostgreSQL is not installed",
            );
            return;
        }
        let server = Postgres::start().unwrap();
        let (_, address) = server.url().rsplit_once('@').unwrap();
        let address = address.trim_end_matches("/postgres").to_owned();
        TcpStream::connect(&address).unwrap();
        drop(server);
        assert!(TcpStream::connect(&address).is_err());
    }
}
