//! The tables `events` and `event_counts`: what happened in domains.

use super::column::at;
use crate::error::IamError;
use crate::model::event::{Event, EventPosition, EventSummary, NewEvent};
use base::id::{AccountId, TenantId};
use base::time::{Millis, TimeRange};
use db::{Db, Row, Tx, Value};

/// Counts one event more. The domain may have been deleted meanwhile: then there is no row.
const COUNT: &str = "INSERT INTO event_counts (tenant, account, given, kept) \
     SELECT tenant, CAST($2 AS TEXT), 1, 1 FROM domains WHERE tenant = $1 AND retired_at IS NULL \
     ON CONFLICT (tenant) DO UPDATE SET given = event_counts.given + 1, kept = event_counts.kept + 1 \
     RETURNING given, kept";

const INSERT: &str = "INSERT INTO events (tenant, number, happened_at, what, tags, data) VALUES ($1, $2, $3, $4, $5, $6)";

const KEPT_BY_ACCOUNT: &str = "SELECT CAST(COALESCE(SUM(event_counts.kept), 0) AS BIGINT) AS kept FROM event_counts \
     WHERE event_counts.account = $1";

const ONE: &str =
    "SELECT number, happened_at, what, tags, data FROM events WHERE tenant = $1 AND number = $2";

const MARKS: &str = "SELECT number, happened_at, tags FROM events \
     WHERE tenant = $1 AND happened_at <= $3 AND (happened_at > $2 OR happened_at = $2 AND number > $4) \
     ORDER BY happened_at, number LIMIT $5";

const PAGE: &str = "SELECT number, happened_at, what, tags, data FROM events \
     WHERE tenant = $1 AND happened_at <= $3 AND (happened_at > $2 OR happened_at = $2 AND number > $4) \
     ORDER BY happened_at, number LIMIT $5";

const DELETE: &str =
    "DELETE FROM events WHERE tenant = $1 AND happened_at >= $2 AND happened_at <= $3";

const DISCOUNT: &str = "UPDATE event_counts SET kept = kept - $2 WHERE tenant = $1";

/// The number of a new event, and how many the domain keeps with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) number: i64,
    pub(crate) kept: i64,
}

fn key(tenant: TenantId) -> Value {
    i64::from(tenant.0).into()
}

/// Counts one event more; `None` where the domain is no more.
pub(crate) async fn count(
    tx: &mut Tx,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<Counted>, IamError> {
    let row = tx
        .one(COUNT, &[key(tenant), account.to_string().into()])
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Counted {
        number: row.int("given")?,
        kept: row.int("kept")?,
    }))
}

/// How many events an account keeps, in all its domains.
pub(crate) async fn kept_by(tx: &mut Tx, account: AccountId) -> Result<i64, IamError> {
    let row = tx
        .one(KEPT_BY_ACCOUNT, &[account.to_string().into()])
        .await?;
    row.map_or(Ok(0), |row| Ok(row.int("kept")?))
}

pub(crate) async fn insert(
    tx: &mut Tx,
    tenant: TenantId,
    number: i64,
    event: &NewEvent,
) -> Result<(), IamError> {
    let values = [
        key(tenant),
        number.into(),
        event.at.0.into(),
        event.what.as_str().into(),
        event.tags.as_str().into(),
        event.data.as_str().into(),
    ];
    tx.execute(INSERT, &values).await?;
    Ok(())
}

fn mark_of(row: &Row) -> Result<EventSummary, IamError> {
    Ok(EventSummary {
        place: EventPosition {
            at: at(row, "happened_at")?,
            number: row.int("number")?,
        },
        tags: row.text("tags")?,
    })
}

fn event_of(row: &Row) -> Result<Event, IamError> {
    Ok(Event {
        mark: mark_of(row)?,
        what: row.text("what")?,
        data: row.text("data")?,
    })
}

/// The event of a number.
pub(crate) async fn one(db: &Db, tenant: TenantId, number: i64) -> Result<Option<Event>, IamError> {
    let row = db.one(ONE, &[key(tenant), number.into()]).await?;
    row.as_ref().map(event_of).transpose()
}

fn page_of(tenant: TenantId, after: EventPosition, until: Millis, most: i64) -> [Value; 5] {
    [
        key(tenant),
        after.at.0.into(),
        until.0.into(),
        after.number.into(),
        most.into(),
    ]
}

/// The marks of events behind a place, in order; at most so many.
pub(crate) async fn marks(
    db: &Db,
    tenant: TenantId,
    (after, until): (EventPosition, Millis),
    most: i64,
) -> Result<Vec<EventSummary>, IamError> {
    let rows = db.all(MARKS, &page_of(tenant, after, until, most)).await?;
    rows.iter().map(mark_of).collect()
}

/// The events behind a place, in order; at most so many.
pub(crate) async fn page(
    db: &Db,
    tenant: TenantId,
    (after, until): (EventPosition, Millis),
    most: i64,
) -> Result<Vec<Event>, IamError> {
    let rows = db.all(PAGE, &page_of(tenant, after, until, most)).await?;
    rows.iter().map(event_of).collect()
}

/// Deletes the events of a range; returns how many there were.
pub(crate) async fn delete(
    tx: &mut Tx,
    tenant: TenantId,
    range: TimeRange,
) -> Result<u64, IamError> {
    let values = [key(tenant), range.from.0.into(), range.until.0.into()];
    let deleted = tx.execute(DELETE, &values).await?;
    let count = i64::try_from(deleted).unwrap_or(i64::MAX);
    tx.execute(DISCOUNT, &[key(tenant), count.into()]).await?;
    Ok(deleted)
}
