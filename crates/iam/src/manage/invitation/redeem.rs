//! A one-time code sets a password; it can do nothing else.

use super::{answer, code, reclaim, rejected};
use crate::audit::{Action, Credential, Entry};
use crate::error::IamError;
use crate::flow::password;
use crate::model::address::Address;
use crate::repo::accounts::{lock, lock_active};
use crate::repo::invitations::{self, InvitationRow};
use crate::repo::users;
use crate::repo::users::{BY_CODE, NewUser, UNPROVEN, holder};
use crate::service::Iam;
use crate::verify::check_address;
use base::id::{AccountId, UserId};
use base::secret::Secret;
use base::source::Source;
use db::{DbError, Tx};

impl Iam {
    /// Sets the first password of a new user with a code for their address, and accepts the code's invitation. A code
    /// that nobody else has seen also takes the address back from a user who redeemed a code that the inviter had seen,
    /// and deletes that user.
    ///
    /// # Errors
    /// When the code matches nothing, with the same answer for every cause; when the password is too short; when the account
    /// of the code lets nobody in from the address of the request.
    pub async fn redeem(
        &self,
        source: Source,
        email: &str,
        code: &Secret<String>,
        new_password: Secret<String>,
    ) -> Result<(), IamError> {
        let done = self.begin_with(source, email, code, new_password).await;
        self.note_refusal(Credential::OneTimeCode, &done);
        done
    }

    async fn begin_with(
        &self,
        source: Source,
        email: &str,
        code: &Secret<String>,
        new_password: Secret<String>,
    ) -> Result<(), IamError> {
        let folded = Address::parse(email).map_err(|_| rejected())?.folded;
        let hash = code::hash(code.expose());
        if self.is_reset(&hash, &folded).await? {
            let address = (email, folded.as_str());
            return self
                .reset_password(source, address, &hash, new_password)
                .await;
        }
        let accounts = self.accounts_touched(&hash, &folded).await?;
        // Hashing is slow: it happens after the code was found to be valid, and before the transaction begins.
        let password = password::prepare(self, source, email, new_password).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        for account in accounts {
            lock(&mut tx, account).await?;
        }
        let found = self.find_by_code(&mut tx, &hash, &folded).await?;
        lock_active(&mut tx, found.account).await.map_err(no_such)?;
        // Whoever has the right code may know: they were invited.
        check_address(&self.directory(), found.account)?;
        let mut reclaimed = None;
        if let Some(existing) = holder(&mut tx, &folded).await? {
            if existing.is_proven || found.code_seen {
                return Err(rejected());
            }
            reclaim::evict(self, &mut tx, existing.user, &found).await?;
            reclaimed = Some(existing.user);
        }
        // The roles of the unproven user in this account now belong to the invitation.
        let user = users::new_user(found.account, &found.email, now);
        let proof = if found.code_seen { UNPROVEN } else { BY_CODE };
        let new = NewUser {
            user: &user,
            folded: &folded,
            password: &password,
            proof,
        };
        new.insert(&mut tx).await.map_err(|error| match error {
            IamError::Db(DbError::Unique) => rejected(),
            other => other,
        })?;
        answer::settle(&mut tx, &found, user.id).await?;
        let entry = |action| {
            let entry = Entry::by_principal(user.id, Credential::OneTimeCode, action);
            entry.in_account(found.account)
        };
        let made = entry(Action::UserMade).on(user.id);
        let mut entries = made.with("email", &user.email).into_entries();
        if let Some(user) = reclaimed {
            entries = entries.and(entry(Action::UserReclaimed).on(user));
        }
        if proof != UNPROVEN {
            entries = entries.and(entry(Action::AddressProven).on(user.id).with("by", proof));
        }
        let accepted = entry(Action::InvitationAccepted).on(UserId(found.guid));
        self.commit(tx, entries.and(accepted)).await
    }

    /// The invitation that a code is for.
    async fn find_by_code(
        &self,
        tx: &mut Tx,
        hash: &[u8; 32],
        folded: &str,
    ) -> Result<InvitationRow, IamError> {
        let now = self.0.clock.now();
        let found = invitations::by_code(tx, hash, folded, now).await?;
        found.ok_or_else(rejected)
    }

    /// The accounts that redeeming the code will touch, in locking order. Only a read: a stranger who guesses delays no
    /// writer.
    async fn accounts_touched(
        &self,
        hash: &[u8; 32],
        folded: &str,
    ) -> Result<Vec<AccountId>, IamError> {
        let now = self.0.clock.now();
        let touched = invitations::redeem_effects(&self.0.db, hash, folded, now).await?;
        if touched.is_empty() {
            return Err(rejected());
        }
        let mut accounts = Vec::new();
        for one in touched {
            accounts.push(one.account);
            let Some(proof) = one.proof else { continue };
            if proof != UNPROVEN || one.code_seen {
                return Err(rejected());
            }
            accounts.extend(one.home);
        }
        accounts.sort_unstable();
        accounts.dedup();
        Ok(accounts)
    }
}

/// A code for a deleted account is invalid, with the same answer as for any other.
fn no_such(error: IamError) -> IamError {
    match error {
        IamError::Refused(_) => rejected(),
        other => other,
    }
}
