//! What the layers of `iam` know: the database's statements are in `repo` alone, and `model`, `policy` and `token` know no
//! database at all.

/// The crate's sources.
const SOURCES: &str = "crates/iam/src/";

/// Where every statement is.
const REPO: &str = "repo/";

/// What is the same on any database, and without one.
const PURE: [&str; 3] = ["model/", "policy/", "token/"];

/// What knows a database: its crate, the statements, and the error that may be the database's. The pure layers refuse with
/// `Refusal`, `AuthError` or `KeyError`.
const IMPURE: [&str; 4] = ["db::", "crate::repo", "crate::error", "IamError"];

/// How statements begin.
const STATEMENTS: [&str; 6] = [
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"UPDATE ",
    "\"DELETE FROM ",
    "\"WITH ",
    "\"LOCK ",
];

/// The first line of a file's tests, which may do what they like.
const TESTS: &str = "#[cfg(test)]";

/// What is wrong in a file: nothing where it is none of the crate's.
pub(crate) fn check(name: &str, text: &str) -> Vec<String> {
    let Some(place) = name.strip_prefix(SOURCES) else {
        return Vec::new();
    };
    let mut wrongs = Vec::new();
    let is_pure = PURE.iter().any(|folder| place.starts_with(folder));
    let lines = text.lines().take_while(|line| *line != TESTS);
    for (number, line) in (1..).zip(lines) {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if !place.starts_with(REPO) && STATEMENTS.iter().any(|start| line.contains(start)) {
            wrongs.push(format!(
                "{name}:{number}: a statement of the database belongs in `{SOURCES}{REPO}`, in the file of its table"
            ));
        }
        if is_pure && let Some(word) = IMPURE.iter().find(|word| line.contains(**word)) {
            wrongs.push(format!(
                "{name}:{number}: `model`, `policy` and `token` know no database, and so no `{word}`"
            ));
        }
    }
    wrongs
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: &str = "    let sql = \"UPDATE users SET proof = $2 WHERE guid = $1\";\n";

    #[test]
    fn a_statement_is_in_repo_alone() {
        let found = check("crates/iam/src/flow/grant.rs", STATEMENT);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("crates/iam/src/flow/grant.rs:1: "));
        assert!(check("crates/iam/src/repo/users.rs", STATEMENT).is_empty());
        assert!(check("crates/db/src/sqlite.rs", STATEMENT).is_empty());
        let in_tests = format!("{TESTS}\nmod tests {{\n{STATEMENT}}}\n");
        assert!(check("crates/iam/src/flow/grant.rs", &in_tests).is_empty());
    }

    #[test]
    fn model_policy_and_token_know_no_database() {
        for line in [
            "use db::Row;\n",
            "use crate::repo::users;\n",
            "use crate::error::AuthError;\n",
            "fn check() -> Result<(), IamError> {\n",
        ] {
            assert_eq!(check("crates/iam/src/model/role.rs", line).len(), 1);
            assert!(check("crates/iam/src/manage/org.rs", line).is_empty());
        }
    }
}
