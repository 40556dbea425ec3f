//! Each table of `iam` has a file in `repo`, of its name, or a folder: a statement that writes the table, or returns its rows,
//! is there. It may look into other tables.

use super::circle::named;
use super::iam_layers::{PACKAGE, REPO};
use super::source::Source;
use super::sql::tables;

/// The statements of a crate that are in another table's file: nothing in another crate.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    if package != PACKAGE {
        return violations;
    }
    for module in &source.modules {
        let [layer, below @ ..] = &*module.path else {
            continue;
        };
        if layer != REPO {
            continue;
        }
        let own_table = below.first().map_or("", String::as_str);
        for quoted in &module.quoted {
            for table in tables(&quoted.text)
                .iter()
                .filter(|table| *table != own_table)
            {
                violations.push(format!(
                    "{PACKAGE}: line {} of `{}`: a statement that writes or returns rows of `{table}` belongs in \
                     `{REPO}/{table}.rs`",
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
    use super::super::tests::krate;
    use super::*;

    /// The mistakes where `repo/users.rs`, `repo/invitations/mails.rs` and `repo/transactions/mod.rs` are this text.
    fn found(text: &str) -> [Vec<String>; 3] {
        let of = |place: &str| {
            let text = |candidate: &str| if candidate == place { text } else { "" }.to_owned();
            let files = [
                ("src/lib.rs", "mod repo;".to_owned()),
                (
                    "src/repo/mod.rs",
                    "mod invitations; mod transactions; mod users;".to_owned(),
                ),
                ("src/repo/users.rs", text("users")),
                ("src/repo/invitations/mod.rs", "mod mails;".to_owned()),
                ("src/repo/invitations/mails.rs", text("mails")),
                ("src/repo/transactions/mod.rs", text("transactions")),
            ];
            let files: Vec<(&str, &str)> = files
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            assert!(check("wire", &krate(&files)).is_empty());
            check(PACKAGE, &krate(&files))
        };
        [of("users"), of("mails"), of("transactions")]
    }

    #[test]
    fn a_statement_is_in_the_file_of_its_table() {
        for sql in [
            "UPDATE users SET proof = $2",
            "DELETE FROM users WHERE guid IN (SELECT principal FROM members)",
            "INSERT INTO users (guid) SELECT user_id FROM invitations ON CONFLICT (guid) DO UPDATE SET home = $1",
            "\n  DELETE FROM users",
            "SELECT guid FROM users",
            "SELECT (SELECT kind FROM principals WHERE guid = users.guid), guid FROM users",
            "SELECT users.guid FROM users JOIN invitations ON TRUE",
            "SELECT held.guid FROM (SELECT guid FROM users) AS held",
            "WITH RECURSIVE own (guid) AS (SELECT guid FROM members) SELECT guid FROM users",
            "SELECT guid FROM users FOR UPDATE SKIP LOCKED",
            "delete from users where guid = $1",
        ] {
            let [users, mails, transactions] = found(&format!("fn f() {{ g({sql:?}) }}"));
            assert_eq!(users, Vec::<String>::new(), "{sql}");
            for violations in [mails, transactions] {
                assert_eq!(violations.len(), 1, "{sql}: {violations:?}");
                assert!(violations[0].contains("`users`"), "{sql}: {violations:?}");
            }
        }
    }

    #[test]
    fn a_table_may_have_a_folder() {
        let [users, mails, _] = found("const A: &str = \"UPDATE invitations SET tries = 1\";");
        assert_eq!((users.len(), mails.len()), (1, 0));
    }

    #[test]
    fn a_write_is_found_in_a_part_of_a_statement_and_in_a_macro() {
        for text in [
            "const A: &str = concat!(\"WITH own AS (\", \"DELETE FROM users RETURNING guid)\");",
            "const A: &str = concat!(\"SELECT \", columns!(), \" FROM users\");",
            "const A: &str = concat!(\"DELETE \", \"FROM users\");",
            "const A: Two = two!(\"SELECT guid FROM users\", \"guid\");",
            "mod inner { const A: &str = \"UPDATE users SET home = $1\"; }",
        ] {
            let [users, mails, transactions] = found(text);
            assert_eq!(
                (users.len(), mails.len(), transactions.len()),
                (0, 1, 1),
                "{text}"
            );
        }
    }

    #[test]
    fn what_writes_and_returns_nothing_is_anywhere() {
        for text in [
            "const A: &str = \"domain IN (SELECT domain FROM domains)\";",
            "const A: &str = \"SELECT 1\";",
            "/// \"UPDATE users\"\nfn f() {}",
            "fn f() { g(\"an UPDATED or LAST_UPDATE users of\") }",
            "#[cfg(test)] mod tests { fn f() { g(\"UPDATE users\") } }",
        ] {
            for violations in found(text) {
                assert_eq!(violations, Vec::<String>::new(), "{text}");
            }
        }
    }
}
