//! The statements of the database are in `repo` of `iam` (in which file, `iam_tables.rs` says). No other crate has one but
//! `db`, which keeps its own list of migrations.

use super::circle::named;
use super::iam_layers::{DB, is_in_repo};
use super::source::Source;
use super::sql::is_statement;

/// The statements of a crate that are elsewhere.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    if package == DB {
        return violations;
    }
    for module in &source.modules {
        if is_in_repo(package, module) {
            continue;
        }
        for quoted in &module.quoted {
            if is_statement(&quoted.text) {
                violations.push(format!(
                    "{package}: line {} of `{}`: a statement of the database belongs in `crates/iam/src/repo`, in the file of its \
                     table",
                    quoted.line,
                    named(&module.path)
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::iam_layers::PACKAGE;
    use super::super::tests::krate;
    use super::*;

    /// The mistakes in a crate of that name whose `manage.rs` and `repo/users.rs` are these texts.
    fn found(package: &str, manage: &str, users: &str) -> Vec<String> {
        let files = [
            ("src/lib.rs", "mod manage; mod repo;"),
            ("src/manage.rs", manage),
            ("src/repo/mod.rs", "mod users;"),
            ("src/repo/users.rs", users),
        ];
        check(package, &krate(&files))
    }

    const STATEMENTS: [&str; 10] = [
        "fn f() { g(\"UPDATE users SET proof = $2\") }",
        "fn f() { g(r#\"SELECT 1\"#) }",
        "fn f() { g(\"\n   WITH x AS (SELECT 1)\") }",
        "const A: &str = \"DELETE FROM users\";",
        "const A: &str = \"delete from users\";",
        "const A: &str = concat!(\"DELETE \", \"FROM users\");",
        "const A: &str = std::concat!(\"up\", \"date users \", columns!(), \" set home = $1\");",
        "fn f() { g!(concat!(\"SELECT guid \", concat!(\"FROM \", \"users\"))) }",
        "fn f() { g(format!(\"INSERT INTO {t}\")) }",
        "mod inner { fn f() { g(\"LOCK users\") } }",
    ];

    #[test]
    fn a_statement_is_in_repo_of_iam_alone() {
        for text in STATEMENTS {
            assert_eq!(found(PACKAGE, "", text), Vec::<String>::new(), "{text}");
            let violations = found(PACKAGE, text, "");
            assert_eq!(violations.len(), 1, "{text}: {violations:?}");
            assert!(violations[0].starts_with("iam: line "), "{violations:?}");
        }
    }

    #[test]
    fn no_other_crate_has_a_statement_but_db() {
        let delete = "async fn f(db: &db::Db) { db.execute(\"DELETE FROM users\", &[]).await; }";
        for text in STATEMENTS.into_iter().chain([delete]) {
            for [manage, users] in [[text, ""], ["", text]] {
                let violations = found("vigied", manage, users);
                assert_eq!(violations.len(), 1, "{text}: {violations:?}");
                assert!(
                    violations[0].starts_with("vigied: line 1 of"),
                    "{violations:?}"
                );
                assert_eq!(found(DB, manage, users), Vec::<String>::new(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_statement_is_anywhere() {
        for text in [
            "/// \"UPDATE users\"\nfn f() {}",
            "#[cfg(test)] mod tests { fn f() { g(\"UPDATE users\") } }",
            "fn f() { g(\"UPDATED\") }",
            "fn f() { g(\"update the API key\") }",
            "const A: &str = concat!(\"with \", \"its spaces\");",
        ] {
            for package in [PACKAGE, "vigied"] {
                assert_eq!(found(package, text, ""), Vec::<String>::new(), "{text}");
            }
        }
    }
}
