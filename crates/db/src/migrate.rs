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
    Step {
        version: 12,
        sqlite: include_str!("../migrations/sqlite/0012_principals.sql"),
        postgres: include_str!("../migrations/postgres/0012_principals.sql"),
    },
    Step {
        version: 13,
        sqlite: include_str!("../migrations/sqlite/0013_schemas.sql"),
        postgres: include_str!("../migrations/postgres/0013_schemas.sql"),
    },
    Step {
        version: 14,
        sqlite: include_str!("../migrations/sqlite/0014_events.sql"),
        postgres: include_str!("../migrations/postgres/0014_events.sql"),
    },
    Step {
        version: 15,
        sqlite: include_str!("../migrations/sqlite/0015_key_before_names.sql"),
        postgres: include_str!("../migrations/postgres/0015_key_before_names.sql"),
    },
    Step {
        version: 16,
        sqlite: include_str!("../migrations/sqlite/0016_service_ids.sql"),
        postgres: include_str!("../migrations/postgres/0016_service_ids.sql"),
    },
    Step {
        version: 19,
        sqlite: include_str!("../migrations/sqlite/0019_policies.sql"),
        postgres: include_str!("../migrations/postgres/0019_policies.sql"),
    },
    Step {
        version: 21,
        sqlite: include_str!("../migrations/sqlite/0021_account_settings.sql"),
        postgres: include_str!("../migrations/postgres/0021_account_settings.sql"),
    },
    Step {
        version: 22,
        sqlite: include_str!("../migrations/sqlite/0022_access_groups.sql"),
        postgres: include_str!("../migrations/postgres/0022_access_groups.sql"),
    },
    Step {
        version: 23,
        sqlite: include_str!("../migrations/sqlite/0023_resources.sql"),
        postgres: include_str!("../migrations/postgres/0023_resources.sql"),
    },
    Step {
        version: 24,
        sqlite: include_str!("../migrations/sqlite/0024_profiles.sql"),
        postgres: include_str!("../migrations/postgres/0024_profiles.sql"),
    },
    Step {
        version: 26,
        sqlite: include_str!("../migrations/sqlite/0026_activity.sql"),
        postgres: include_str!("../migrations/postgres/0026_activity.sql"),
    },
    Step {
        version: 28,
        sqlite: include_str!("../migrations/sqlite/0028_policies_by_principal.sql"),
        postgres: include_str!("../migrations/postgres/0028_policies_by_principal.sql"),
    },
    Step {
        version: 29,
        sqlite: include_str!("../migrations/sqlite/0029_delegated.sql"),
        postgres: include_str!("../migrations/postgres/0029_delegated.sql"),
    },
    Step {
        version: 30,
        sqlite: include_str!("../migrations/sqlite/0030_sessions_by_account.sql"),
        postgres: include_str!("../migrations/postgres/0030_sessions_by_account.sql"),
    },
    Step {
        version: 31,
        sqlite: include_str!("../migrations/sqlite/0031_authorizations.sql"),
        postgres: include_str!("../migrations/postgres/0031_authorizations.sql"),
    },
    Step {
        version: 32,
        sqlite: include_str!("../migrations/sqlite/0032_time_conditions.sql"),
        postgres: include_str!("../migrations/postgres/0032_time_conditions.sql"),
    },
    Step {
        version: 33,
        sqlite: include_str!("../migrations/sqlite/0033_account_locks.sql"),
        postgres: include_str!("../migrations/postgres/0033_account_locks.sql"),
    },
    Step {
        version: 34,
        sqlite: include_str!("../migrations/sqlite/0034_sessions_by_end.sql"),
        postgres: include_str!("../migrations/postgres/0034_sessions_by_end.sql"),
    },
    Step {
        version: 35,
        sqlite: include_str!("../migrations/sqlite/0035_random_tenants.sql"),
        postgres: include_str!("../migrations/postgres/0035_random_tenants.sql"),
    },
];

/// Takes our advisory lock in PostgreSQL: two nodes that start together migrate one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(94872728585473)";

pub(crate) async fn run(db: &Db) -> Result<(), DbError> {
    run_steps(db, STEPS).await
}

/// Whether a program of ours has made its tables.
pub(crate) async fn has_tables(db: &Db) -> Result<bool, DbError> {
    let sql = match db {
        Db::Sqlite(..) => "SELECT COUNT(*) AS found FROM sqlite_master WHERE name = 'migrations'",
        Db::Pg(_) => {
            // Also those that this user may not read: that is said then, and not that there are none.
            "SELECT COUNT(*) AS found FROM pg_catalog.pg_class \
             WHERE relname = 'migrations' AND relkind = 'r' AND pg_table_is_visible(oid)"
        }
    };
    let found = db.one(sql, &[]).await?;
    Ok(found.map_or(Ok(0), |row| row.int("found"))? > 0)
}

