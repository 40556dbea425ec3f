//! The table `users`.

use super::column::parse_guid;
use super::members::join;
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::User;
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::{Db, Tx, Value};

/// What the address of a user rests on while somebody else has seen what opened it.
pub(crate) const UNPROVEN: &str = "";
/// A code that only the person has seen.
pub(crate) const BY_CODE: &str = "code";
/// The operator's word.
pub(crate) const BY_OPERATOR: &str = "operator";

/// A user whose names are guessed from the address; he can be addressed by it until he says better.
pub(crate) fn new_user(home: AccountId, email: &str, now: Millis) -> User {
    let id = UserId(entropy::guid());
    let local = email.split('@').next().unwrap_or(email);
    let (given, family) = local.split_once(['.', '-', '_']).unwrap_or((local, ""));
    let capital = |word: &str| {
        let mut characters = word.chars();
        characters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(characters).collect()
        })
    };
    User {
        id,
        home,
        email: email.to_owned(),
        given_name: capital(given),
        family_name: capital(family),
        created_at: now,
        password_changed_at: now,
    }
}

/// A user to be written down.
pub(crate) struct NewUser<'a> {
    pub(crate) user: &'a User,
    /// The address as it is compared.
    pub(crate) folded: &'a str,
    /// The hash of the password.
    pub(crate) password: &'a str,
    /// What the address rests on.
    pub(crate) proof: &'static str,
}

impl NewUser<'_> {
    /// Writes the user down, who is in his first account from then on.
    pub(crate) async fn insert(&self, tx: &mut Tx) -> Result<(), IamError> {
        let sql = "INSERT INTO users (guid, home, email, folded, proof, given_name, family_name, password, password_changed_at, \
                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let user = self.user;
        let values = [
            Value::from(user.id.0.to_string()),
            user.home.to_string().into(),
            user.email.as_str().into(),
            self.folded.into(),
            self.proof.into(),
            user.given_name.as_str().into(),
            user.family_name.as_str().into(),
            self.password.into(),
            user.password_changed_at.0.into(),
            user.created_at.0.into(),
        ];
        tx.execute(sql, &values).await?;
        join(tx, user.home, user.id, user.created_at).await
    }
}

/// Keeps the user as he is until the transaction ends. `false` when there is no such user.
pub(crate) async fn hold_user(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1";
    Ok(tx.execute(sql, &[user.0.to_string().into()]).await? == 1)
}

/// Keeps a user as he is until the transaction ends; whether his address is proven.
pub(crate) async fn hold_proven(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1 RETURNING proof";
    let row = tx.one(sql, &[user.0.to_string().into()]).await?;
    let row =
        row.ok_or_else(|| IamError::conflict("the owner was removed at this moment: try again"))?;
    Ok(row.text("proof")? != UNPROVEN)
}

/// The user of an address, and what the address rests on.
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) is_proven: bool,
}

/// Who has the address, asked of the database within the transaction that rests on it.
pub(crate) async fn holder(tx: &mut Tx, folded: &str) -> Result<Option<Holder>, IamError> {
    let sql = "SELECT guid, proof FROM users WHERE folded = $1";
    let Some(row) = tx.one(sql, &[folded.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(Holder {
        user: UserId(parse_guid(&row, "guid")?),
        is_proven: row.text("proof")? != UNPROVEN,
    }))
}

/// The hash of a user's password as it is now. Asked for nobody it takes as long.
pub(crate) async fn password(db: &Db, user: Option<UserId>) -> Result<Option<String>, IamError> {
    let sql = "SELECT password FROM users WHERE guid = $1";
    let guid = user.map_or_else(String::new, |user| user.0.to_string());
    match db.one(sql, &[Value::from(guid)]).await? {
        Some(row) => Ok(row.text_or_none("password")?),
        None => Ok(None),
    }
}

/// Keeps a user as they are, if the hash of their password still is this one.
pub(crate) async fn hold_password(
    tx: &mut Tx,
    user: UserId,
    stored: Option<String>,
) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1 AND password = $2";
    let values = [user.0.to_string().into(), stored.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Puts a new password in the place of the one with this hash. `false` where that is not theirs any more.
pub(crate) async fn change_password(
    tx: &mut Tx,
    user: UserId,
    held: Option<String>,
    hash: String,
    now: Millis,
) -> Result<bool, IamError> {
    let sql = "UPDATE users SET password = $2, password_changed_at = $4 WHERE guid = $1 AND password = $3";
    let values = [
        Value::from(user.0.to_string()),
        hash.into(),
        held.into(),
        now.0.into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Sets a password, whatever the one before was.
pub(crate) async fn set_password(
    tx: &mut Tx,
    user: UserId,
    hash: String,
    now: Millis,
) -> Result<(), IamError> {
    let sql = "UPDATE users SET password = $2, password_changed_at = $3 WHERE guid = $1";
    let values = [user.0.to_string().into(), hash.into(), now.0.into()];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// What the address of a user rests on from now on.
pub(crate) async fn set_proof(
    tx: &mut Tx,
    user: UserId,
    proof: &'static str,
) -> Result<(), IamError> {
    let sql = "UPDATE users SET proof = $2 WHERE guid = $1";
    tx.execute(sql, &[user.0.to_string().into(), proof.into()])
        .await?;
    Ok(())
}

/// A user as the operator sees them.
pub(crate) struct Stored {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) is_proven: bool,
    pub(crate) created_at: Millis,
}

/// Every user, by address.
pub(crate) async fn all(db: &Db) -> Result<Vec<Stored>, IamError> {
    let sql = "SELECT guid, email, proof, created_at FROM users ORDER BY folded";
    let mut found = Vec::new();
    for row in db.all(sql, &[]).await? {
        found.push(Stored {
            id: UserId(parse_guid(&row, "guid")?),
            email: row.text("email")?,
            is_proven: row.text("proof")? != UNPROVEN,
            created_at: Millis(row.int("created_at")?),
        });
    }
    Ok(found)
}
