//! The append-only table `audit`; entries that are too old or too many are deleted from its beginning.

use super::column::at;
use super::counters;
use super::selection::IDS_PER_STATEMENT;
use crate::audit::{Action, Entry, Recorded};
use crate::error::IamError;
use base::id::AccountId;
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// The columns of a [`Recorded`]: a macro, because a statement is made of literals.
macro_rules! columns {
    () => {
        "number, at, kind, event, outcome, who, credential, source, account, target, details, transaction_id, times"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
);

/// How many entries [`INSERT_MANY`] writes: with an organization go thousands of spaces, and an entry of each.
const MANY: usize = 16;

const INSERT_MANY: &str = concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ",
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13), ",
    "($14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26), ",
    "($27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39), ",
    "($40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52), ",
    "($53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65), ",
    "($66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78), ",
    "($79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90, $91), ",
    "($92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104), ",
    "($105, $106, $107, $108, $109, $110, $111, $112, $113, $114, $115, $116, $117), ",
    "($118, $119, $120, $121, $122, $123, $124, $125, $126, $127, $128, $129, $130), ",
    "($131, $132, $133, $134, $135, $136, $137, $138, $139, $140, $141, $142, $143), ",
    "($144, $145, $146, $147, $148, $149, $150, $151, $152, $153, $154, $155, $156), ",
    "($157, $158, $159, $160, $161, $162, $163, $164, $165, $166, $167, $168, $169), ",
    "($170, $171, $172, $173, $174, $175, $176, $177, $178, $179, $180, $181, $182), ",
    "($183, $184, $185, $186, $187, $188, $189, $190, $191, $192, $193, $194, $195), ",
    "($196, $197, $198, $199, $200, $201, $202, $203, $204, $205, $206, $207, $208)"
);

const AFTER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE number > $1 AND at >= $2 AND account >= $3 ORDER BY number LIMIT $4"
);

const OF_ACCOUNT_AFTER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE number > $1 AND at >= $2 AND account = $3 ORDER BY number LIMIT $4"
);

const OF_TARGET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE target = $1 AND account = $2 AND kind IN ('change', 'own') AND ($3 = '' OR event = $3) \
     ORDER BY number DESC LIMIT $4"
);

/// The entries of [`IDS_PER_STATEMENT`] objects. Each is looked up by itself in the index of the targets, and no further than the oldest
/// change that is asked for: the account is compared in a form that no index has, so that nobody looks through the whole account.
const OF_TARGETS: &str = concat!(
    "WITH wanted (object) AS (VALUES ",
    "(CAST($1 AS TEXT)), ($2), ($3), ($4), ($5), ($6), ($7), ($8), ($9), ($10), ($11), ($12), ($13), ($14), ($15), ",
    "($16), ($17), ($18), ($19), ($20), ($21), ($22), ($23), ($24), ($25), ($26), ($27), ($28), ($29), ($30), ($31), ",
    "($32), ($33), ($34), ($35), ($36), ($37), ($38), ($39), ($40), ($41), ($42), ($43), ($44), ($45), ($46), ($47), ",
    "($48), ($49), ($50)",
    ") SELECT ",
    columns!(),
    " FROM wanted CROSS JOIN audit WHERE audit.target = wanted.object AND audit.account || '' = $51 \
     AND audit.kind IN ('change', 'own') AND audit.number >= COALESCE((SELECT newer.number FROM audit AS newer \
     WHERE newer.target = wanted.object AND newer.account || '' = $51 AND newer.kind IN ('change', 'own') \
     ORDER BY newer.number DESC LIMIT 1 OFFSET $52), 0) ORDER BY audit.number DESC"
);

/// The latest changes of an object of the account, the newest first; only those by one action, if one is named.
pub(crate) async fn of_target(
    db: &Db,
    account: AccountId,
    target: &str,
    only: Option<Action>,
    most: i64,
) -> Result<Vec<Recorded>, IamError> {
    let values = [
        target.into(),
        account.to_string().into(),
        only.map_or("", Action::name).into(),
        most.into(),
    ];
    let rows = db.all(OF_TARGET, &values).await?;
    rows.iter().map(decode).collect()
}

/// The latest changes of several objects of the account, at most `most` of each, the newest first.
pub(crate) async fn of_targets(
    db: &Db,
    account: AccountId,
    targets: &[String],
    most: i64,
) -> Result<Vec<Recorded>, IamError> {
    let mut found = Vec::new();
    for some in targets.chunks(IDS_PER_STATEMENT) {
        let objects = some.iter().map(|target| Value::from(target.as_str()));
        // No object is the target that is not there.
        let nothing = std::iter::repeat_with(|| Value::Text(None));
        let mut values: Vec<Value> = objects.chain(nothing).take(IDS_PER_STATEMENT).collect();
        values.push(account.to_string().into());
        values.push(most.saturating_sub(1).into());
        for row in &db.all(OF_TARGETS, &values).await? {
            found.push(decode(row)?);
        }
    }
    Ok(found)
}