async fn run_steps(db: &Db, steps: &[Step]) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if matches!(db, Db::Pg(_)) {
        // Another node may migrate for longer than a statement waits for a lock.
        tx.execute_patiently("SET LOCAL lock_timeout = 0").await?;
        tx.execute_patiently("SET LOCAL idle_in_transaction_session_timeout = 0")
            .await?;
        tx.execute_patiently(LOCK).await?;
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
    let known = steps.last().map_or(0, |step| step.version);
    if found > known {
        return Err(DbError::Newer { found, known });
    }
    for step in steps.iter().filter(|step| step.version > found) {
        let text = if matches!(db, Db::Pg(_)) {
            step.postgres
        } else {
            step.sqlite
        };
        for statement in statements(text) {
            tx.execute_patiently(statement).await?;
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
    use crate::disk_space::{DiskSpace, DiskTracked};
    use crate::write_turns::WriteTurns;
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
    use std::collections::BTreeSet;

    /// A statement that creates or drops a trigger or its function; these have no syntax in common.
    fn is_trigger(statement: &&str) -> bool {
        let starts = ["CREATE TRIGGER", "DROP TRIGGER", "CREATE FUNCTION"];
        let mut lines = statement.lines();
        lines.any(|line| starts.iter().any(|start| line.starts_with(start)))
    }

    /// Both folders describe the same tables: the texts are equal after replacing two type names.
    #[test]
    fn both_databases_get_the_same_tables() {
        for step in STEPS {
            let sqlite = statements(step.sqlite).filter(|statement| !is_trigger(statement));
            let sqlite =
                sqlite.map(|sql| sql.replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA"));
            let postgres = statements(step.postgres).filter(|statement| !is_trigger(statement));
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
            let words = statements(text).filter(is_trigger).flat_map(|statement| {
                let words: Vec<_> = statement.split_whitespace().collect();
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

    /// A database in memory: one connection, because each has its own.
    async fn in_memory() -> Db {
        let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options.foreign_keys(true)).await.unwrap();
        let tracked = DiskTracked::new(pool, DiskSpace::default());
        Db::Sqlite(tracked, WriteTurns::new())
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "rows of an earlier version")]
    async fn users_become_principals_and_keep_what_they_have() {
        let db = in_memory().await;
        let (before, _) = STEPS.split_at(STEPS.partition_point(|step| step.version < 12));
        run_steps(&db, before).await.unwrap();
        for sql in [
            "INSERT INTO accounts (guid, name, owner, created_at) VALUES ('a', 'acme', 'u', 1)",
            "INSERT INTO users (guid, home, email, folded, proof, given_name, family_name, password, created_at) \
             VALUES ('u', 'a', 'Ada@x', 'ada@x', 'code', 'Ada', '', 'hash', 7)",
            "INSERT INTO members (account, person, added_at, invitation) VALUES ('a', 'u', 2, 'i')",
            "INSERT INTO roles (person, domain, role) VALUES ('u', 'a-a', 'Administrator')",
            "INSERT INTO deleted_roles (person, domain, role) VALUES ('u', 's-s', 'Manager')",
            "INSERT INTO departures (account, person, left_at) VALUES ('b', 'u', 3)",
            "INSERT INTO api_keys (guid, account, person, name, description, hash, locked, disabled, revision, created_at, \
             modified_at, reach_only) VALUES ('k', 'a', 'u', 'ci', '', x'01', 0, 0, 1, 4, 5, 'send')",
            "INSERT INTO sessions (guid, account, person, created_at, expires_at) VALUES ('s', 'a', 'u', 1, 2)",
            "INSERT INTO refresh_tokens (hash, session, client, person, grant_type, expires_at) \
             VALUES (x'02', 's', 'bx', 'u', 'password', 9)",
            "INSERT INTO passcodes (hash, person, expires_at) VALUES (x'03', 'u', 9)",
            "INSERT INTO password_resets (person, code_hash, expires_at) VALUES ('u', x'04', 9)",
            "INSERT INTO login_sources (hash, person, seen_at) VALUES (x'05', 'u', 9)",
        ] {
            db.execute(sql, &[]).await.unwrap();
        }
        run(&db).await.unwrap();
        for (sql, rows) in [
            (
                "SELECT 1 FROM principals WHERE guid = 'u' AND kind = 'user'",
                1,
            ),
            (
                "SELECT 1 FROM users WHERE email = 'Ada@x' AND folded = 'ada@x' AND proof = 'code' AND password = 'hash'",
                1,
            ),
            (
                "SELECT 1 FROM members WHERE principal = 'u' AND added_at = 2 AND invitation = 'i'",
                1,
            ),
            (
                "SELECT 1 FROM roles WHERE principal = 'u' AND domain = 'a-a'",
                1,
            ),
            (
                "SELECT 1 FROM deleted_roles WHERE principal = 'u' AND domain = 's-s'",
                1,
            ),
            (
                "SELECT 1 FROM departures WHERE principal = 'u' AND left_at = 3",
                1,
            ),
            (
                "SELECT 1 FROM api_keys WHERE principal = 'u' AND hash = x'01' AND reach_only = 'send'",
                1,
            ),
            ("SELECT 1 FROM sessions WHERE principal = 'u'", 1),
            ("SELECT 1 FROM refresh_tokens WHERE principal = 'u'", 1),
            ("SELECT 1 FROM passcodes WHERE user_id = 'u'", 1),
            ("SELECT 1 FROM password_resets WHERE user_id = 'u'", 1),
            ("SELECT 1 FROM login_sources WHERE user_id = 'u'", 1),
            ("SELECT 1 FROM changes WHERE kind = 'person'", 0),
        ] {
            assert_eq!(db.all(sql, &[]).await.unwrap().len(), rows, "{sql}");
        }
        // The references and the change log are those of the new tables.
        let orphan =
            "INSERT INTO roles (principal, domain, role) VALUES ('nobody', 'a-a', 'Editor')";
        db.execute(orphan, &[]).await.unwrap_err();
        db.execute("DELETE FROM principals WHERE guid = 'u'", &[])
            .await
            .unwrap_err();
        db.execute("DELETE FROM changes", &[]).await.unwrap();
        db.execute("DELETE FROM roles WHERE principal = 'u'", &[])
            .await
            .unwrap();
        let logged = db.all("SELECT kind, id FROM changes", &[]).await.unwrap();
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].text("kind").unwrap(), "principal");
        assert_eq!(logged[0].text("id").unwrap(), "u");
    }

    #[test]
    fn steps_are_numbered_in_their_order() {
        let versions: Vec<i64> = STEPS.iter().map(|step| step.version).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }
}
