//! A terminal without a person at it: runs the program in a home of its own and writes down what was seen.

use crate::fixture::Fixture;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The output and exit code of one run.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// A home, a server, and the transcript so far.
#[derive(Debug)]
pub(crate) struct Terminal {
    pub(crate) server: Fixture,
    home: TempDir,
    /// The configuration directory, in the home.
    folder: &'static str,
    variables: Vec<(String, String)>,
    transcript: String,
}

impl Terminal {
    /// One whose programs, whatever they are called, keep the login in one folder.
    pub(crate) fn new() -> Self {
        let mut terminal = Self::of_folder(".vigie");
        let folder = terminal.path(".vigie").display().to_string();
        terminal.set("VIGIE_HOME", &folder);
        terminal
    }

    /// One where nothing but the home is named, and the login of interest is in this folder of it.
    pub(crate) fn of_folder(folder: &'static str) -> Self {
        Self {
            server: Fixture::start(),
            home: TempDir::new().unwrap(),
            folder,
            variables: Vec::new(),
            transcript: String::new(),
        }
    }

    /// Logged in to the organization and space of the fixture, with nothing written down yet.
    pub(crate) fn logged_in() -> Self {
        let mut terminal = Self::new();
        let line = format!(
            "vigie login -a {} --apikey vgk_good -o field-org -s dev",
            terminal.server.address
        );
        assert_eq!(terminal.run(&line).code, 0, "{}", terminal.transcript);
        terminal.transcript.clear();
        terminal
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let program = if name == "vigie" {
            PathBuf::from(env!("CARGO_BIN_EXE_vigie"))
        } else {
            let link = self.path(name);
            if !link.exists() {
                std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vigie"), &link).unwrap();
            }
            link
        };
        let mut command = Command::new(program);
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a line and adds it to the transcript.
    pub(crate) fn run(&mut self, line: &str) -> Finished {
        let output = self.command(line).output().unwrap();
        let ran = Finished {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        };
        let _ = writeln!(self.transcript, "$ {line}\n{}", ran.stdout.trim_end());
        if !ran.stderr.is_empty() {
            let _ = writeln!(self.transcript, "[stderr]\n{}", ran.stderr.trim_end());
        }
        if ran.code != 0 {
            let _ = writeln!(self.transcript, "[exit {}]", ran.code);
        }
        self.transcript.push('\n');
        ran
    }

    /// Runs words of which some may be empty, with more variables; the transcript keeps nothing of it.
    pub(crate) fn run_words(
        &self,
        name: &str,
        words: &[&str],
        variables: &[(&str, &str)],
    ) -> Finished {
        let output = self
            .command(name)
            .args(words)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Finished {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap(),
        }
    }

    /// The transcript, with what differs from run to run taken out.
    pub(crate) fn transcript(&self) -> String {
        let plain = self
            .transcript
            .replace(&self.server.address.to_string(), "127.0.0.1:PORT")
            .replace(self.home.path().to_str().unwrap(), "HOME");
        let words = plain.split_inclusive(char::is_whitespace).map(|word| {
            let at = word.find("e30.").filter(|_| word.contains(".sig"));
            match (at, word.find(".sig")) {
                (Some(start), Some(end)) => {
                    let tail = word[end + 4..].trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{}<token>{tail}", &word[..start])
                }
                _ => word.to_owned(),
            }
        });
        words.collect()
    }

    /// The configuration as written.
    pub(crate) fn file(&self, name: &str) -> serde_json::Value {
        let path = self.path(self.folder).join(name);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// Changes the configuration behind the program's back.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let mut value = self.file(name);
        change(&mut value);
        std::fs::write(self.path(self.folder).join(name), value.to_string()).unwrap();
    }
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
