//! The layering, checked: which of our crates may use which, and what each must never pull in.
//!
//! Our own edges are read from `cargo metadata` (declared dependencies of every kind, so a test can't go round the
//! layers either). What must never be there is looked for in the whole tree below a crate as it is really built, so a
//! dependency of a dependency counts too. What only tests use is free.
//!
//! Inside each crate, the files and folders use one another in one direction too (`modules.rs`).

use crate::modules;
use crate::process::{cargo, output_of};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;

/// One row of the table: the crate, the ones of ours it may use, and what must not be below it.
struct Rule {
    name: &'static str,
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

/// From the bottom up. A crate that is not here fails the check: give it a row, and so a place.
const RULES: [Rule; 13] = [
    // For tests alone: nothing that ships may have it below it.
    Rule {
        name: "testing",
        uses: &[],
        never: &["tokio", "sqlx", "hyper", "axum"],
    },
    Rule {
        name: "base",
        uses: &[],
        never: &[
            "tokio",
            "async-trait",
            "futures-util",
            "sqlx",
            "hyper",
            "axum",
            "ureq",
        ],
    },
    Rule {
        name: "wire",
        uses: &["base"],
        never: &[
            "tokio",
            "async-trait",
            "futures-util",
            "sqlx",
            "hyper",
            "axum",
            "ureq",
        ],
    },
    Rule {
        name: "journal",
        uses: &[],
        never: &["tokio", "sqlx", "hyper", "axum", "ureq"],
    },
    Rule {
        name: "agent",
        uses: &["base", "wire", "journal"],
        never: &["tokio", "sqlx", "hyper", "axum", "ureq", "clap"],
    },
    Rule {
        name: "query",
        uses: &["base"],
        never: &[
            "tokio",
            "async-trait",
            "futures-util",
            "sqlx",
            "hyper",
            "axum",
            "ureq",
        ],
    },
    Rule {
        name: "engine",
        uses: &["base"],
        never: &[
            "tokio",
            "async-trait",
            "futures-util",
            "sqlx",
            "hyper",
            "axum",
            "ureq",
        ],
    },
    Rule {
        name: "db",
        uses: &["base"],
        never: &["axum", "hyper", "ureq"],
    },
    Rule {
        name: "iam",
        uses: &["base", "db", "testing"],
        never: &["axum", "hyper", "ureq", "testing"],
    },
    Rule {
        name: "vigied",
        uses: &["base", "wire", "engine", "query", "db", "iam", "testing"],
        never: &["testing"],
    },
    Rule {
        name: "vigie",
        uses: &["agent", "base", "query", "wire", "testing"],
        never: &["tokio", "sqlx", "hyper", "axum", "testing"],
    },
    Rule {
        name: "benches",
        uses: &["base", "wire", "engine", "query", "db", "iam", "testing"],
        never: &[],
    },
    Rule {
        name: "xtask",
        uses: &["testing"],
        never: &["tokio", "sqlx", "hyper", "axum"],
    },
];

/// Nowhere, for any target: there is one cryptography library here, aws-lc, and one TLS, rustls.
const NEVER_ANYWHERE: [&str; 4] = ["native-tls", "openssl", "openssl-sys", "ring"];

pub(crate) fn run() -> Result<()> {
    let text =
        output_of(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let ours = read_workspace(&metadata)?;

    let mut violations = check_crates(&ours);
    violations.extend(modules::check(&metadata)?);
    for rule in RULES
        .iter()
        .filter(|rule| ours.iter().any(|our| our.name == rule.name))
    {
        let below = tree(&["--package", rule.name, "--edges", "normal,build"])?;
        violations.extend(check_never(rule.name, rule.never, &below));
    }
    let all = tree(&["--workspace", "--edges", "normal,build,dev"])?;
    violations.extend(check_never("the workspace", &NEVER_ANYWHERE, &all));

    for wrong in &violations {
        println!("check-deps: {wrong}");
    }
    match violations.len() {
        0 => Ok(()),
        count => bail!(
            "{count} dependencies go where they must not; the table is in `xtask/src/check_deps.rs`"
        ),
    }
}

/// One of our crates and the ones of ours that it names.
#[derive(Debug)]
struct WorkspaceCrate {
    name: String,
    uses: BTreeSet<String>,
}

fn read_workspace(metadata: &Value) -> Result<Vec<WorkspaceCrate>> {
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("`cargo metadata` names no packages")?;
    packages
        .iter()
        .map(|package| {
            let name = package
                .get("name")
                .and_then(Value::as_str)
                .context("a package without a name")?;
            let dependencies = package
                .get("dependencies")
                .and_then(Value::as_array)
                .context("no dependencies")?;
            let uses = dependencies
                .iter()
                // Only what lies in the workspace has a path.
                .filter(|dependency| dependency.get("path").is_some_and(Value::is_string))
                .filter_map(|dependency| dependency.get("name").and_then(Value::as_str))
                .map(str::to_owned)
                .collect();
            Ok(WorkspaceCrate {
                name: name.to_owned(),
                uses,
            })
        })
        .collect()
}

fn check_crates(ours: &[WorkspaceCrate]) -> Vec<String> {
    let mut violations = Vec::new();
    for our in ours {
        let Some(rule) = RULES.iter().find(|rule| rule.name == our.name) else {
            violations.push(format!("`{}` has no row in the table", our.name));
            continue;
        };
        for used in our
            .uses
            .iter()
            .filter(|used| !rule.uses.contains(&used.as_str()))
        {
            violations.push(format!("`{}` must not use `{used}`", our.name));
        }
    }
    violations
}

fn check_never(name: &str, never: &[&str], below: &BTreeSet<String>) -> Vec<String> {
    never
        .iter()
        .filter(|banned| below.contains(**banned))
        .map(|banned| {
            format!(
                "{name} must not pull in `{banned}` (`cargo tree --invert {banned}` shows the way)"
            )
        })
        .collect()
}

/// The names of all packages that `cargo tree` shows, for every target.
fn tree(arguments: &[&str]) -> Result<BTreeSet<String>> {
    let fixed = [
        "tree", "--locked", "--target", "all", "--prefix", "none", "--format", "{p}",
    ];
    let text = output_of(cargo().args(fixed).args(arguments))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, uses: &[&str]) -> WorkspaceCrate {
        WorkspaceCrate {
            name: name.to_owned(),
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn the_table_itself_only_points_downwards() {
        for (row, rule) in RULES.iter().enumerate() {
            for used in rule.uses {
                let below = RULES.iter().position(|other| other.name == *used);
                assert!(
                    below.is_some_and(|below| below < row),
                    "{} uses {used}",
                    rule.name
                );
            }
        }
    }

    #[test]
    fn a_crate_may_use_what_its_row_says_and_nothing_else() {
        assert!(
            check_crates(&[package("iam", &["base", "db"]), package("vigie", &["wire"])])
                .is_empty()
        );
        assert_eq!(
            check_crates(&[package("iam", &["base", "wire"])]),
            ["`iam` must not use `wire`"]
        );
        assert_eq!(
            check_crates(&[package("vigie", &["engine"])]),
            ["`vigie` must not use `engine`"]
        );
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(
            check_crates(&[package("common", &[])]),
            ["`common` has no row in the table"]
        );
    }

    #[test]
    fn what_is_banned_is_found_by_its_whole_name() {
        let below: BTreeSet<String> = ["tokio-util", "string", "ring"].map(str::to_owned).into();
        assert_eq!(check_never("engine", &["tokio", "ring"], &below).len(), 1);
    }

    #[test]
    fn only_dependencies_with_a_path_are_ours() {
        let metadata = json!({"packages": [{"name": "db", "dependencies": [
            {"name": "base", "path": "crates/base"},
            {"name": "sqlx", "path": null},
            {"name": "tokio"},
        ]}]});
        let ours = read_workspace(&metadata).unwrap();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].uses, BTreeSet::from(["base".to_owned()]));
    }
}
