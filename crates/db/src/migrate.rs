//! Migrates a database to this program's version: numbered steps, with a text for each kind of database, each run once.

use crate::{Db, DbError, Value};

struct Step {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        version: 1,
        sqlite: include_str!("../migrations/sqlite/0001_identity.sql"),
        postgres: include_str!("../migrations/postgres/0001_identity.sql"),
    },
    Step {
        version: 2,
        sqlite: include_str!("../migrations/sqlite/0002_sweep.sql"),
        postgres: include_str!("../migrations/postgres/0002_sweep.sql"),
    },
    Step {
        version: 3,
        sqlite: include_str!("../migrations/sqlite/0003_invitations.sql"),
        postgres: include_str!("../migrations/postgres/0003_invitations.sql"),
    },
    Step {
        version: 4,
        sqlite: include_str!("../migrations/sqlite/0004_bounds.sql"),
        postgres: include_str!("../migrations/postgres/0004_bounds.sql"),
    },
    Step {
        version: 5,
        sqlite: include_str!("../migrations/sqlite/0005_login_sources.sql"),
        postgres: include_str!("../migrations/postgres/0005_login_sources.sql"),
    },
    Step {
        version: 6,
        sqlite: include_str!("../migrations/sqlite/0006_account_limits.sql"),
        postgres: include_str!("../migrations/postgres/0006_account_limits.sql"),
    },
    Step {
        version: 7,
        sqlite: include_str!("../migrations/sqlite/0007_lists.sql"),
        postgres: include_str!("../migrations/postgres/0007_lists.sql"),
    },
    Step {
        version: 8,
        sqlite: include_str!("../migrations/sqlite/0008_audit.sql"),
        postgres: include_str!("../migrations/postgres/0008_audit.sql"),
    },
    Step {
        version: 9,
        sqlite: include_str!("../migrations/sqlite/0009_deletions.sql"),
        postgres: include_str!("../migrations/postgres/0009_deletions.sql"),
    },
    Step {
        version: 10,
        sqlite: include_str!("../migrations/sqlite/0010_deleted_accounts.sql"),
        postgres: include_str!("../migrations/postgres/0010_deleted_accounts.sql"),
    },
    Step {
        version: 11,
        sqlite: include_str!("../migrations/sqlite/0011_changes.sql"),
        postgres: include_str!("../migrations/postgres/0011_changes.sql"),
    },
];

/// The number of our advisory lock in PostgreSQL: two nodes that start together migrate one after the other.
const LOCK: i64 = 0x5649_4749_4501;

pub(crate) async fn run(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if matches!(db, Db::Pg(_)) {
        // Another node may migrate for longer than a statement waits for a lock.
        tx.execute("SET LOCAL lock_timeout = 0", &[]).await?;
        tx.one("SELECT pg_advisory_xact_lock($1)", &[Value::from(LOCK)])
            .await?;
    }
    tx.execute(
        "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY)",
        &[],
    )
    .await?;
    let found = tx
        .one(
            "SELECT COALESCE(MAX(version), 0) AS version FROM migrations",
            &[],
        )
        .await?;
    let found = found.map_or(Ok(0), |row| row.int("version"))?;
    let known = STEPS.last().map_or(0, |step| step.version);
    if found > known {
        return Err(DbError::Newer { found, known });
    }
    for step in STEPS.iter().filter(|step| step.version > found) {
        let text = if matches!(db, Db::Pg(_)) {
            step.postgres
        } else {
            step.sqlite
        };
        for statement in statements(text) {
            tx.execute(statement, &[]).await?;
        }
        tx.execute(
            "INSERT INTO migrations (version) VALUES ($1)",
            &[Value::from(step.version)],
        )
        .await?;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "tables are no change that anybody made"
    )]
    tx.commit().await
}

/// In our migration files a `;` before an empty line ends a statement: statements inside a trigger have no empty line
/// after them.
fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(";\n\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A statement that creates a trigger or its function; these have no syntax in common.
    fn is_trigger(statement: &&str) -> bool {
        statement
            .lines()
            .any(|line| line.starts_with("CREATE TRIGGER") || line.starts_with("CREATE FUNCTION"))
    }

    /// Both folders describe the same tables: the texts are equal after replacing two type names.
    #[test]
    fn both_databases_get_the_same_tables() {
        for step in STEPS {
            let sqlite = statements(step.sqlite).filter(|own| !is_trigger(own));
            let sqlite =
                sqlite.map(|own| own.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA"));
            let postgres = statements(step.postgres).filter(|own| !is_trigger(own));
            assert!(
                sqlite.eq(postgres.map(str::to_owned)),
                "step {}",
                step.version
            );
        }
    }

    /// Both databases log changes of the same tables.
    #[test]
    fn both_databases_have_triggers_on_the_same_tables() {
        let watched = |text: &'static str| -> BTreeSet<&'static str> {
            let words = statements(text).filter(is_trigger).flat_map(|own| {
                let words: Vec<_> = own.split_whitespace().collect();
                let on = words
                    .windows(2)
                    .filter(|pair| pair[0] == "ON")
                    .map(|pair| pair[1]);
                on.collect::<Vec<_>>()
            });
            words.collect()
        };
        for step in STEPS {
            let mut postgres = watched(step.postgres);
            // Notifies listeners, which SQLite does not have.
            postgres.remove("counters");
            assert_eq!(watched(step.sqlite), postgres, "step {}", step.version);
        }
    }

    #[test]
    fn steps_are_numbered_in_their_order() {
        let versions: Vec<i64> = STEPS.iter().map(|step| step.version).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }
}
