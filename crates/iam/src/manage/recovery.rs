//! Recovery by the operator for users who have lost their credentials: a code that sets a new password, and a new key.
//!
//! Like the code of an invitation, the code can do one thing: set a new password. It is no login. Until it is used, the
//! old password stays valid; the new one ends what the old one opened.

use super::{invitation, new_key};
use crate::audit::{Action, Credential, Entry};
use crate::error::IamError;
use crate::flow::password;
use crate::model::address::Address;
use crate::model::bounds::KeyLife;
use crate::model::directory::{ApiKey, Directory};
use crate::model::text::name;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::accounts::lock_active;
use crate::repo::counts::CountedItem;
use crate::repo::login_sources;
use crate::repo::members::{is_still_member, member_by_address};
use crate::repo::sessions::{self, SessionSelector};
use crate::repo::transactions::credentials;
use crate::repo::users;
use crate::repo::users::AddressHolder;
use crate::repo::{api_keys, password_resets};
use crate::service::Iam;
use crate::{entropy, key_text};
use base::id::{AccountId, KeyId, UserId};
use base::limit;
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;
use db::Tx;

/// How long a code for a new password is valid: a day.
const CODE_MILLISECONDS: i64 = 86_400_000;

/// A code for the operator to pass on.
#[derive(Debug)]
pub struct ResetCode {
    /// The user's address.
    pub email: String,
    /// The code.
    pub code: Secret<String>,
    /// Until when it is valid.
    pub expires_at: Millis,
}

/// A key for the operator to pass on.
#[derive(Debug)]
pub struct OperatorsKey {
    /// The user's address.
    pub email: String,
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub text: Secret<String>,
}

/// A user, as the operator sees them.
#[derive(Debug)]
pub struct UserOverview {
    /// The user's id.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// Whether the address is proven.
    pub is_proven: bool,
    /// When the user was created.
    pub created_at: Millis,
    /// The user's accounts, by name.
    pub accounts: Vec<AccountId>,
}

impl Iam {
    /// Makes a one-time code that sets a new password for a user; an earlier code becomes invalid.
    ///
    /// # Errors
    /// When no user has the address, or it is not proven.
    pub async fn reset_code(&self, email: &str) -> Result<ResetCode, IamError> {
        let address = Address::parse(email)?;
        let mut tx = self.0.db.begin().await?;
        let user = proven(&mut tx, &address).await?;
        let (code, hash) = invitation::new_code();
        let expires_at = self.0.clock.now().plus(CODE_MILLISECONDS);
        password_resets::put(&mut tx, user, hash, expires_at).await?;
        let entry = Entry::by_operator(Action::PasswordResetMade).on(user);
        self.commit_without_read_back(tx, entry).await?;
        Ok(ResetCode {
            email: address.text,
            code,
            expires_at,
        })
    }

    /// Whether the code sets a new password for the address. Only a read.
    pub(super) async fn is_reset(&self, hash: &[u8; 32], folded: &str) -> Result<bool, IamError> {
        password_resets::is_one(&self.0.db, hash, folded, self.0.clock.now()).await
    }

    /// Sets a new password with the operator's code, and ends the sessions and one-time codes of the old one. Keys stay
    /// valid.
    pub(super) async fn reset_password(
        &self,
        source: Source,
        (email, folded): (&str, &str),
        hash: &[u8; 32],
        new: Secret<String>,
    ) -> Result<(), IamError> {
        let password = password::prepare(self, source, email, new).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        let user = password_resets::take(&mut tx, hash, folded, now).await?;
        let user = user.ok_or_else(invitation::rejected)?;
        users::set_password(&mut tx, user, password, now).await?;
        credentials::end_codes(&mut tx, user).await?;
        sessions::end(
            &mut tx,
            user,
            SessionSelector::ByPassword { but: None },
            now,
        )
        .await?;
        let sources = login_sources::forget(&mut tx, user).await?;
        let entry = Entry::by_principal(user, Credential::OneTimeCode, Action::PasswordReset);
        self.commit(tx, entry.on(user)).await?;
        self.0.logins.known_sources.forget(&sources);
        Ok(())
    }

