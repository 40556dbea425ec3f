//! Actions of invited users: list their invitations, accept, decline. They need a login: a key of one account cannot
//! act for its user in another.

use crate::refusal::{Reason, Refusal, Remedy};
pub use crate::repo::invitations::lists::ReceivedInvitation;

use super::code;
use crate::repo::invitations::{self, InvitationRow, lists};
use crate::repo::transactions::acceptance;
use crate::repo::{accounts, users};

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::manage::new_key::check_not_revoked;
use crate::model::address;
use crate::model::page::{Page, PageRequest};
use crate::repo::accounts::lock_active;
use crate::repo::invitations::remove;
use crate::repo::members;
use crate::repo::users::{AddressHolder, BY_CODE, holder, lock_user};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, Guid, UserId};
use base::secret::{Secret, constant_time_eq};
use base::time::Millis;
use db::{DbError, Tx};

/// Selects an invitation.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    /// By its id.
    Id(UserId),
    /// By its account.
    Account(AccountId),
}

impl Iam {
    /// The caller's open invitations, newest last; those after one that was made at this time if there is one. An operator's code for
    /// an account the caller is already in is not listed. An invitation is a letter to the caller, who reads it from any
    /// address; an answer comes from one that the account lets in.
    ///
    /// # Errors
    /// When the credential is a key or was obtained with one: whoever else has the key of one account, as a program does, learns nothing
    /// of others.
    pub async fn invitations_of(
        &self,
        caller: &Identity,
        after: Option<(Millis, UserId)>,
        window: PageRequest,
    ) -> Result<Page<ReceivedInvitation>, IamError> {
        let folded = self.invited(caller)?;
        let now = self.0.clock.now();
        let invited = (folded.as_str(), caller.user()?);
        let found = lists::waiting_for(&self.0.db, invited, now, after, window);
        let (total, mut found) = found.await?;
        if !self.is_proven(caller, &folded).await? {
            // The address may belong to somebody else: a user who has not proven it does not learn who invites it and
            // into which account.
            for one in &mut found {
                one.account_name.clear();
                one.inviter.clear();
            }
        }
        Ok(Page {
            entries: found,
            total,
        })
    }

    /// Accepts an invitation: the caller joins the account with the roles of the invitation. `proof` is a code that was
    /// sent to the caller's address; only a caller whose address is not proven needs it.
    ///
    /// # Errors
    /// When there is none for the caller; when the credential was obtained with a key; when the address is not proven
    /// and the code does not prove it; when the account lets nobody in from the caller's address.
    pub async fn accept(
        &self,
        caller: &Identity,
        choice: Choice,
        proof: Option<&Secret<String>>,
    ) -> Result<(), IamError> {
        let folded = self.invited(caller)?;
        let now = self.0.clock.now();
        let account = self.inviting_account(&folded, choice).await?;
        let mut tx = self.0.db.begin().await?;
        // Every transaction locks the account first, then the user.
        lock_active(&mut tx, account).await.map_err(hidden)?;
        let found = invitations::find(&mut tx, account, &folded).await?;
        let found =
            found.filter(|found| found.expires_at.0 > now.0 && is_chosen(choice, found.guid));
        let found = found.ok_or_else(none)?;
        lock_user(&mut tx, caller.user()?).await?;
        check_not_revoked(&mut tx, caller, self.0.clock.now()).await?;
        let user = holder(&mut tx, &folded).await?;
        let user = user
            .filter(|user| caller.principal() == user.user.into())
            .ok_or_else(none)?;
        let is_proven_now = prove(&mut tx, &user, &found, proof).await?;
        // Only now: what an account allows is for those whom it has invited.
        caller.check_address(&self.directory(), account)?;
        enter(&mut tx, &found, user.user, now).await?;
        let accepted = Entry::by(caller, Action::InvitationAccepted).in_account(account);
        let mut entries = accepted.on(UserId(found.guid)).into_entries();
        if is_proven_now {
            let proven = Entry::by(caller, Action::AddressProven).in_account(account);
            entries = entries.and(proven.on(user.user).with("by", BY_CODE));
        }
        self.commit(tx, entries).await
    }

    /// Declines an invitation and deletes it.
    ///
    /// # Errors
    /// When there is none for the caller; when the credential was obtained with a key; when the address is not proven; when
    /// the account lets nobody in from the caller's address.
    pub async fn decline(&self, caller: &Identity, choice: Choice) -> Result<(), IamError> {
        let folded = self.invited(caller)?;
        let account = self.inviting_account(&folded, choice).await?;
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await.map_err(hidden)?;
        let found = invitations::find(&mut tx, account, &folded).await?;
        let found = found
            .filter(|found| is_chosen(choice, found.guid))
            .ok_or_else(none)?;
        lock_user(&mut tx, caller.user()?).await?;
        check_not_revoked(&mut tx, caller, self.0.clock.now()).await?;
        let user = holder(&mut tx, &folded).await?;
        let user = user
            .filter(|user| caller.principal() == user.user.into())
            .ok_or_else(none)?;
        // A user whose address may be somebody else's cannot decline its invitations.
        if !user.is_proven {
            return Err(unproven(NOT_PROVEN));
        }
        caller.check_address(&self.directory(), account)?;
        if accounts::is_owned_by(&mut tx, account, found.guid).await? {
            return Err(IamError::conflict(
                "the account was made for you, and would be left without an owner: leave the invitation as it is",
            ));
        }
        remove(&mut tx, found.guid).await?;
        let entry = Entry::by(caller, Action::InvitationDeclined).in_account(account);
        self.commit(tx, entry.on(UserId(found.guid))).await
    }

