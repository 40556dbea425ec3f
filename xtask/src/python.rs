//! A Python with IBM's own client library, in a virtual environment of ours: a real client nobody here wrote.

use crate::process::{find_program, output_of, work_folder};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new version can't change what a test means.
const LIBRARY: &str = "ibm-cloud-sdk-core==3.28.0";

/// Whether a Python is here that can make virtual environments (Debian ships that part apart).
pub(crate) fn can_make_environments() -> bool {
    find_program("python3").is_some_and(|python| {
        output_of(Command::new(python).args(["-c", "import ensurepip, venv"])).is_ok()
    })
}

/// Returns the interpreter, made ready the first time.
pub(crate) fn prepare() -> Result<PathBuf> {
    let folder = work_folder()?.join("python");
    let interpreter = folder.join("bin/python");
    if has_library(&interpreter) {
        return Ok(interpreter);
    }
    println!("python: installing {LIBRARY} into `{}`", folder.display());
    let python = find_program("python3").context("python3 is not installed")?;
    output_of(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    output_of(Command::new(&interpreter).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        LIBRARY,
    ]))?;
    Ok(interpreter)
}

fn has_library(interpreter: &Path) -> bool {
    let question = "import ibm_cloud_sdk_core, importlib.metadata as m; \
                    print('ibm-cloud-sdk-core==' + m.version('ibm-cloud-sdk-core'))";
    output_of(Command::new(interpreter).args(["-c", question]))
        .is_ok_and(|answer| answer.trim() == LIBRARY)
}
