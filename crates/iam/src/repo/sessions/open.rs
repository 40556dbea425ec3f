//! Sessions that have not ended, as they are listed.

use super::super::column::{at, counted, parse, parse_guid};
use super::super::principals::{self, key};
use crate::error::IamError;
use crate::model::open_session::{OpenSession, SessionOwner, SessionPlace};
use crate::model::page::{Page, PageRequest, PlacedPage, row_count};
use crate::model::session_limits::SessionCutoffs;
use base::id::{AccountId, KeyId, SessionId};
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// The columns of an [`OpenSession`]: a macro, because a statement is made of literals.
macro_rules! columns {
    () => {
        "guid, account, principal, (SELECT kind FROM principals WHERE guid = principal) AS principal_kind, api_key, created_at, \
         proven_at, used_at, expires_at"
    };
}

/// The open sessions of a principal for an account.
macro_rules! of_principal {
    () => {
        " FROM sessions WHERE principal = $1 AND account = $2 AND revoked_at IS NULL AND expires_at > $3 \
          AND COALESCE(api_key, '') = COALESCE($4, api_key, '') AND proven_at > $5 AND used_at > $6"
    };
}

/// Those after a place in their list, in which the latest come first.
macro_rules! is_after {
    () => {
        "(created_at < $7 OR (created_at = $7 AND guid > $8))"
    };
}

/// Those before it.
macro_rules! is_before {
    () => {
        "(created_at > $7 OR (created_at = $7 AND guid < $8))"
    };
}

const OPEN_WITH: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE guid = $1 AND revoked_at IS NULL AND expires_at > $2"
);

const COUNT_AFTER: &str = concat!(
    "SELECT COUNT(*) AS counted, COUNT(CASE WHEN ",
    is_after!(),
    " THEN 1 END) AS reached",
    of_principal!()
);

const COUNT_BEFORE: &str = concat!(
    "SELECT COUNT(*) AS counted, COUNT(CASE WHEN ",
    is_before!(),
    " THEN 1 END) AS reached",
    of_principal!()
);

const AFTER: &str = concat!(
    "SELECT ",
    columns!(),
    of_principal!(),
    " AND ",
    is_after!(),
    " ORDER BY created_at DESC, guid LIMIT $9 OFFSET $10"
);

const BEFORE: &str = concat!(
    "SELECT ",
    columns!(),
    of_principal!(),
    " AND ",
    is_before!(),
    " ORDER BY created_at, guid DESC LIMIT $9 OFFSET $10"
);

/// Decodes a session and the account it is for; none if its principal is gone.
fn read(row: &Row) -> Result<Option<(OpenSession, AccountId)>, IamError> {
    let Some(principal) = principals::read(row)? else {
        return Ok(None);
    };
    let key = match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(row, "api_key")?)),
        None => None,
    };
    let session = OpenSession {
        id: SessionId(parse_guid(row, "guid")?),
        principal,
        key,
        created_at: at(row, "created_at")?,
        proven_at: at(row, "proven_at")?,
        used_at: at(row, "used_at")?,
        expires_at: at(row, "expires_at")?,
    };
    Ok(Some((session, parse(row, "account", "an account GUID")?)))
}

/// The session with this id, and the account it is for; none if it has ended or expired.
pub(crate) async fn open_with(
    tx: &mut Tx,
    session: SessionId,
    now: Millis,
) -> Result<Option<(OpenSession, AccountId)>, IamError> {
    let values = [session.0.to_string().into(), now.0.into()];
    let row = tx.one(OPEN_WITH, &values).await?;
    row.map_or(Ok(None), |row| read(&row))
}

/// The open session with this id, as it is now, and its account. Only a read: a stranger who guesses delays no writer.
pub(crate) async fn find_open(
    db: &Db,
    session: SessionId,
    now: Millis,
) -> Result<Option<(OpenSession, AccountId)>, IamError> {
    let values = [session.0.to_string().into(), now.0.into()];
    let row = db.one(OPEN_WITH, &values).await?;
    row.map_or(Ok(None), |row| read(&row))
}

/// The sessions of an owner on one side of a place, the nearest first; none that is over by the settings of the account. Without a place all are after it, the latest first.
pub(crate) async fn open_of(
    db: &Db,
    owner: &SessionOwner,
    now: Millis,
    over: SessionCutoffs,
    place: Option<SessionPlace>,
    window: PageRequest,
) -> Result<PlacedPage<OpenSession>, IamError> {
    let of_key = owner.key.map(|key| key.0.to_string());
    let (created_at, id) = match place {
        Some(place) => (place.created_at, place.id.0.to_string()),
        None => (Millis(i64::MAX), String::new()),
    };
    let (count, page) = match place.is_some_and(|place| place.is_end) {
        true => (COUNT_BEFORE, BEFORE),
        false => (COUNT_AFTER, AFTER),
    };
    let mut values = vec![
        key(owner.principal),
        owner.account.to_string().into(),
        now.0.into(),
        of_key.into(),
        over.proven_at.0.into(),
        over.used_at.0.into(),
        created_at.0.into(),
        id.into(),
    ];
    let mut tx = db.snapshot().await?;
    let counts = tx.one(count, &values).await?;
    let total = counts.as_ref().map_or(Ok(0), |row| row.int("reached"))?;
    let total = u64::try_from(total).unwrap_or_default();
    let whole = counted(counts)?;
    values.extend([
        Value::from(row_count(window.take)),
        row_count(window.skip).into(),
    ]);
    let rows = tx.all(page, &values).await?;
    tx.end().await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        entries.extend(read(row)?.map(|(session, _)| session));
    }
    Ok(PlacedPage {
        page: Page { entries, total },
        passed: whole.saturating_sub(total),
    })
}
