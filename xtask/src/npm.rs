//! What tests need from npm, in folders of ours: etsy's statsd, a real relay nobody here wrote, and IBM's SDKs for Node.

use crate::process::{find_program, output_of, work_folder};
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned, so that a new version can't change what a test means.
const STATSD: [&str; 1] = ["statsd@0.9.0"];
const SDKS: [&str; 2] = [
    "@ibm-cloud/platform-services@0.83.1",
    "ibm-cloud-sdk-core@5.9.1",
];

/// Returns statsd's program, made ready the first time.
pub(crate) fn statsd() -> Result<PathBuf> {
    Ok(modules("npm", &STATSD)?.join("statsd/stats.js"))
}

/// Returns the folder in which node finds IBM's SDKs, made ready the first time.
pub(crate) fn sdks() -> Result<PathBuf> {
    modules("npm-sdks", &SDKS)
}

/// The `node_modules` of a folder of this name, with these packages.
fn modules(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = work_folder()?.join(name);
    let modules = folder.join("node_modules");
    find_program("node").context("node is not installed")?;
    if packages.iter().all(|package| is_there(&modules, package)) {
        return Ok(modules);
    }
    let listed = packages.join(", ");
    println!("npm: installing {listed} into `{}`", folder.display());
    let npm = find_program("npm").context("npm is not installed")?;
    output_of(
        Command::new(npm)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--omit=optional", "--prefix"])
            .arg(&folder)
            .args(packages),
    )?;
    Ok(modules)
}

/// Whether the package is there in the version after its name.
fn is_there(modules: &Path, package: &str) -> bool {
    let Some((name, version)) = package.rsplit_once('@') else {
        return false;
    };
    let Ok(text) = fs::read(modules.join(name).join("package.json")) else {
        return false;
    };
    let described: Value = serde_json::from_slice(&text).unwrap_or_default();
    described.get("version").and_then(Value::as_str) == Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_another_version_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("@ibm/own");
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("package.json"), "{\"version\": \"1.2.3\"}").unwrap();
        assert!(is_there(folder.path(), "@ibm/own@1.2.3"));
        for other in ["@ibm/own@1.2.4", "@ibm/other@1.2.3", "own"] {
            assert!(!is_there(folder.path(), other), "{other}");
        }
    }
}
