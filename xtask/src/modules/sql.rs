//! Finds SQL in a text, in capitals or not.

/// How statements begin that are known by their first word, where it is in capitals.
const STATEMENTS: [&str; 4] = ["SELECT", "UPDATE", "WITH", "LOCK"];

/// Before an `UPDATE` that writes nothing itself: `FOR UPDATE SKIP LOCKED`, `FOR NO KEY UPDATE`, `DO UPDATE SET`.
const BEFORE_A_CLAUSE: [&str; 3] = ["FOR", "KEY", "DO"];

/// How many words after `UPDATE` its `SET` may be: a schema, a table and an alias stand between them.
const WORDS_TO_SET_MAX: usize = 6;

/// Whether a text is a statement of the database, or writes a table anywhere in it. Small letters are SQL where the words after
/// them are those of a statement: `update users set`, and not `update the API key`.
pub(super) fn is_statement(text: &str) -> bool {
    let words = words(text);
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    if is_begun_in_capitals(text.trim_start()) || !writes(&words).is_empty() {
        return true;
    }
    let second = rest.first();
    if is(first, "SELECT") {
        // `Select` with a capital begins an English sentence, unless `FROM` has one too.
        let is_sentence = first.starts_with('S');
        return rest
            .iter()
            .any(|word| is(word, "FROM") && !(is_sentence && *word == "from"));
    }
    if is(first, "WITH") {
        let is_query =
            |pair: &[&str]| matches!(pair, [word, bracket] if is(word, "AS") && *bracket == "(");
        return second.is_some_and(|word| is(word, "RECURSIVE")) || rest.windows(2).any(is_query);
    }
    is(first, "LOCK") && second.is_some_and(|word| is(word, "TABLE")) && rest.len() > 1
}

/// The tables that a text writes, wherever it says so, and the one whose rows it returns, if it is a query. A name that is put
/// in later is empty.
pub(super) fn tables(text: &str) -> Vec<String> {
    let words = words(text);
    let mut found = writes(&words);
    if found.is_empty() && is_statement(text) {
        found.extend(returned(&words));
    }
    found
}

/// The words of a text, and its signs one by one. Quotes are left out: a name may stand in them.
fn words(text: &str) -> Vec<&str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|character| !is_part(character)) {
            Some(0) => first.len_utf8(),
            Some(length) => length,
            None => rest.len(),
        };
        let (word, after) = rest.split_at(length);
        if !(first.is_whitespace() || first == '"' || first == '`') {
            words.push(word);
        }
        rest = after;
    }
    words
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

/// Whether the text begins as a statement in capitals does. The word alone is none.
fn is_begun_in_capitals(text: &str) -> bool {
    let has_begun = |word: &str| {
        let rest = text.strip_prefix(word);
        rest.filter(|rest| {
            rest.starts_with(|next: char| next.is_whitespace() || "(*".contains(next))
        })
    };
    STATEMENTS.iter().any(|word| has_begun(word).is_some())
        || [("INSERT", "INTO"), ("DELETE", "FROM")]
            .iter()
            .any(|(one, two)| has_begun(one).is_some_and(|rest| rest.trim_start().starts_with(two)))
}

/// The tables after `INSERT INTO`, `UPDATE` and `DELETE FROM`.
fn writes(words: &[&str]) -> Vec<String> {
    let starts = 0..words.len();
    starts.filter_map(|at| written(words, at)).collect()
}

/// The table that is written by what begins at this word.
fn written(words: &[&str], at: usize) -> Option<String> {
    let (before, here) = words.split_at_checked(at)?;
    let verb = here.first()?;
    let before = before.last();
    let (is_update, rest) = match here {
        [one, two, rest @ ..] if is(one, "DELETE") && is(two, "FROM") => (false, rest),
        [one, two, rest @ ..] if is(one, "INSERT") && is(two, "INTO") => (false, rest),
        [one, or, _, two, rest @ ..] if is(one, "INSERT") && is(or, "OR") && is(two, "INTO") => {
            (false, rest)
        }
        [one, rest @ ..] if is(one, "UPDATE") => (true, rest),
        _ => return None,
    };
    let is_clause = |word: &&str| BEFORE_A_CLAUSE.iter().any(|keyword| is(word, keyword));
    if is_update && before.is_some_and(is_clause) {
        return None;
    }
    let name = rest.first()?;
    if !verb.chars().all(char::is_uppercase) {
        let is_in_a_sentence = before.is_some_and(|word| word.starts_with(char::is_alphanumeric));
        let is_set = rest
            .iter()
            .take(WORDS_TO_SET_MAX)
            .any(|word| is(word, "SET"));
        if is_in_a_sentence || (is_update && !is_set) {
            return None;
        }
    }
    Some(table(name))
}

