//! Operator commands for addresses, which work beside a running server: make codes, confirm an address, list open
//! invitations.

use crate::refusal::{Reason, Refusal, Remedy};
pub use crate::repo::invitations::lists::OpenInvitation;

use super::new_code;
use crate::audit::{Action, Entry};
use crate::config::InvitationConfig;
use crate::error::IamError;
use crate::model::address::Address;
use crate::model::directory::Directory;
use crate::repo::accounts::lock_active;
use crate::repo::invitations::{self, NewInvitation};
use crate::repo::users::{AddressHolder, BY_OPERATOR, holder};
use crate::repo::{accounts, members, users};
use crate::service::Iam;
use base::id::{AccountId, UserId};
use base::secret::Secret;
use base::time::Millis;
use db::Tx;

/// A code for the operator to pass on.
#[derive(Debug)]
pub struct OperatorsCode {
    /// The address it is for.
    pub email: String,
    /// The account it is for.
    pub account: AccountId,
    /// The code.
    pub code: Secret<String>,
    /// Whether that code takes the place of an earlier one of the same invitation.
    pub replaces_code: bool,
    /// Until when it is valid.
    pub expires_at: Millis,
    /// The existing user of the address, if the address is not proven.
    pub used_by: Option<Unproven>,
}

/// An existing user whose address is not proven, in relation to the code's account. Redeeming the code deletes this
/// user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// The user is in it: only the operator's confirmation lets them keep what they have.
    Member,
    /// The user is in another account: accepting with the code lets them keep what they have.
    Elsewhere,
}

impl Iam {
    /// Makes a one-time code for an address: for its invitation, or for a user whose address is not proven. An earlier
    /// code becomes invalid.
    ///
    /// # Errors
    /// When the address has no invitation; when several accounts invite it and none is named; when its user is proven.
    pub async fn operators_code(
        &self,
        email: &str,
        account: Option<AccountId>,
    ) -> Result<OperatorsCode, IamError> {
        let address = Address::parse(email)?;
        let mut tx = self.0.db.begin().await?;
        let user = holder(&mut tx, &address.folded).await?;
        if user.as_ref().is_some_and(|user| user.is_proven) {
            let message = format!(
                "`{}` is a user whose address is proven, and needs no code",
                address.text
            );
            let problem = Refusal::new(Reason::Conflict, message);
            return Err(IamError::Refused(problem.remedy(Remedy::AnswerByPassword)));
        }
        let account = match account {
            Some(account) => account,
            None => account_meant(&mut tx, &self.directory(), &address, user.as_ref()).await?,
        };
        lock_active(&mut tx, account).await?;
        let expires_at = self
            .0
            .clock
            .now()
            .plus(self.0.config.invitations.lifetime_milliseconds);
        let mut used_by = None;
        if let Some(user) = &user {
            used_by = Some(Unproven::Elsewhere);
            if members::first_account(&mut tx, user.user).await? == Some(account) {
                used_by = Some(Unproven::Member);
                invitations::note(&mut tx, account, &address, self.0.clock.now()).await?;
            }
        }
        let found = invitations::find(&mut tx, account, &address.folded).await?;
        let found = found.ok_or_else(|| nothing(&address))?;
        let (code, hash) = new_code();
        invitations::set_code(&mut tx, found.guid, hash, expires_at).await?;
        let entry = Entry::by_operator(Action::InvitationCodeMade).in_account(account);
        let entry = entry.on(UserId(found.guid)).with("email", &found.email);
        self.commit(tx, entry).await?;
        Ok(OperatorsCode {
            email: found.email,
            account,
            code,
            replaces_code: found.code_hash.is_some(),
            expires_at,
            used_by,
        })
    }

    /// Confirms, for the operator, that the user of an address is its owner.
    ///
    /// # Errors
    /// When no user has the address.
    pub async fn confirm(&self, email: &str) -> Result<(), IamError> {
        let address = Address::parse(email)?;
        let mut tx = self.0.db.begin().await?;
        let user = holder(&mut tx, &address.folded).await?;
        let user = user.ok_or_else(|| {
            IamError::Refused(
                Refusal::new(Reason::NotFound, format!("`{}` is no user", address.text))
                    .remedy(Remedy::LetInByCode),
            )
        })?;
        users::set_proof(&mut tx, user.user, BY_OPERATOR).await?;
        let entry = Entry::by_operator(Action::AddressProven).on(user.user);
        self.commit(tx, entry.with("by", BY_OPERATOR)).await
    }

    /// All open invitations, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_invitations(&self) -> Result<Vec<OpenInvitation>, IamError> {
        invitations::lists::all(&self.0.db).await
    }
}

/// The account that a code is for, if none is named.
async fn account_meant(
    tx: &mut Tx,
    directory: &Directory,
    address: &Address,
    user: Option<&AddressHolder>,
) -> Result<AccountId, IamError> {
    let found = invitations::of_address(tx, &address.folded).await?;
    match (found.as_slice(), user) {
        ([one], _) => Ok(one.account),
        ([], Some(user)) => {
            let home = members::first_account(tx, user.user).await?;
            home.ok_or_else(|| nothing(address))
        }
        ([], None) => Err(nothing(address)),
        (several, _) => {
            let names = directory.names_of(several.iter().map(|one| one.account));
            let message = format!("`{}` is invited into {names}", address.text);
            let problem = Refusal::new(Reason::Conflict, message);
            Err(IamError::Refused(problem.remedy(Remedy::NameAccount)))
        }
    }
}

/// Invites the owner of a new account, whose address is not proven: the account has no owner until they accept.
pub(crate) async fn of_owner(
    tx: &mut Tx,
    account: AccountId,
    address: &Address,
    now: Millis,
    config: &InvitationConfig,
) -> Result<(UserId, Secret<String>), IamError> {
    let new = NewInvitation {
        account,
        address,
        inviter: "",
        now,
        config,
        is_shown: false,
    };
    let guid = new.write(tx, None).await?;
    let (code, hash) = new_code();
    invitations::set_first_code(tx, guid, hash).await?;
    accounts::set_owner(tx, account, guid).await?;
    Ok((UserId(guid), code))
}

fn nothing(address: &Address) -> IamError {
    let message = format!("nothing waits for `{}`", address.text);
    let problem = Refusal::new(Reason::NotFound, message);
    IamError::Refused(problem.remedy(Remedy::InviteOrMake))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountLimits;
    use base::time::ManualClock;
    use db::Db;
    use std::sync::Arc;

    /// It asked for a second connection while it kept others from writing, and those may have all of them.
    #[tokio::test]
    async fn a_code_takes_one_connection() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("iam.db");
        let db = Db::open(&file.to_string_lossy()).await.unwrap();
        let (limits, mails) = (AccountLimits::default(), InvitationConfig::default());
        let clock = Arc::new(ManualClock::at(Millis::from_secs(1_000)));
        let iam = Iam::open_without_keys(db, limits, mails, 0, clock);
        let iam = iam.await.unwrap();
        let mut others = Vec::new();
        for _ in 1..iam.0.db.connections_max() {
            others.push(iam.0.db.snapshot().await.unwrap());
        }
        let nothing = iam.operators_code("nobody@example.com", None).await;
        assert!(
            matches!(nothing, Err(IamError::Refused(_))),
            "{:?}",
            nothing.map(drop)
        );
        drop(others);
    }
}