/// Writes entries with the next numbers. This must come last in the transaction: until it ends, other writers of
/// entries wait.
pub(crate) async fn write(tx: &mut Tx, entries: &[Entry], now: Millis) -> Result<(), IamError> {
    let amount = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let last = counters::next_entries(tx, amount).await?;
    let numbers = last.saturating_sub(amount).saturating_add(1)..;
    let rows = numbers.zip(entries);
    let rows: Vec<[Value; 13]> = rows
        .map(|(number, entry)| row(number, entry, now))
        .collect();
    for some in rows.chunks(MANY) {
        if some.len() == MANY {
            tx.execute(INSERT_MANY, some.as_flattened()).await?;
            continue;
        }
        for one in some {
            tx.execute(INSERT, one).await?;
        }
    }
    Ok(())
}

fn row(number: i64, entry: &Entry, now: Millis) -> [Value; 13] {
    [
        Value::from(number),
        entry.at.unwrap_or(now).0.into(),
        entry.kind().name().into(),
        entry.action.name().into(),
        entry.outcome.name().into(),
        entry.actor.to_string().into(),
        entry.credential.name().into(),
        entry.source.as_str().into(),
        account_text(entry).into(),
        entry.target.as_str().into(),
        entry.details().into(),
        entry.transaction.as_str().into(),
        i64::try_from(entry.times).unwrap_or(i64::MAX).into(),
    ]
}

fn account_text(entry: &Entry) -> String {
    entry
        .account
        .map_or_else(String::new, |account| account.to_string())
}

/// At most this many entries after this number and since this time; of the account only, if one is named.
pub(crate) async fn after(
    db: &Db,
    number: i64,
    since: Option<Millis>,
    account: Option<AccountId>,
    most: i64,
) -> Result<Vec<Recorded>, IamError> {
    let sql = match account {
        Some(_) => OF_ACCOUNT_AFTER,
        None => AFTER,
    };
    let account = account.map_or_else(String::new, |account| account.to_string());
    let values = [
        Value::from(number),
        since.map_or(i64::MIN, |since| since.0).into(),
        account.into(),
        most.into(),
    ];
    let rows = db.all(sql, &values).await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<Recorded, IamError> {
    Ok(Recorded {
        number: Some(row.int("number")?),
        at: at(row, "at")?,
        kind: row.text("kind")?,
        event: row.text("event")?,
        outcome: row.text("outcome")?,
        who: row.text("who")?,
        credential: row.text("credential")?,
        source: row.text("source")?,
        account: row.text("account")?,
        target: row.text("target")?,
        details: row.text("details")?,
        transaction: row.text("transaction_id")?,
        times: row.int("times")?,
    })
}

/// The group for counting entries: the account and the kind.
pub(crate) struct AuditGroup {
    pub(crate) account: String,
    pub(crate) kind: String,
}

impl AuditGroup {
    fn values(&self) -> [Value; 2] {
        [self.account.as_str().into(), self.kind.as_str().into()]
    }
}

/// The entries of one group up to a number.
pub(crate) struct AuditGroupCount {
    pub(crate) entries: i64,
    pub(crate) first: i64,
}

/// The groups with more entries than this.
pub(crate) async fn over(db: &Db, most: i64) -> Result<Vec<AuditGroup>, IamError> {
    let sql = "SELECT account, kind, COUNT(*) AS counted FROM audit GROUP BY account, kind HAVING COUNT(*) > $1";
    let mut found = Vec::new();
    for row in db.all(sql, &[most.into()]).await? {
        found.push(AuditGroup {
            account: row.text("account")?,
            kind: row.text("kind")?,
        });
    }
    Ok(found)
}

/// The newest entry of the group that has this many newer ones.
pub(crate) async fn newest_beyond(
    db: &Db,
    sort: &AuditGroup,
    newer: i64,
) -> Result<Option<i64>, IamError> {
    let sql = "SELECT number FROM audit WHERE account = $1 AND kind = $2 ORDER BY number DESC LIMIT 1 OFFSET $3";
    let [account, kind] = sort.values();
    let row = db.one(sql, &[account, kind, newer.into()]).await?;
    Ok(row.map(|row| row.int("number")).transpose()?)
}

/// The entries of the group up to the number.
pub(crate) async fn up_to(
    db: &Db,
    sort: &AuditGroup,
    last: i64,
) -> Result<Option<AuditGroupCount>, IamError> {
    let sql = "SELECT COUNT(*) AS entries, MIN(number) AS first FROM audit WHERE account = $1 AND kind = $2 AND number <= $3";
    let [account, kind] = sort.values();
    let Some(row) = db.one(sql, &[account, kind, last.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(AuditGroupCount {
        entries: row.int("entries")?,
        first: row.int("first")?,
    }))
}

/// Deletes at most this many of the group up to the number; returns how many.
#[expect(clippy::disallowed_methods, reason = "the audit keeps itself")]
pub(crate) async fn delete_up_to(
    db: &Db,
    sort: &AuditGroup,
    last: i64,
    most: i64,
) -> Result<u64, IamError> {
    let sql = "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE account = $1 AND kind = $2 AND number <= $3 \
               ORDER BY number LIMIT $4)";
    let [account, kind] = sort.values();
    let values = [account, kind, last.into(), most.into()];
    Ok(db.execute(sql, &values).await?)
}

/// Deletes at most this many that are older; returns how many.
#[expect(clippy::disallowed_methods, reason = "the audit keeps itself")]
pub(crate) async fn delete_before(db: &Db, oldest: i64, most: i64) -> Result<u64, IamError> {
    let sql = "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < $1 ORDER BY at LIMIT $2)";
    Ok(db.execute(sql, &[oldest.into(), most.into()]).await?)
}
