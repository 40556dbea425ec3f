//! The servers that are asked: one with SQLite, or two nodes that share a database of PostgreSQL.

use crate::postgres::Database;
use crate::process::output_of;
use anyhow::{Context, Result, ensure};
use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Running servers with one account; they end with this, and then their database goes.
pub(super) struct Servers {
    running: Vec<Server>,
    database: Option<Database>,
    /// What was made at the beginning, with the owner's password: JSON.
    made: PathBuf,
}

impl Servers {
    /// Starts one on a new folder, or two if they are given a database.
    pub(super) fn start(vigied: &Path, folder: &Path, database: Option<Database>) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut servers = Self {
            running: Vec::new(),
            database,
            made: folder.join("made.json"),
        };
        let (first, second) = (folder.join("node-0"), folder.join("node-1"));
        let mut init = servers.command(vigied, "init", &first);
        output_of(init.arg("--key-file").arg(&servers.made))?;
        servers.serve(vigied, &first)?;
        if servers.database.is_some() {
            copy_keys(&first, &second)?;
            servers.serve(vigied, &second)?;
        }
        Ok(servers)
    }

    fn serve(&mut self, vigied: &Path, data: &Path) -> Result<()> {
        let serve = self.command(vigied, "serve", data);
        let started = Server::start(serve, &data.with_extension("log"))?;
        self.running.push(started);
        Ok(())
    }

    /// A command of the server on a data folder and, if there is one, the database.
    fn command(&self, vigied: &Path, name: &str, data: &Path) -> Command {
        let mut command = Command::new(vigied);
        command.arg(name).arg("--data").arg(data);
        if let Some(database) = &self.database {
            command.args(["--database", &database.url()]);
        }
        command
    }

    /// The address of each.
    pub(super) fn urls(&self) -> Vec<String> {
        let addresses = self.running.iter().map(|server| &server.address);
        addresses
            .map(|address| format!("http://{address}"))
            .collect()
    }

    pub(super) fn made(&self) -> &Path {
        &self.made
    }
}

/// Gives a node the keys of the first, with which both sign.
fn copy_keys(first: &Path, other: &Path) -> Result<()> {
    let (keys, copy) = (first.join("keys"), other.join("keys"));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&copy)?;
    for file in fs::read_dir(keys)? {
        let file = file?;
        fs::copy(file.path(), copy.join(file.file_name()))?;
    }
    Ok(())
}

/// A running server; it ends with this.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(mut serve: Command, log: &Path) -> Result<Self> {
        let mut child = serve
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .context("cannot run `vigied`")?;
        let printed = child.stdout.take();
        // From here on it is ended with this, whatever fails.
        let mut server = Self {
            child,
            address: String::new(),
        };
        BufReader::new(printed.context("no output")?).read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        ensure!(
            !server.address.is_empty(),
            "`vigied serve` has not started: see `{}`",
            log.display()
        );
        Ok(server)
    }
}