    /// Makes an API key for a user, in their only account or in the named one.
    ///
    /// # Errors
    /// When no user has the address, or it is not proven; when the user is not in the account, or is in several and
    /// none is named; over a limit.
    pub async fn operators_key(
        &self,
        email: &str,
        account: Option<AccountId>,
        label: &str,
    ) -> Result<OperatorsKey, IamError> {
        let address = Address::parse(email)?;
        let label = name("name", label)?;
        let account = match account {
            Some(account) => account,
            None => account_meant(&self.directory(), &address)?,
        };
        let (text, now) = (key_text::generate(), self.0.clock.now());
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        let user = proven(&mut tx, &address).await?;
        if member_by_address(&mut tx, account, &address.folded).await? != Some(user)
            || !is_still_member(&mut tx, account, user).await?
        {
            let names = self.directory().names_of([account]);
            let message = format!("`{}` is not in the account {names}", address.text);
            let problem = Refusal::new(Reason::NotFound, message);
            return Err(IamError::Refused(problem.remedy(Remedy::ListUsers)));
        }
        let key = ApiKey {
            id: KeyId(entropy::guid()),
            account,
            principal: user.into(),
            made_by: None,
            name: label,
            description: "made by the operator".to_owned(),
            narrowing: crate::model::bounds::Narrowing::NONE,
            hash: entropy::sha256(text.expose().as_bytes()),
            locked: false,
            disabled: false,
            revision: 1,
            expires_at: None,
            created_at: now,
            modified_at: now,
        };
        self.check_room(
            &mut tx,
            account,
            &limit::API_KEYS_PER_ACCOUNT,
            CountedItem::Keys,
        )
        .await?;
        new_key::room_for_one_more(&mut tx, &key, self.0.config.limits.keys_per_user).await?;
        api_keys::insert(&mut tx, &key, KeyLife::BY_OPERATOR).await?;
        let entry = Entry::by_operator(Action::KeyMade).in_account(account);
        let entry = entry.on(key.id).with("owner", user).with("name", &key.name);
        self.commit(tx, entry).await?;
        Ok(OperatorsKey {
            email: address.text,
            key,
            text,
        })
    }

    /// Every user, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_users(&self) -> Result<Vec<UserOverview>, IamError> {
        let directory = self.directory();
        let listed = |row: users::UserRow| UserOverview {
            accounts: accounts_of(&directory, row.id),
            id: row.id,
            email: row.email,
            is_proven: row.is_proven,
            created_at: row.created_at,
        };
        let all = users::all(&self.0.db).await?;
        Ok(all.into_iter().map(listed).collect())
    }
}

fn accounts_of(directory: &Directory, user: UserId) -> Vec<AccountId> {
    let accounts = directory.accounts().into_iter();
    let joined = accounts.filter(|account| directory.is_member(user, account.id));
    joined.map(|account| account.id).collect()
}

/// The user of this address, which must be proven: otherwise the code or key might be for somebody else.
async fn proven(tx: &mut Tx, address: &Address) -> Result<UserId, IamError> {
    let refused = |reason, message: String, remedy| {
        Err(IamError::Refused(
            Refusal::new(reason, message).remedy(remedy),
        ))
    };
    match users::holder(tx, &address.folded).await? {
        Some(AddressHolder {
            user,
            is_proven: true,
        }) => Ok(user),
        Some(_) => refused(
            Reason::Conflict,
            format!(
                "the address of `{}` is not proven to belong to who uses it",
                address.text
            ),
            Remedy::ConfirmOrLetIn,
        ),
        None => refused(
            Reason::NotFound,
            format!("`{}` is no user", address.text),
            Remedy::ListUsersOrLetIn,
        ),
    }
}

fn account_meant(directory: &Directory, address: &Address) -> Result<AccountId, IamError> {
    let user = directory.user_by_email(&address.text).map(|user| user.id);
    let joined = user.map_or_else(Vec::new, |user| accounts_of(directory, user));
    match joined.as_slice() {
        [one] => Ok(*one),
        [] => {
            let (what, remedy) = match user {
                None => ("is no user", Remedy::ListUsersOrLetIn),
                Some(_) => ("is in no account", Remedy::ListUsers),
            };
            let message = format!("`{}` {what}", address.text);
            let problem = Refusal::new(Reason::NotFound, message);
            Err(IamError::Refused(problem.remedy(remedy)))
        }
        several => {
            let names = directory.names_of(several.iter().copied());
            let message = format!("`{}` is in {names}", address.text);
            let problem = Refusal::new(Reason::Conflict, message);
            Err(IamError::Refused(problem.remedy(Remedy::NameAccountOfKey)))
        }
    }
}
