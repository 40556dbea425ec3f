//! A Python with IBM's own client library and those of InfluxDB, in a virtual environment of ours: real clients nobody here wrote.

use crate::process::{find_program, output_of, work_folder};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new version can't change what a test means.
const LIBRARIES: [&str; 3] = [
    "ibm-cloud-sdk-core==3.28.0",
    "influxdb==5.3.2",
    "influxdb-client==1.50.0",
];

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
    if has_libraries(&interpreter) {
        return Ok(interpreter);
    }
    let libraries = LIBRARIES.join(", ");
    println!("python: installing {libraries} into `{}`", folder.display());
    let python = find_program("python3").context("python3 is not installed")?;
    output_of(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    output_of(
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet"])
            .arg("--disable-pip-version-check")
            .args(LIBRARIES),
    )?;
    Ok(interpreter)
}

fn has_libraries(interpreter: &Path) -> bool {
    let question = "import importlib.metadata as m, sys; \
                    print(' '.join(n + '==' + m.version(n) for n in sys.argv[1:]))";
    let names = LIBRARIES.iter().filter_map(|own| own.split("==").next());
    output_of(Command::new(interpreter).args(["-c", question]).args(names))
        .is_ok_and(|answer| answer.trim() == LIBRARIES.join(" "))
}
