//! The table `events`: what happened in domains.

use super::column::at;
use crate::error::IamError;
use crate::model::event::{Event, EventPosition, EventSummary, NewEvent};
use base::id::TenantId;
use base::time::{Millis, TimeRange};
use db::{Db, Row, Tx, Value};

const INSERT: &str = "INSERT INTO events (tenant, number, happened_at, what, tags, data) VALUES ($1, $2, $3, $4, $5, $6)";

const ONE: &str =
    "SELECT number, happened_at, what, tags, data FROM events WHERE tenant = $1 AND number = $2";

const MARKS: &str = "SELECT number, happened_at, tags FROM events \
     WHERE tenant = $1 AND happened_at <= $3 AND (happened_at > $2 OR happened_at = $2 AND number > $4) \
     ORDER BY happened_at, number LIMIT $5";

const PAGE: &str = "SELECT number, happened_at, what, tags, data FROM events \
     WHERE tenant = $1 AND happened_at <= $3 AND (happened_at > $2 OR happened_at = $2 AND number > $4) \
     ORDER BY happened_at, number LIMIT $5";

/// The events of a domain whose removal has begun.
const DELETE_REMOVED: &str = "DELETE FROM events WHERE tenant = $1 \
     AND EXISTS (SELECT 1 FROM deletions WHERE deletions.tenant = events.tenant AND begun = 1)";

const DELETE: &str =
    "DELETE FROM events WHERE tenant = $1 AND happened_at >= $2 AND happened_at <= $3";

fn key(tenant: TenantId) -> Value {
    i64::from(tenant.0).into()
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

/// The event with this number.
pub(crate) async fn by_number(
    db: &Db,
    tenant: TenantId,
    number: i64,
) -> Result<Option<Event>, IamError> {
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

/// The marks of the events after a place, in order; at most this many.
pub(crate) async fn marks(
    db: &Db,
    tenant: TenantId,
    (after, until): (EventPosition, Millis),
    most: i64,
) -> Result<Vec<EventSummary>, IamError> {
    let rows = db.all(MARKS, &page_of(tenant, after, until, most)).await?;
    rows.iter().map(mark_of).collect()
}

/// The events after a place, in order; at most this many.
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
    Ok(tx.execute(DELETE, &values).await?)
}

/// Deletes the events of a domain whose removal has begun.
pub(crate) async fn delete_removed(tx: &mut Tx, tenant: TenantId) -> Result<(), IamError> {
    tx.execute(DELETE_REMOVED, &[key(tenant)]).await?;
    Ok(())
}

/// Deletes the events of a domain whose removal has begun, outside of a transaction.
#[expect(
    clippy::disallowed_methods,
    reason = "what the deletion has said comes true: its entry says so"
)]
pub(crate) async fn delete_removed_now(db: &Db, tenant: TenantId) -> Result<(), IamError> {
    db.execute(DELETE_REMOVED, &[key(tenant)]).await?;
    Ok(())
}