    /// Whether the caller's address is proven.
    async fn is_proven(&self, caller: &Identity, folded: &str) -> Result<bool, IamError> {
        let mut tx = self.0.db.snapshot().await?;
        let user = holder(&mut tx, folded).await?;
        tx.end().await?;
        Ok(user.is_some_and(|user| caller.principal() == user.user.into() && user.is_proven))
    }

    /// The caller's address, if the credential is a login.
    fn invited(&self, caller: &Identity) -> Result<String, IamError> {
        if caller.principal().user().is_none() {
            return Err(IamError::forbidden("invitations are for people"));
        }
        if caller.is_key_based() {
            let problem = Refusal::new(
                Reason::NotAllowed,
                "a key is for its account alone: it neither shows nor answers invitations into another",
            );
            return Err(IamError::Refused(problem.remedy(Remedy::LogInByPassword)));
        }
        if caller.is_delegated() {
            let problem = Refusal::new(
                Reason::NotAllowed,
                "what was delegated is for its account alone: it neither shows nor answers invitations into another",
            );
            return Err(IamError::Refused(problem.remedy(Remedy::LogInByPassword)));
        }
        Ok(address::fold(&self.user(caller)?.email))
    }

    /// The account of the invitation. Only a read: who has none delays nobody there, and learns of no account.
    async fn inviting_account(&self, folded: &str, choice: Choice) -> Result<AccountId, IamError> {
        let found = match choice {
            Choice::Account(account) => {
                let waits = invitations::waits_in(&self.0.db, account, folded).await?;
                waits.then_some(account)
            }
            Choice::Id(id) => invitations::account_of(&self.0.db, id.0, folded).await?,
        };
        found.ok_or_else(none)
    }
}

/// A deleted account is answered as one that has invited nobody.
fn hidden(error: IamError) -> IamError {
    match error {
        IamError::Refused(_) => none(),
        other => other,
    }
}

fn none() -> IamError {
    let what = Refusal::new(Reason::NotFound, "no such invitation waits for you");
    IamError::Refused(what.remedy(Remedy::ListInvitations))
}

fn is_chosen(choice: Choice, guid: Guid) -> bool {
    match choice {
        Choice::Id(id) => id.0 == guid,
        Choice::Account(_) => true,
    }
}

const NOT_PROVEN: &str =
    "your address is not proven: the code you began with was shown to your inviter";

fn unproven(what: &'static str) -> IamError {
    let problem = Refusal::new(Reason::AddressUnproven, what);
    IamError::Refused(problem.field("one_time_code").remedy(Remedy::ProveAddress))
}

/// Checks that the user's address is proven, or proves it with this code; returns whether it was proven only now.
async fn prove(
    tx: &mut Tx,
    user: &AddressHolder,
    found: &InvitationRow,
    proof: Option<&Secret<String>>,
) -> Result<bool, IamError> {
    if user.is_proven {
        return Ok(false);
    }
    let is_right = proof.is_some_and(|text| {
        let hash = found.code_hash.as_deref().filter(|_| !found.code_seen);
        hash.is_some_and(|hash| constant_time_eq(hash, &code::hash(text.expose())))
    });
    if !is_right {
        let what = match proof {
            Some(_) => {
                "the one-time code is wrong for this invitation, used up, expired, or replaced by a newer one"
            }
            None => NOT_PROVEN,
        };
        return Err(unproven(what));
    }
    users::set_proof(tx, user.user, BY_CODE).await?;
    Ok(true)
}

/// Adds the user to the account of the invitation, with its roles. The account is locked.
pub(super) async fn enter(
    tx: &mut Tx,
    found: &InvitationRow,
    user: UserId,
    now: Millis,
) -> Result<(), IamError> {
    members::join(tx, found.account, user, now)
        .await
        .map_err(|error| match error {
            IamError::Db(DbError::Unique) => {
                IamError::conflict("you are a member of the account already")
            }
            other => other,
        })?;
    settle(tx, found, user).await
}

/// Gives a member what the invitation holds, and deletes the invitation.
pub(super) async fn settle(
    tx: &mut Tx,
    found: &InvitationRow,
    user: UserId,
) -> Result<(), IamError> {
    acceptance::settle(tx, found, user).await
}
