//! Folders that nothing can be written to, as a user meets them: a full disk, a read-only one, a limit on the size of
//! files. As root the bits of a folder bind nobody, so that these are made by mounting and by limits.

use crate::terminal::{Finished, Terminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something mounted; unmounted when dropped.
#[derive(Debug)]
pub(crate) struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Whether a command that needs the rights of root went well.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The folder on a disk of its own, with what is in it; `None`: this machine does not let us.
pub(crate) fn small_disk(folder: &Path) -> Option<Mounted> {
    let beside = folder.with_extension("before");
    let at = folder.to_str()?;
    std::fs::rename(folder, &beside).ok()?;
    std::fs::create_dir(folder).ok()?;
    let mounted = succeeds("mount", &["-t", "tmpfs", "-o", "size=128k", "tmpfs", at]);
    let source = format!("{}/.", beside.display());
    assert!(succeeds("cp", &["-a", &source, at]));
    mounted.then(|| Mounted(folder.to_owned()))
}

/// Fills the disk to the last byte.
pub(crate) fn fill(folder: &Path) {
    let file = folder.join("fill");
    let written = std::fs::write(&file, vec![1_u8; 1 << 20]);
    assert!(written.is_err(), "the disk is not small");
    assert!(std::fs::write(folder.join("more"), [1_u8; 4096]).is_err());
    drop(std::fs::remove_file(folder.join("more")));
}

/// The same folder, to be read only; `None`: this machine does not let us.
pub(crate) fn read_only(folder: &Path) -> Option<Mounted> {
    let at = folder.to_str()?;
    if !succeeds("mount", &["--bind", at, at]) {
        return None;
    }
    let mounted = Mounted(folder.to_owned());
    succeeds("mount", &["-o", "remount,ro,bind", at]).then_some(mounted)
}

/// One file in such a folder that can be written all the same.
pub(crate) fn writable(file: &Path, elsewhere: &Path) -> Mounted {
    std::fs::write(elsewhere, "").unwrap();
    let (from, at) = (elsewhere.to_str().unwrap(), file.to_str().unwrap());
    assert!(succeeds("mount", &["--bind", from, at]));
    Mounted(file.to_owned())
}

/// A line under a limit on the size of what it writes, in blocks of 512 bytes; standard output and error are pipes,
/// which it does not touch.
pub(crate) fn limited(terminal: &Terminal, blocks: u32, line: &str) -> Command {
    let (name, words) = line.split_once(' ').unwrap();
    let command = terminal.command(name);
    let mut limited = Command::new("sh");
    limited
        .arg("-c")
        .arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""))
        .arg(command.get_program())
        .args(words.split_whitespace())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .current_dir(terminal.path("."))
        .stdin(Stdio::null());
    limited
}

/// Runs such a line.
pub(crate) fn run_limited(terminal: &Terminal, blocks: u32, line: &str) -> Finished {
    let output = limited(terminal, blocks, line).output().unwrap();
    Finished {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        // What a signal ended has no code.
        code: output.status.code().unwrap_or(-1),
    }
}
