//! Sessions and the refresh tokens that carry them on: opaque, stored as hashes, replaced at every use.
//!
//! A token that is used a second time gives the same successor for [`GRACE_MILLISECONDS`] (two processes that renew at
//! the same moment both go on), and after that ends the session: someone else has a copy.
//!
//! A session is for one account at a time. A renewal may switch it; whatever speaks against the renewal is found before
//! the token is used up, so that a refused one costs nothing.

use crate::directory::{User, parse_guid};
use crate::entropy;
use crate::error::IamError;
use crate::service::Iam;
use crate::verify::Identity;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base::error::Kind;
use base::id::{AccountId, KeyId, SessionId, UserId};
use base::secret::Secret;
use db::{Row, Tx, Value};

/// How long a used token still gives its successor.
pub const GRACE_MILLISECONDS: i64 = 30_000;

/// How long what has expired is remembered. A session outlives its refresh tokens by an IAM token of 12 h and the UAA
/// token of 12 h that it was exchanged for at its end: so long its revocation counts. And who comes with an old refresh
/// token is told that it expired, not that it never was.
pub(crate) const REMEMBERED_MILLISECONDS: i64 = 24 * 3_600_000;

const PREFIX: &str = "vgr_";

/// What a session was begun with.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: UserId,
    pub(crate) key: Option<KeyId>,
    pub(crate) account: AccountId,
    pub(crate) grant_type: String,
}

/// A session carried on.
#[derive(Debug)]
pub(crate) struct Renewed {
    pub(crate) user: User,
    pub(crate) login: Login,
    pub(crate) session: SessionId,
    pub(crate) refresh_token: Secret<String>,
}

fn invalid() -> IamError {
    IamError::refused(
        Kind::Invalid,
        "BXNIM0407E",
        "Provided refresh token is invalid: log in again",
    )
}

fn hash(text: &str) -> Value {
    Value::from(&entropy::sha256(text.as_bytes())[..])
}

/// Begins a session.
pub(crate) async fn begin(
    tx: &mut Tx,
    login: &Login,
    now: i64,
    expires_at: i64,
) -> Result<SessionId, IamError> {
    // Each login sweeps out what has long expired, so that the tables stay as small as the sessions that live.
    let forgotten = now.saturating_sub(REMEMBERED_MILLISECONDS);
    tx.execute(
        "DELETE FROM refresh_tokens WHERE expires_at <= $1",
        &[forgotten.into()],
    )
    .await?;
    let sweep = "DELETE FROM sessions WHERE expires_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session = sessions.guid)";
    tx.execute(sweep, &[forgotten.into()]).await?;
    let session = SessionId(entropy::guid());
    let sql = "INSERT INTO sessions (guid, account, person, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let values = [
        Value::from(session.0.to_string()),
        login.account.to_string().into(),
        login.user.0.to_string().into(),
        now.into(),
        expires_at.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(session)
}

/// A new refresh token of a session.
pub(crate) async fn issue(
    tx: &mut Tx,
    session: SessionId,
    client: &str,
    login: &Login,
    expires_at: i64,
) -> Result<Secret<String>, IamError> {
    let text = format!("{PREFIX}{}", entropy::text());
    let sql = "INSERT INTO refresh_tokens (hash, session, client, person, api_key, grant_type, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        hash(&text),
        session.0.to_string().into(),
        client.into(),
        login.user.0.to_string().into(),
        login.key.map(|key| key.0.to_string()).into(),
        login.grant_type.as_str().into(),
        expires_at.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(Secret::new(text))
}

