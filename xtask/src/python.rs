//! Pythons with real clients that nobody here wrote, each in a virtual environment of ours: IBM's own library, those of InfluxDB
//! and graphyte; and carbon's relay.

use crate::process::{find_program, output_of, work_folder};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new version can't change what a test means.
const LIBRARIES: [&str; 5] = [
    "graphyte==1.7.1",
    "ibm-cloud-sdk-core==3.28.0",
    "ibm-platform-services==0.77.1",
    "influxdb==5.3.2",
    "influxdb-client==1.50.0",
];

/// The packages with which carbon 1.1.10 runs. It calls `imp`, which Python 3.12 has no more; and asks for txAMQP,
/// which a relay does not use.
const CARBON: [&str; 15] = [
    "Automat==25.4.16",
    "Incremental==24.11.0",
    "Twisted==22.10.0",
    "attrs==26.1.0",
    "cachetools==8.0.2",
    "carbon==1.1.10",
    "constantly==23.10.4",
    "hyperlink==21.0.0",
    "idna==3.20",
    "packaging==26.4",
    "six==1.17.0",
    "typing_extensions==4.16.0",
    "urllib3==2.8.0",
    "whisper==1.1.10",
    "zope.interface==8.7",
];

/// Names of an older Python.
const OLDER: [&str; 5] = [
    "python3",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
];

/// Whether a Python is here that can make virtual environments (Debian ships that part apart).
pub(crate) fn can_make_environments() -> bool {
    find_program("python3").is_some_and(|python| {
        output_of(Command::new(python).args(["-c", "import ensurepip, venv"])).is_ok()
    })
}

/// Returns the interpreter with the client libraries.
pub(crate) fn prepare() -> Result<PathBuf> {
    let python = find_program("python3").context("python3 is not installed");
    environment("python", || python, &LIBRARIES, &[])
}

/// Returns the program of carbon's relay, beside its interpreter.
pub(crate) fn carbon() -> Result<PathBuf> {
    let python = || older().context("carbon needs a Python of 3.8 to 3.11 with `venv`");
    let interpreter = environment("carbon", python, &CARBON, &["--no-deps"])?;
    Ok(interpreter.with_file_name("carbon-relay.py"))
}

/// A Python of 3.8 to 3.11: from 3.12 on there is no `imp` and no `distutils`.
pub(crate) fn older() -> Option<PathBuf> {
    let program =
        "import sys, ensurepip, venv; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 11))";
    let is_old_enough =
        |python: &PathBuf| output_of(Command::new(python).args(["-c", program])).is_ok();
    let found = OLDER.into_iter().filter_map(find_program);
    found.into_iter().find(is_old_enough)
}

/// Returns the interpreter of an environment with these packages, made the first time.
pub(crate) fn environment(
    name: &str,
    python: impl FnOnce() -> Result<PathBuf>,
    packages: &[&str],
    how: &[&str],
) -> Result<PathBuf> {
    let folder = work_folder()?.join(name);
    let interpreter = folder.join("bin/python");
    if has_packages(&interpreter, packages) {
        return Ok(interpreter);
    }
    let python = python()?;
    let listed = packages.join(", ");
    println!("python: installing {listed} into `{}`", folder.display());
    output_of(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    output_of(
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet"])
            .arg("--disable-pip-version-check")
            .args(how)
            .args(packages),
    )?;
    Ok(interpreter)
}

fn has_packages(interpreter: &Path, packages: &[&str]) -> bool {
    let program = "import sys, importlib.metadata as m; \
                    sys.exit(any(m.version(own.split('==')[0]) != own.split('==')[1] for own in sys.argv[1:]))";
    output_of(
        Command::new(interpreter)
            .args(["-c", program])
            .args(packages),
    )
    .is_ok()
}
