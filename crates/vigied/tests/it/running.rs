//! Another program that runs beside the server until the test ends.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts it; what it says is nobody's concern.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::with_stdout(command, Stdio::null())
    }

    /// Starts it; what it says goes into a file.
    pub(crate) fn start_into(command: &mut Command, file: &Path) -> Self {
        Self::with_stdout(command, File::create(file).unwrap().into())
    }

    /// Starts it; also the lines that it says.
    pub(crate) fn with_output(command: &mut Command) -> (Self, Lines<BufReader<ChildStdout>>) {
        let mut running = Self::with_stdout(command, Stdio::piped());
        let stdout = running.0.stdout.take().unwrap();
        (running, BufReader::new(stdout).lines())
    }

    fn with_stdout(command: &mut Command, to: Stdio) -> Self {
        let command = command.stdin(Stdio::null()).stdout(to);
        Self(command.spawn().unwrap())
    }

    /// Asks it to end, by SIGTERM.
    pub(crate) fn end(&self) {
        let term = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(term.unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
