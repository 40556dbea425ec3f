//! The table `users`.

use super::column::{at, parse, parse_guid};
use super::members::join;
use super::principals;
use super::selection::{Selection, selection};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::User;
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::{Db, Row, Tx, Value};

/// For the directory.
pub(super) const ROWS: Selection = selection!(
    "SELECT guid, home, email, given_name, family_name, created_at, password_changed_at FROM users",
    "guid"
);

/// Decodes a row.
pub(super) fn read(row: &Row) -> Result<User, IamError> {
    Ok(User {
        id: UserId(parse_guid(row, "guid")?),
        home: parse(row, "home", "an account GUID")?,
        email: row.text("email")?,
        given_name: row.text("given_name")?,
        family_name: row.text("family_name")?,
        created_at: at(row, "created_at")?,
        password_changed_at: at(row, "password_changed_at")?,
    })
}

/// How the address of a user was proven, if somebody else has seen a code for it.
pub(crate) const UNPROVEN: &str = "";
/// A code that only the user has seen.
pub(crate) const BY_CODE: &str = "code";
/// The operator's confirmation.
pub(crate) const BY_OPERATOR: &str = "operator";

/// A user whose names are guessed from the address, until the user changes them.
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

/// A user to be stored.
pub(crate) struct NewUser<'a> {
    pub(crate) user: &'a User,
    /// The address in its form for comparison.
    pub(crate) folded: &'a str,
    /// The hash of the password.
    pub(crate) password: &'a str,
    /// How the address was proven.
    pub(crate) proof: &'static str,
}

impl NewUser<'_> {
    /// Stores the user as a principal, and as a member of their first account.
    pub(crate) async fn insert(&self, tx: &mut Tx) -> Result<(), IamError> {
        principals::insert_user(tx, self.user.id).await?;
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

/// Locks the user until the transaction ends. `false` when there is no such user.
pub(crate) async fn lock_user(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1";
    Ok(tx.execute(sql, &[user.0.to_string().into()]).await? == 1)
}

/// Gives a user another name; a part that is none stays. `false` if it is theirs already.
pub(crate) async fn rename(
    tx: &mut Tx,
    user: UserId,
    given_name: Option<&str>,
    family_name: Option<&str>,
) -> Result<bool, IamError> {
    let sql = "UPDATE users SET given_name = COALESCE($2, given_name), family_name = COALESCE($3, family_name) \
               WHERE guid = $1 AND (given_name <> COALESCE($2, given_name) OR family_name <> COALESCE($3, family_name))";
    let values = [
        Value::from(user.0.to_string()),
        given_name.map(str::to_owned).into(),
        family_name.map(str::to_owned).into(),
    ];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Locks a user until the transaction ends; returns whether their address is proven.
pub(crate) async fn lock_proven(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1 RETURNING proof";
    let row = tx.one(sql, &[user.0.to_string().into()]).await?;
    let row =
        row.ok_or_else(|| IamError::conflict("the owner was removed at this moment: try again"))?;
    Ok(row.text("proof")? != UNPROVEN)
}

/// The user of an address, and how it was proven.
pub(crate) struct AddressHolder {
    pub(crate) user: UserId,
    pub(crate) is_proven: bool,
}

/// The user of the address, read within the transaction that depends on it.
pub(crate) async fn holder(tx: &mut Tx, folded: &str) -> Result<Option<AddressHolder>, IamError> {
    let sql = "SELECT guid, proof FROM users WHERE folded = $1";
    let Some(row) = tx.one(sql, &[folded.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(AddressHolder {
        user: UserId(parse_guid(&row, "guid")?),
        is_proven: row.text("proof")? != UNPROVEN,
    }))
}

/// The current hash of a user's password. For an unknown user it takes as long.
pub(crate) async fn password(db: &Db, user: Option<UserId>) -> Result<Option<String>, IamError> {
    let sql = "SELECT password FROM users WHERE guid = $1";
    let guid = user.map_or_else(String::new, |user| user.0.to_string());
    match db.one(sql, &[Value::from(guid)]).await? {
        Some(row) => Ok(row.text_or_none("password")?),
        None => Ok(None),
    }
}

/// Locks a user, if the hash of their password is still this one.
pub(crate) async fn lock_password(
    tx: &mut Tx,
    user: UserId,
    stored: Option<String>,
) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1 AND password = $2";
    let values = [user.0.to_string().into(), stored.into()];
    Ok(tx.execute(sql, &values).await? > 0)
}

/// Replaces the password with this hash. `false` if the user has another one by now.
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

/// Sets a password, whatever the previous one was.
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

/// Sets how the address of a user was proven.
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
pub(crate) struct UserRow {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) is_proven: bool,
    pub(crate) created_at: Millis,
}

/// Every user, by address.
pub(crate) async fn all(db: &Db) -> Result<Vec<UserRow>, IamError> {
    let sql = "SELECT guid, email, proof, created_at FROM users ORDER BY folded";
    let mut found = Vec::new();
    for row in db.all(sql, &[]).await? {
        found.push(UserRow {
            id: UserId(parse_guid(&row, "guid")?),
            email: row.text("email")?,
            is_proven: row.text("proof")? != UNPROVEN,
            created_at: Millis(row.int("created_at")?),
        });
    }
    Ok(found)
}

/// Makes another account the first one of a principal, if it is a user whose first one this was.
pub(crate) async fn replace_first_account(
    tx: &mut Tx,
    principal: &Value,
    from: AccountId,
    to: AccountId,
) -> Result<(), IamError> {
    let sql = "UPDATE users SET home = $2 WHERE guid = $1 AND home = $3";
    let values = [
        principal.clone(),
        to.to_string().into(),
        from.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Deletes a user, after all that refers to them but the principal's row.
pub(crate) async fn delete(tx: &mut Tx, principal: &Value) -> Result<(), IamError> {
    let sql = "DELETE FROM users WHERE guid = $1";
    tx.execute(sql, std::slice::from_ref(principal)).await?;
    Ok(())
}
