//! Layers of `iam`: `model`, `policy` and `token` know no database at all. (That the statements and the rows are
//! in `repo` alone, `statements.rs` and `rows.rs` say.)

use super::circle::named;
use super::reference::{Kind, Reference};
use super::resolve::{Target, resolve};
use super::source::{Module, Source};

/// The crate.
pub(super) const PACKAGE: &str = "iam";

/// Where every statement is.
pub(super) const REPO: &str = "repo";

/// Layers that are the same on any database, and without one.
const PURE: [&str; 3] = ["model", "policy", "token"];

/// What the pure layers may use beside one another: small modules that know no database either.
const NEUTRAL: [&str; 5] = [
    "auth_error",
    "caller_roles",
    "entropy",
    "hidden_domain",
    "refusal",
];

/// The crate that speaks with the databases.
pub(super) const DB: &str = "db";

/// The crates that know one.
const DATABASES: [&str; 2] = [DB, "sqlx"];

/// The mistakes in a crate: none in another.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    if package != PACKAGE {
        return violations;
    }
    for (number, module) in source.modules.iter().enumerate() {
        let layer = module.path.first().map_or("", String::as_str);
        if !PURE.contains(&layer) {
            continue;
        }
        for reference in &module.references {
            if knows_a_database(source, number, reference) {
                violations.push(format!(
                    "{PACKAGE}: line {} of `{}`: `model`, `policy` and `token` know no database, and so no `{}`",
                    reference.line,
                    named(&module.path),
                    reference.segments.join("::")
                ));
            }
        }
    }
    violations
}

/// Whether a module of a crate is where the statements are, and the rows.
pub(super) fn is_in_repo(package: &str, module: &Module) -> bool {
    package == PACKAGE && module.path.first().is_some_and(|layer| layer == REPO)
}

/// Whether the path leads to a module that may know a database, or through one, whatever form it has, or to a database's crate.
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
        let layer = source
            .modules
            .get(found)
            .and_then(|module| module.path.first());
        layer.is_some_and(|layer| {
            let layer = layer.as_str();
            !PURE.contains(&layer) && !NEUTRAL.contains(&layer)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::krate;
    use super::*;

    /// The mistakes in a crate whose `model/role.rs` and `manage.rs` are this text.
    fn found(model: &str, manage: &str) -> Vec<String> {
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
            ("src/repo/users.rs", ""),
        ];
        assert!(check("wire", &krate(&files)).is_empty());
        check(PACKAGE, &krate(&files))
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
            "use crate::manage::list;",
            "fn f() { crate::manage::list() }",
        ] {
            assert!(!found(line, "").is_empty(), "{line}");
            assert!(
                found("", &line.replace("super::super", "super")).is_empty(),
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
            assert_eq!(found(line, ""), Vec::<String>::new(), "{line}");
        }
    }
}
