//! No circles of imports between the files and folders of a crate.
//!
//! Every crate's files are read with `syn`. A path in a file (`use`, or in code, macros and attributes) is followed,
//! through re-exports, to the file that defines what it names. Within each folder the files and folders may then use one
//! another in one direction only; a folder is everything below it, and the file that names it (`log.rs` of `log/`) is
//! one of those in it. What only tests use is free, and so is a re-export: it says where something is, and needs nothing.
//! A method call is no path: the `impl` blocks of one type in several files (`Core` of the engine, `Iam`, `Context` of `vigie`)
//! may call each other, as they could in one file.
//!
//! Some folders lie in a fixed order besides, one above the other (`layers.rs`); some of `iam` know no database
//! (`iam_layers.rs`), and each of its tables has a file (`iam_tables.rs`). Statements (`statements.rs`) and rows (`rows.rs`) of
//! the database are in `repo` of `iam`, whatever the crate.
//!
//! Circles that are still there are listed in `xtask/module-circles.txt`, which may only shrink.

mod allowed;
mod circle;
mod iam_layers;
mod iam_tables;
mod layers;
mod reference;
mod resolve;
mod rows;
mod source;
mod sql;
mod statements;

use self::allowed::Allowed;
use self::circle::circles;
use self::layers::{LAYERS, upwards};
use self::source::Source;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where the circles that may still be are listed, from the workspace's root.
const ALLOWED: &str = "xtask/module-circles.txt";

/// The mistakes in the crates that `cargo metadata` names; with `VIGIE_UPDATE` set, circles that are gone or smaller
/// leave the list.
pub(crate) fn check(metadata: &Value) -> Result<Vec<String>> {
    let root = metadata
        .get("workspace_root")
        .and_then(Value::as_str)
        .context("`cargo metadata` names no root")?;
    let (mut found, mut violations) = (Vec::new(), Vec::new());
    for (name, file) in roots(metadata) {
        let source = Source::read(&file, &mut |path| {
            path.is_file()
                .then(|| std::fs::read_to_string(path))
                .transpose()
        })
        .with_context(|| format!("in the crate `{name}`"))?;
        found.extend(circles(&name, &source));
        violations.extend(upwards(&name, &source, &LAYERS));
        violations.extend(iam_layers::check(&name, &source));
        violations.extend(iam_tables::check(&name, &source));
        violations.extend(statements::check(&name, &source));
        violations.extend(rows::check(&name, &source));
    }
    let list = Path::new(root).join(ALLOWED);
    let allowed = Allowed::parse(&std::fs::read_to_string(&list).unwrap_or_default())?;
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        std::fs::write(&list, allowed.shrunk(&found).to_string())
            .with_context(|| format!("cannot write `{}`", list.display()))?;
        violations.extend(allowed.shrunk(&found).judge(&found));
        return Ok(violations);
    }
    violations.extend(allowed.judge(&found));
    Ok(violations)
}

/// The programs and libraries of the workspace: their crates' names, and the files they begin with.
fn roots(metadata: &Value) -> Vec<(String, PathBuf)> {
    let all = |value: &Value, key: &str| -> Vec<Value> {
        let list = value.get(key).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut roots = Vec::new();
    for package in all(metadata, "packages") {
        for target in all(&package, "targets") {
            let ships = all(&target, "kind")
                .iter()
                .any(|kind| kind == "lib" || kind == "bin");
            if ships
                && let (Some(name), Some(file)) =
                    (text(&package, "name"), text(&target, "src_path"))
            {
                roots.push((name, PathBuf::from(file)));
            }
        }
    }
    roots
}

#[cfg(test)]
mod tests;
