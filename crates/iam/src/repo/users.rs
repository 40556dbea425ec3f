//! The table `users`.

use super::column::parse_guid;
use super::members::join;
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::User;
use base::id::{AccountId, UserId};
use base::time::Millis;
use db::{Tx, Value};

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