/// Uses a refresh token: its successor, and whose session it carries on, from now on for `account` if one is named.
pub(crate) async fn rotate(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
    account: Option<&str>,
) -> Result<Renewed, IamError> {
    let now = iam.0.clock.now().0;
    let expires_at = now.saturating_add(iam.0.config.refresh_token_seconds.saturating_mul(1000));
    let key = hash(text.expose());
    let mut tx = iam.0.db.begin().await?;
    // Claiming is one conditional statement: of two processes exactly one gets the row, the other waits and finds it used.
    let claim = "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND client = $3 AND used_at IS NULL \
                 RETURNING session, person, api_key, grant_type, expires_at, used_at, successor";
    if let Some(row) = tx
        .one(claim, &[key.clone(), now.into(), client.into()])
        .await?
    {
        // A refusal from here on drops the transaction, and the token is as unused as before.
        let (mut login, session) = read(&mut tx, &row, now).await?;
        let user = iam.standing(&login)?;
        switch(iam, &mut tx, session, &mut login, account).await?;
        let successor = issue(&mut tx, session, client, &login, expires_at).await?;
        let keep = "UPDATE refresh_tokens SET successor = $2 WHERE hash = $1";
        tx.execute(keep, &[key, Value::from(seal(text, &successor)?)])
            .await?;
        let longer = "UPDATE sessions SET expires_at = $2 WHERE guid = $1";
        tx.execute(longer, &[session.0.to_string().into(), expires_at.into()])
            .await?;
        tx.commit().await?;
        return Ok(Renewed {
            user,
            login,
            session,
            refresh_token: successor,
        });
    }
    let find = "SELECT session, person, api_key, grant_type, expires_at, used_at, successor FROM refresh_tokens \
                WHERE hash = $1 AND client = $2";
    let row = tx
        .one(find, &[key, client.into()])
        .await?
        .ok_or_else(invalid)?;
    let (mut login, session) = read(&mut tx, &row, now).await?;
    let used_at = row.int_or_none("used_at")?.unwrap_or(now);
    match row.blob_or_none("successor")? {
        Some(sealed) if now.saturating_sub(used_at) <= GRACE_MILLISECONDS => {
            let refresh_token = open(text, sealed).ok_or_else(invalid)?;
            let user = iam.standing(&login)?;
            switch(iam, &mut tx, session, &mut login, account).await?;
            tx.commit().await?;
            Ok(Renewed {
                user,
                login,
                session,
                refresh_token,
            })
        }
        _ => {
            tracing::warn!(%session, "a refresh token was used again: its session is ended");
            end(iam, tx, session).await?;
            Err(invalid())
        }
    }
}

/// Whose session a refresh token carries, without using it up.
pub(crate) async fn peek(
    iam: &Iam,
    text: &Secret<String>,
    client: &str,
) -> Result<Login, IamError> {
    let mut tx = iam.0.db.begin().await?;
    let find = "SELECT session, person, api_key, grant_type, expires_at, used_at FROM refresh_tokens \
                WHERE hash = $1 AND client = $2 AND used_at IS NULL";
    let row = tx
        .one(find, &[hash(text.expose()), client.into()])
        .await?
        .ok_or_else(invalid)?;
    let (login, _) = read(&mut tx, &row, iam.0.clock.now().0).await?;
    Ok(login)
}

/// The session a token belongs to, if token and session are alive.
async fn read(tx: &mut Tx, row: &Row, now: i64) -> Result<(Login, SessionId), IamError> {
    if row.int("expires_at")? <= now {
        return Err(IamError::refused(
            Kind::Invalid,
            "BXNIM0408E",
            "Provided refresh token is expired: log in again",
        ));
    }
    let session = SessionId(parse_guid(row, "session")?);
    let sql = "SELECT account, revoked_at FROM sessions WHERE guid = $1";
    let held = tx
        .one(sql, &[session.0.to_string().into()])
        .await?
        .ok_or_else(invalid)?;
    if held.int_or_none("revoked_at")?.is_some() {
        return Err(invalid());
    }
    let key = match row.text_or_none("api_key")? {
        Some(_) => Some(KeyId(parse_guid(row, "api_key")?)),
        None => None,
    };
    let login = Login {
        user: UserId(parse_guid(row, "person")?),
        key,
        account: AccountId(parse_guid(&held, "account")?),
        grant_type: row.text("grant_type")?,
    };
    Ok((login, session))
}

