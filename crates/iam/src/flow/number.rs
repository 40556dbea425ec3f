//! How many sessions a person has, and how many refresh tokens a session: whoever has a proof may use it as often as he
//! likes, and must not fill the database with it.

use super::ending;
use crate::error::IamError;
use crate::model::bounds::Bounds;
use crate::repo::column::parse_guid;
use crate::service::Iam;
use base::error::{Kind, Problem};
use base::id::SessionId;
use base::limit;
use base::time::Millis;
use db::{Tx, Value};

/// How many ended sessions are remembered for each that may live: an end is remembered while a token of it could.
const ENDED_PER_LIVING: u64 = 20;

/// Ends those of the person's sessions that are too many now that `begun` is there; how many. It is the one longest unused of
/// those he began himself, or of those of one of his keys, whichever has most: whoever has a key can't log him out with it.
/// What `begun` came from stays, since it would end with it.
pub(super) async fn keep(
    iam: &Iam,
    tx: &mut Tx,
    bounds: &Bounds,
    begun: SessionId,
    now: Millis,
) -> Result<Vec<SessionId>, IamError> {
    let allowed = iam.0.config.limits.sessions_per_user;
    let person = bounds.principal();
    let key = (bounds.root().key).map_or_else(String::new, |key| key.0.to_string());
    if ended_before(tx, bounds, &key).await? >= allowed.saturating_mul(ENDED_PER_LIVING) {
        return Err(too_fast(allowed, iam.0.config.access_token_seconds));
    }
    let mut ended = Vec::new();
    while living(tx, bounds, now).await? > allowed {
        let most = most(tx, bounds, &key, now).await?;
        let Some(oldest) = longest_unused(tx, bounds, begun, most, now).await? else {
            return Err(too_deep(allowed));
        };
        ending::end(tx, person, ending::Which::One(oldest), now).await?;
        ended.push(oldest);
    }
    Ok(ended)
}

async fn number(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<u64, IamError> {
    let row = tx.one(sql, values).await?;
    let held = row.map_or(Ok(0), |row| row.int("held"))?;
    Ok(u64::try_from(held).unwrap_or_default())
}

/// How many sessions of the person live.
async fn living(tx: &mut Tx, bounds: &Bounds, now: Millis) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM sessions WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2";
    let values = [bounds.principal().0.to_string().into(), now.0.into()];
    number(tx, sql, &values).await
}

/// How many sessions of the person's own, or of this key of his, were ended and are remembered.
async fn ended_before(tx: &mut Tx, bounds: &Bounds, key: &str) -> Result<u64, IamError> {
    let sql = "SELECT COUNT(*) AS held FROM sessions WHERE person = $1 AND revoked_at IS NOT NULL \
               AND COALESCE(api_key, '') = $2";
    let values = [bounds.principal().0.to_string().into(), key.into()];
    number(tx, sql, &values).await
}

/// Of which key, or of none, there are most: of the new one's where another has as many.
async fn most(tx: &mut Tx, bounds: &Bounds, key: &str, now: Millis) -> Result<String, IamError> {
    let sql = "SELECT COALESCE(api_key, '') AS of_key, COUNT(*) AS held FROM sessions \
               WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2 GROUP BY COALESCE(api_key, '') \
               ORDER BY COUNT(*) DESC, CASE WHEN COALESCE(api_key, '') = $3 THEN 0 ELSE 1 END LIMIT 1";
    let values = [
        bounds.principal().0.to_string().into(),
        now.0.into(),
        key.into(),
    ];
    match tx.one(sql, &values).await? {
        Some(row) => Ok(row.text("of_key")?),
        None => Ok(key.to_owned()),
    }
}

/// The session of this key, or of none, that was begun or renewed longest ago, but for the new one and those it came from.
async fn longest_unused(
    tx: &mut Tx,
    bounds: &Bounds,
    begun: SessionId,
    key: String,
    now: Millis,
) -> Result<Option<SessionId>, IamError> {
    let sql = "WITH RECURSIVE spared (guid) AS (SELECT CAST($3 AS TEXT) UNION SELECT sessions.parent FROM sessions \
               JOIN spared ON sessions.guid = spared.guid WHERE sessions.parent IS NOT NULL) \
               SELECT guid FROM sessions WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2 \
               AND COALESCE(api_key, '') = $4 AND guid NOT IN (SELECT guid FROM spared) \
               ORDER BY tokens_until, created_at, guid LIMIT 1";
    let values = [
        Value::from(bounds.principal().0.to_string()),
        now.0.into(),
        begun.0.to_string().into(),
        key.into(),
    ];
    let row = tx.one(sql, &values).await?;
    let guid = row.map(|row| parse_guid(&row, "guid"));
    Ok(guid.transpose()?.map(SessionId))
}

fn too_fast(allowed: u64, seconds: i64) -> IamError {
    let limit = &limit::SESSIONS_PER_USER;
    let message = format!(
        "more logins have begun and ended than are remembered ({ENDED_PER_LIVING} times `{}` = {allowed}): log in less often",
        limit.name
    );
    let problem = Problem::new(Kind::Busy, "BXNIM0602E", message)
        .hint("keep one login and renew it, or send the API key itself with each request")
        .limit(limit)
        .retry_after(u64::try_from(seconds.max(1)).unwrap_or(1));
    IamError::Refused(problem)
}

fn too_deep(allowed: u64) -> IamError {
    let limit = &limit::SESSIONS_PER_USER;
    let message = format!(
        "each of the sessions that `{}` = {allowed} allows came from the one before: log in with a password or an API key",
        limit.name
    );
    IamError::Refused(Problem::new(Kind::Busy, "BXNIM0602E", message).limit(limit))
}

/// Refuses `needed` more refresh tokens of a session that has as many as are remembered. What was used is remembered until it
/// expires: who brings it again, and so may have stolen it, is known by it. So the oldest can't give way.
pub(super) async fn has_room(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    needed: u64,
) -> Result<(), IamError> {
    let limit = &limit::REFRESH_TOKENS_PER_SESSION;
    let allowed = iam.0.config.limits.refresh_tokens_per_session;
    let now = iam.0.clock.now();
    let sql = "SELECT COUNT(*) AS held, MIN(expires_at) AS first FROM refresh_tokens WHERE session = $1 AND expires_at > $2";
    let values = [session.0.to_string().into(), now.0.into()];
    let Some(row) = tx.one(sql, &values).await? else {
        return Ok(());
    };
    let held = u64::try_from(row.int("held")?).unwrap_or_default();
    if held.saturating_add(needed) <= allowed {
        return Ok(());
    }
    let first = row.int_or_none("first")?.unwrap_or(now.0);
    let wait = first.saturating_sub(now.0).max(0).div_euclid(1000) + 1;
    let message = format!(
        "This login was renewed too often (`{}` = {allowed}): it can be again once a refresh token of it has expired",
        limit.name
    );
    let problem = Problem::new(Kind::Busy, "BXNIM0407E", message)
        .hint("use an access token until it expires, or log in again")
        .limit(limit)
        .retry_after(u64::try_from(wait).unwrap_or(1));
    Err(IamError::Refused(problem))
}
