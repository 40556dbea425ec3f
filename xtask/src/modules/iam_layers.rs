//! What the layers of `iam` know: the database's statements are in `repo` alone (in which file, `iam_tables.rs` says), and
//! `model`, `policy` and `token` know no database at all.

use super::circle::named;
use super::reference::{Kind, Reference};
use super::resolve::{Target, resolve};
use super::source::Source;

/// The crate.
pub(super) const PACKAGE: &str = "iam";

/// Where every statement is.
pub(super) const REPO: &str = "repo";

/// What is the same on any database, and without one.
const PURE: [&str; 3] = ["model", "policy", "token"];

/// What knows a database: the statements, and the error that may be the database's. The pure layers refuse with `Refusal`,
/// `AuthError` or `KeyError`.
const IMPURE: [&str; 2] = [REPO, "error"];

/// The crates that do.
const DATABASES: [&str; 2] = ["db", "sqlx"];

/// How statements begin.
const STATEMENTS: [&str; 6] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "WITH ",
    "LOCK ",
];

/// What is wrong in a crate: nothing in another.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut wrongs = Vec::new();
    if package != PACKAGE {
        return wrongs;
    }
    for (number, module) in source.modules.iter().enumerate() {
        let layer = module.path.first().map_or("", String::as_str);
        let place = |line: usize| format!("{PACKAGE}: line {line} of `{}`", named(&module.path));
        if layer != REPO {
            for quoted in &module.quoted {
                if is_statement(&quoted.text) {
                    wrongs.push(format!(
                        "{}: a statement of the database belongs in `{REPO}`, in the file of its table",
                        place(quoted.line)
                    ));
                }
            }
        }
        if !PURE.contains(&layer) {
            continue;
        }
        for reference in &module.references {
            if knows_a_database(source, number, reference) {
                wrongs.push(format!(
                    "{}: `model`, `policy` and `token` know no database, and so no `{}`",
                    place(reference.line),
                    reference.segments.join("::")
                ));
            }
        }
    }
    wrongs
}

/// Whether a text is a statement of the database.
pub(super) fn is_statement(text: &str) -> bool {
    let text = text.trim_start();
    STATEMENTS.iter().any(|start| text.starts_with(start))
}

/// Whether the path leads to an impure module or through one, whatever form it has, or to a database's crate.
fn knows_a_database(source: &Source, number: usize, reference: &Reference) -> bool {
    let segments = &reference.segments;
    let is_own = resolve(source, number, segments).is_some();
    // A variable may be called `db`.
    let is_a_path = segments.len() > 1 || reference.kind != Kind::Code;
    let first = segments.first().map_or("", String::as_str);
    if !is_own && is_a_path && DATABASES.contains(&first) {
        return true;
    }
    (1..=segments.len()).any(|length| {
        let Some(part) = segments.get(..length) else {
            return false;
        };
        let (Some(Target::Module(found)) | Some(Target::Item(found))) =
            resolve(source, number, part)
        else {
            return false;
        };
        let layer = source.modules.get(found).and_then(|own| own.path.first());
        layer.is_some_and(|layer| IMPURE.contains(&layer.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::krate;
    use super::*;

    /// What is wrong with a crate whose `model/role.rs`, `manage.rs` and `repo/users.rs` are this text.
    fn found(model: &str, manage: &str, users: &str) -> Vec<String> {
        let files = [
            (
                "src/lib.rs",
                "mod error; mod auth_error; mod manage; mod model; mod repo; pub use error::{AuthError, IamError};",
            ),
            (
                "src/error.rs",
                "pub use crate::auth_error::AuthError; pub enum IamError {} impl From<db::Error> for IamError {}",
            ),
            ("src/auth_error.rs", "pub enum AuthError {}"),
            ("src/manage.rs", manage),
            ("src/model/mod.rs", "mod role;"),
            ("src/model/role.rs", model),
            ("src/repo/mod.rs", "pub mod users;"),
            ("src/repo/users.rs", users),
        ];
        assert!(check("wire", &krate(&files)).is_empty());
        check(PACKAGE, &krate(&files))
    }

    #[test]
    fn a_statement_is_in_repo_alone() {
        let fine = "fn f() { g(\"UPDATE users SET proof = $2\") }";
        assert_eq!(found("", "", fine), Vec::<String>::new());
        for text in [
            fine,
            "fn f() { g(r#\"SELECT 1\"#) }",
            "fn f() { g(\"\n   WITH x AS (SELECT 1)\") }",
            "const A: &str = \"DELETE FROM users\";",
            "fn f() { g(format!(\"INSERT INTO {t}\")) }",
            "mod inner { fn f() { g(\"LOCK users\") } }",
        ] {
            let wrongs = found("", text, "");
            assert_eq!(wrongs.len(), 1, "{text}: {wrongs:?}");
            assert!(wrongs[0].starts_with("iam: line "), "{wrongs:?}");
        }
        for text in [
            "/// \"UPDATE users\"\nfn f() {}",
            "#[cfg(test)] mod tests { fn f() { g(\"UPDATE users\") } }",
            "fn f() { g(\"UPDATED\") }",
        ] {
            assert_eq!(found("", text, ""), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn model_policy_and_token_know_no_database() {
        for line in [
            "use db::Row;",
            "use db as other;",
            "use ::{db::Row};",
            "fn f(_: sqlx::Error) {}",
            "use crate::repo::users;",
            "use crate::{repo::users};",
            "use crate::repo;",
            "use crate::repo::*;",
            "use super::super::repo::users;",
            "use crate as own; fn f() { own::repo::users::all() }",
            "use crate::error::AuthError;",
            "use crate::{error::AuthError};",
            "use crate::{IamError as Error};",
            "fn check() -> Result<(), crate::IamError> {}",
            "fn f() { println!(\"{}\", crate::repo::users::all()) }",
        ] {
            assert!(!found(line, "", "").is_empty(), "{line}");
            assert!(
                found("", &line.replace("super::super", "super"), "").is_empty(),
                "{line}"
            );
        }
        for line in [
            "use crate::AuthError;",
            "use crate::auth_error::AuthError;",
            "fn f(db: u8) -> u8 { db }",
            "#[cfg(test)] use crate::repo::users;",
            "// crate::repo::users",
        ] {
            assert_eq!(found(line, "", ""), Vec::<String>::new(), "{line}");
        }
    }
}