/// Binds the session to the account asked for, and checks that the one it is bound to still stands.
async fn switch(
    iam: &Iam,
    tx: &mut Tx,
    session: SessionId,
    login: &mut Login,
    asked: Option<&str>,
) -> Result<(), IamError> {
    let bound = login.account.to_string();
    let account = iam.account_for(login.user, login.key, asked.unwrap_or(&bound))?;
    if account != login.account {
        let sql = "UPDATE sessions SET account = $2 WHERE guid = $1";
        tx.execute(
            sql,
            &[session.0.to_string().into(), account.to_string().into()],
        )
        .await?;
        login.account = account;
    }
    Ok(())
}

async fn end(iam: &Iam, mut tx: Tx, session: SessionId) -> Result<(), IamError> {
    let sql = "UPDATE sessions SET revoked_at = $2 WHERE guid = $1 AND revoked_at IS NULL";
    let values = [session.0.to_string().into(), iam.0.clock.now().0.into()];
    // One that has ended already is no change: nobody makes the server read its directory again by ending it again.
    if tx.execute(sql, &values).await? == 0 {
        return Ok(());
    }
    iam.commit(tx).await
}

impl Iam {
    /// Ends the session of a verified caller, with every token of it.
    ///
    /// # Errors
    /// When the credential is of no session; when the database fails.
    pub async fn log_out(&self, caller: &Identity) -> Result<(), IamError> {
        let session = caller.session().ok_or_else(no_session)?;
        end(self, self.0.db.begin().await?, session).await
    }

    /// Revokes a token (RFC 7009): the session of a refresh token or of an access token ends, with every token of it.
    /// A token that is unknown is as revoked as it can be: that is no error.
    ///
    /// # Errors
    /// When the token is good and of no session, so that it cannot be revoked; when the database fails.
    pub async fn revoke(&self, token: &Secret<String>) -> Result<(), IamError> {
        let mut tx = self.0.db.begin().await?;
        let find = "SELECT session FROM refresh_tokens WHERE hash = $1";
        let session = match tx.one(find, &[hash(token.expose())]).await? {
            Some(row) => Some(SessionId(parse_guid(&row, "session")?)),
            None => {
                let verifier = self.verifier();
                match verifier.identity(verifier.bearer(token.expose())) {
                    Ok(identity) => Some(identity.session().ok_or_else(no_session)?),
                    Err(_) => None,
                }
            }
        };
        match session {
            Some(session) => end(self, tx, session).await,
            None => Ok(()),
        }
    }
}

/// Said rather than "done": the credential goes on opening what it opened.
fn no_session() -> IamError {
    IamError::refused(
        Kind::Invalid,
        "unsupported_token_type",
        "This credential is of no login session that could end: disable or delete its API key instead",
    )
}

/// A key that only the bearer of the parent token can make; used for one message, so the nonce may stand still.
fn sealing_key(parent: &Secret<String>) -> Result<LessSafeKey, IamError> {
    let mut material = b"vigie refresh-token successor\0".to_vec();
    material.extend(parent.expose().as_bytes());
    let key = zeroize::Zeroizing::new(entropy::sha256(&material));
    zeroize::Zeroize::zeroize(&mut material);
    let key =
        UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| IamError::Crypto("make a sealing key"))?;
    Ok(LessSafeKey::new(key))
}

fn seal(parent: &Secret<String>, successor: &Secret<String>) -> Result<Vec<u8>, IamError> {
    let mut text = successor.expose().clone().into_bytes();
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    sealing_key(parent)?
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
        .map_err(|_| IamError::Crypto("seal the successor"))?;
    Ok(text)
}

fn open(parent: &Secret<String>, mut sealed: Vec<u8>) -> Option<Secret<String>> {
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let text = sealing_key(parent)
        .ok()?
        .open_in_place(nonce, Aad::empty(), &mut sealed)
        .ok()?;
    std::str::from_utf8(text)
        .ok()
        .map(|text| Secret::new(text.to_owned()))
}