/// The table after the first `FROM` that stands in no brackets; where a query follows there, the one of that.
fn returned(words: &[&str]) -> Option<String> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 0 || !is(word, "FROM") {
            continue;
        }
        let rest = words.get(at + 1..)?;
        return match rest {
            ["(", inner @ ..] => returned(inner),
            [name, "CROSS", "JOIN", other, ..] if is_list(words, name) => Some(table(other)),
            [name, ..] => Some(table(name)),
            [] => None,
        };
    }
    None
}

/// Whether the statement begins with a list of values of this name, which is no table: `WITH name (column) AS (VALUES`.
fn is_list(words: &[&str], name: &str) -> bool {
    let ["WITH", list, "(", _, ")", "AS", "(", "VALUES", ..] = words else {
        return false;
    };
    *list == name
}

/// A table's name as its file has it; empty where the word is none.
fn table(word: &str) -> String {
    if word.starts_with(|first: char| first.is_alphanumeric() || first == '_') {
        return word.to_ascii_lowercase();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_known_in_capitals_and_without() {
        for text in [
            "SELECT 1",
            "SELECT ",
            "INSERT INTO ",
            "LOCK users",
            "\n  WITH own AS (SELECT 1)",
            "DELETE  FROM users",
            "EXPLAIN DELETE FROM users",
            "insert into users (guid) values ($1)",
            "INSERT OR IGNORE INTO users (guid) VALUES ($1)",
            "update users set home = $1",
            "Update public.users as own Set home = $1",
            "delete\nfrom users",
            "delete from \"users\"",
            "select guid from users",
            "Select guid From users",
            "with recursive own (guid) as (select 1) select guid from own",
            "with own as (select 1) delete from users",
            "lock table users",
        ] {
            assert!(is_statement(text), "{text}");
        }
    }

    #[test]
    fn what_people_read_is_no_statement() {
        for text in [
            "",
            "SELECT",
            "UPDATE",
            "update the API key",
            "Select a region (or press Enter to skip):",
            "Select a region from the list",
            "with `password`",
            "with its spaces",
            "lock the API key",
            "cannot insert into {table}",
            "nothing to delete from here",
            "an UPDATED or LAST_UPDATE users of",
        ] {
            assert!(!is_statement(text), "{text}");
        }
    }

    #[test]
    fn a_lock_of_rows_writes_no_table() {
        for lock in [
            "FOR UPDATE SKIP LOCKED",
            "for update skip locked",
            "FOR UPDATE OF jobs NOWAIT",
            "FOR NO KEY UPDATE NOWAIT",
        ] {
            let query = format!("SELECT guid FROM jobs WHERE due < $1 {lock}");
            assert_eq!(tables(&query), ["jobs"], "{lock}");
            assert_eq!(tables(lock), Vec::<String>::new(), "{lock}");
            assert!(!is_statement(lock), "{lock}");
        }
    }

    #[test]
    fn every_table_that_is_written_is_named() {
        for (text, expected) in [
            ("delete from users where guid = $1", vec!["users"]),
            (
                "WITH a AS (UPDATE Roles SET x = 1) DELETE FROM users",
                vec!["roles", "users"],
            ),
            (
                "INSERT INTO users (guid) SELECT guid FROM roles",
                vec!["users"],
            ),
            ("select guid from users", vec!["users"]),
            (
                "WITH wanted (id) AS (VALUES ($1), ($2)) SELECT guid FROM wanted CROSS JOIN users WHERE guid = id",
                vec!["users"],
            ),
            ("INSERT INTO {t}", vec![""]),
        ] {
            assert_eq!(tables(text), expected, "{text}");
        }
    }
}
