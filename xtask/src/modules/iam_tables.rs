//! Each table of `iam` has a file in `repo`, of its name, or a folder: a statement that writes the table, or returns its rows,
//! is there. It may look into other tables.

use super::circle::named;
use super::iam_layers::{PACKAGE, REPO, is_statement};
use super::source::Source;

/// How a table that is written is named, wherever in a text.
const WRITES: [&str; 3] = ["INSERT INTO ", "UPDATE ", "DELETE FROM "];

/// Before the table whose rows a query returns.
const FROM: &str = "FROM";

/// What is not a table: `DO UPDATE SET`.
const SET: &str = "SET";

/// The statements of a crate that are in another table's file: nothing in another crate.
pub(super) fn check(package: &str, source: &Source) -> Vec<String> {
    let mut wrongs = Vec::new();
    if package != PACKAGE {
        return wrongs;
    }
    for module in &source.modules {
        let [layer, below @ ..] = &*module.path else {
            continue;
        };
        if layer != REPO {
            continue;
        }
        let own = below.first().map_or("", String::as_str);
        for quoted in &module.quoted {
            for table in tables(&quoted.text).filter(|table| table != own) {
                wrongs.push(format!(
                    "{PACKAGE}: line {} of `{}`: a statement that writes or returns rows of `{table}` belongs in \
                     `{REPO}/{table}.rs`",
                    quoted.line,
                    named(&module.path)
                ));
            }
        }
    }
    wrongs
}

/// The tables that a text writes, wherever it says so, and the one whose rows it returns, if it is a query.
fn tables(text: &str) -> impl Iterator<Item = String> {
    let mut found: Vec<String> = WRITES
        .iter()
        .flat_map(|verb| text.match_indices(verb))
        .filter(|(at, _)| is_begin_of_word(text, *at))
        .filter_map(|(at, verb)| text.get(at + verb.len()..))
        .map(name)
        .filter(|table| table != SET)
        .collect();
    if found.is_empty() && is_statement(text) {
        found.extend(returned(text));
    }
    found.into_iter()
}

/// The table after the first `FROM` that stands in no brackets; where a query follows there, the one of that.
fn returned(text: &str) -> Option<String> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 0 || !is_begin_of_word(text, at) {
            continue;
        }
        let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix(FROM)) else {
            continue;
        };
        let rest = rest.trim_start();
        return match rest.strip_prefix('(') {
            Some(inner) => returned(inner),
            None => Some(name(rest)),
        };
    }
    None
}

/// The word that a text begins with.
fn name(text: &str) -> String {
    let text = text.trim_start();
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.chars().take_while(|own| is_part(*own)).collect()
}

fn is_begin_of_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::super::tests::krate;
    use super::*;

    /// What is wrong where `repo/users.rs`, `repo/invitations/mails.rs` and `repo/acts/mod.rs` are this text.
    fn found(text: &str) -> [Vec<String>; 3] {
        let of = |place: &str| {
            let text = |own: &str| if own == place { text } else { "" }.to_owned();
            let files = [
                ("src/lib.rs", "mod repo;".to_owned()),
                (
                    "src/repo/mod.rs",
                    "mod acts; mod invitations; mod users;".to_owned(),
                ),
                ("src/repo/users.rs", text("users")),
                ("src/repo/invitations/mod.rs", "mod mails;".to_owned()),
                ("src/repo/invitations/mails.rs", text("mails")),
                ("src/repo/acts/mod.rs", text("acts")),
            ];
            let files: Vec<(&str, &str)> = files
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            assert!(check("wire", &krate(&files)).is_empty());
            check(PACKAGE, &krate(&files))
        };
        [of("users"), of("mails"), of("acts")]
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
        ] {
            let [users, mails, acts] = found(&format!("fn f() {{ g({sql:?}) }}"));
            assert_eq!(users, Vec::<String>::new(), "{sql}");
            for wrongs in [mails, acts] {
                assert_eq!(wrongs.len(), 1, "{sql}: {wrongs:?}");
                assert!(wrongs[0].contains("`users`"), "{sql}: {wrongs:?}");
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
            "const A: Two = two!(\"SELECT guid FROM users\", \"guid\");",
            "mod inner { const A: &str = \"UPDATE users SET home = $1\"; }",
        ] {
            let [users, mails, acts] = found(text);
            assert_eq!((users.len(), mails.len(), acts.len()), (0, 1, 1), "{text}");
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
            for wrongs in found(text) {
                assert_eq!(wrongs, Vec::<String>::new(), "{text}");
            }
        }
    }
}
