//! The rows of the database stay in `repo` of `iam`, which reads their columns: everybody else has types. No other crate names
//! a row but `db`, which makes them.

use super::circle::named;
use super::iam_layers::{DB, is_in_repo};
use super::reference::{Kind, Reference};
use super::source::{Module, Source};

/// The type of rows in the crate `db`.
const ROW: &str = "Row";

/// The rows that a crate names elsewhere, or hands on from `repo`.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    if package == DB {
        return violations;
    }
    for module in &source.modules {
        let may_name_it = is_in_repo(package, module);
        for reference in &module.references {
            let is_handed_on = matches!(reference.kind, Kind::Reexport { .. });
            if (is_handed_on || !may_name_it) && is_row(module, reference) {
                violations.push(format!(
                    "{package}: line {} of `{}`: `{DB}::{ROW}` stays in `crates/iam/src/repo`: the file of its table decodes it \
                     into a type",
                    reference.line,
                    named(&module.path)
                ));
            }
        }
    }
    violations
}

/// Whether the path is that of a row. An import is reported, and not what it is used for.
fn is_row(module: &Module, reference: &Reference) -> bool {
    let segments: Vec<&str> = reference.segments.iter().map(String::as_str).collect();
    if segments.windows(2).any(|pair| pair == [DB, ROW]) {
        return true;
    }
    let is_whole_crate = |reference: &&Reference| reference.segments.as_slice() == [DB];
    let mut imports = module.references.iter().filter(is_whole_crate);
    match *segments {
        // `use db::*;`
        [ROW, ..] if reference.kind == Kind::Code => {
            imports.any(|import| import.kind == Kind::Glob)
        }
        // `use db as other;`
        [first, ROW, ..] => imports.any(|import| {
            matches!(&import.kind, Kind::Import { name } | Kind::Reexport { name } if name == first)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::iam_layers::PACKAGE;
    use super::super::tests::krate;
    use super::*;

    /// The mistakes in a crate of that name whose `sync.rs` and `repo/users.rs` are these texts.
    fn found(package: &str, sync: &str, users: &str) -> Vec<String> {
        let files = [
            ("src/lib.rs", "mod repo; mod sync;"),
            ("src/sync.rs", sync),
            ("src/repo/mod.rs", "mod users;"),
            ("src/repo/users.rs", users),
        ];
        check(package, &krate(&files))
    }

    const ROWS: [&str; 9] = [
        "use db::Row; fn f(row: &Row) {}",
        "use db::{Db, Row as Other}; fn f(row: &Other) {}",
        "use ::db::Row;",
        "fn f(rows: Vec<db::Row>) {}",
        "fn f() { g(db::Row::text) }",
        "fn f() { g!(db::Row) }",
        "use db as other; fn f(row: &other::Row) {}",
        "use db::*; fn f(row: &Row) {}",
        "mod inner { use db::Row; }",
    ];

    #[test]
    fn a_row_stays_in_repo_of_iam() {
        for text in ROWS {
            assert_eq!(found(PACKAGE, "", text), Vec::<String>::new(), "{text}");
            let violations = found(PACKAGE, text, "");
            assert_eq!(violations.len(), 1, "{text}: {violations:?}");
            assert!(
                violations[0].starts_with("iam: line 1 of"),
                "{violations:?}"
            );
        }
        let handed_on = "pub(crate) use db::Row;";
        assert_eq!(found(PACKAGE, "", handed_on).len(), 1);
    }

    #[test]
    fn no_other_crate_names_a_row_but_db() {
        for text in ROWS {
            for [sync, users] in [[text, ""], ["", text]] {
                assert_eq!(found("vigied", sync, users).len(), 1, "{text}");
                assert_eq!(found(DB, sync, users), Vec::<String>::new(), "{text}");
            }
        }
    }

    #[test]
    fn other_names_are_free() {
        for text in [
            "use db::{Db, Tx, Value};",
            "use crate::table::Row; fn f(row: &Row) {}",
            "use db::*; fn f(tx: &Tx) {}",
            "struct Row; fn f(row: &Row) {}",
            "#[cfg(test)] mod tests { use db::Row; }",
            "/// `db::Row`\nfn f() {}",
        ] {
            assert_eq!(found(PACKAGE, text, ""), Vec::<String>::new(), "{text}");
        }
    }
}
