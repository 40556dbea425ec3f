//! The settings of an account: how long logins to it last, from where, and what its members may make. An Administrator changes
//! them; each is obeyed from the moment the change returns.

pub use crate::model::account_settings::{AccountSettings, StoredSettings};
pub use crate::model::allowed_addresses::{AddressError, AllowedAddresses};

use super::administrator::{not_administrator, still_administers};
use super::revised::overtaken;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::entity_tag;
use crate::model::text::check_length;
use crate::policy::is_administrator;
use crate::refusal::Refusal;
use crate::repo::account_settings;
use crate::repo::accounts::lock_active;
use crate::repo::sessions;
use crate::service::Iam;
use crate::token::identity::Identity;
use crate::verify::refused_address;
use base::id::AccountId;
use base::limit;
use db::Tx;
use std::fmt::Display;
use std::ops::RangeInclusive;

const CHANGING: &str = "changing the settings of the account";
const MAKING_KEYS: &str =
    "making an API key, as `restrict_create_platform_apikey` of the account says,";

/// How long a session may last, in seconds.
const SESSION_SECONDS: RangeInclusive<i64> = 900..=86_400;
/// How long a session may be unused, in seconds.
const IDLE_SECONDS: RangeInclusive<i64> = 900..=7200;
/// How long an access token may live, in seconds.
const ACCESS_SECONDS: RangeInclusive<i64> = 900..=3600;
/// How long a refresh token may live, in seconds.
const REFRESH_SECONDS: RangeInclusive<i64> = 900..=259_200;

/// Changes of settings; `None` leaves a setting as it is, and `Some(None)` restores the server's value.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// Whether Administrators alone make API keys for themselves.
    pub api_keys_restricted: Option<Option<bool>>,
    /// The addresses that may obtain and use tokens.
    pub allowed_addresses: Option<AllowedAddresses>,
    /// Whether the password grant is refused.
    pub password_grant_refused: Option<bool>,
    /// How long a session may last after its proof: 900 to 86400.
    pub session_seconds: Option<Option<i64>>,
    /// How long a session may be unused: 900 to 7200.
    pub idle_seconds: Option<Option<i64>>,
    /// How many sessions of one user or service ID live at once: one or more.
    pub sessions_per_identity: Option<Option<u64>>,
    /// How long an access token without a session lives: 900 to 3600.
    pub access_token_seconds: Option<Option<i64>>,
    /// How long a refresh token without a session lives: 900 to 259200.
    pub refresh_token_seconds: Option<Option<i64>>,
}

/// The version of an account's settings, for `If-Match`.
#[must_use]
pub fn entity_tag(stored: &StoredSettings) -> String {
    entity_tag::of(stored.revision, stored.account.0)
}

/// The settings in force in an account: its own, where they are less than the server's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveSettings {
    /// How many sessions of one user or service ID live at once.
    pub sessions_per_identity: u64,
    /// How long an access token without a session lives.
    pub access_token_seconds: i64,
    /// How long a refresh token without a session lives.
    pub refresh_token_seconds: i64,
}

fn check_range(
    field: &'static str,
    requested: Option<Option<i64>>,
    range: &RangeInclusive<i64>,
) -> Result<(), Refusal> {
    match requested.flatten() {
        Some(seconds) if !range.contains(&seconds) => {
            let (first, last) = (range.start(), range.end());
            let message = format!("`{field}` is {first} to {last}, or `NOT_SET`");
            Err(Refusal::invalid(field, message))
        }
        _ => Ok(()),
    }
}

impl SettingsChange {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(addresses) = &self.allowed_addresses {
            let (field, limit) = ("allowed_ip_addresses", &limit::ALLOWED_ADDRESSES_BYTES);
            check_length(field, addresses.text(), limit)?;
            if let Some(address) = refused_address(addresses) {
                let message = format!(
                    "`{field}` leaves out {address}, the address that this change comes from: you would lock yourself out"
                );
                return Err(Refusal::invalid(field, message));
            }
        }
        if self.sessions_per_identity.flatten() == Some(0) {
            let field = "max_sessions_per_identity";
            let message = format!("`{field}` is 1 or more, or `NOT_SET`");
            return Err(Refusal::invalid(field, message));
        }
        for (field, requested, range) in [
            (
                "session_expiration_in_seconds",
                self.session_seconds,
                SESSION_SECONDS,
            ),
            (
                "session_invalidation_in_seconds",
                self.idle_seconds,
                IDLE_SECONDS,
            ),
            (
                "system_access_token_expiration_in_seconds",
                self.access_token_seconds,
                ACCESS_SECONDS,
            ),
            (
                "system_refresh_token_expiration_in_seconds",
                self.refresh_token_seconds,
                REFRESH_SECONDS,
            ),
        ] {
            check_range(field, requested, &range)?;
        }
        Ok(())
    }

    fn applied(self, old: &AccountSettings) -> AccountSettings {
        AccountSettings {
            api_keys_restricted: self.api_keys_restricted.unwrap_or(old.api_keys_restricted),
            allowed_addresses: (self.allowed_addresses)
                .unwrap_or_else(|| old.allowed_addresses.clone()),
            password_grant_refused: (self.password_grant_refused)
                .unwrap_or(old.password_grant_refused),
            session_seconds: self.session_seconds.unwrap_or(old.session_seconds),
            idle_seconds: self.idle_seconds.unwrap_or(old.idle_seconds),
            sessions_per_identity: (self.sessions_per_identity)
                .unwrap_or(old.sessions_per_identity),
            access_token_seconds: (self.access_token_seconds).unwrap_or(old.access_token_seconds),
            refresh_token_seconds: (self.refresh_token_seconds)
                .unwrap_or(old.refresh_token_seconds),
        }
    }

    /// The next version of the settings.
    fn next_version(self, old: &StoredSettings) -> StoredSettings {
        StoredSettings {
            account: old.account,
            settings: self.applied(&old.settings),
            revision: old.revision.saturating_add(1),
        }
    }

    /// The changed settings, for the audit and the history: by the names and the values with which they are set.
    fn recorded(&self, entry: Entry) -> Entry {
        fn of(value: Option<impl Display>) -> String {
            value.map_or_else(|| "NOT_SET".to_owned(), |value| value.to_string())
        }
        let keys = |restricted: Option<bool>| match restricted {
            None => "NOT_SET",
            Some(true) => "RESTRICTED",
            Some(false) => "NOT_RESTRICTED",
        };
        let mfa = |is_refused: bool| match is_refused {
            true => "NONE_NO_ROPC",
            false => "NONE",
        };
        let addresses = self.allowed_addresses.as_ref();
        entry
            .with_some(
                "restrict_create_platform_apikey",
                self.api_keys_restricted.map(keys),
            )
            .with_some(
                "allowed_ip_addresses",
                addresses.map(|list| list.text().to_owned()),
            )
            .with_some("mfa", self.password_grant_refused.map(mfa))
            .with_some(
                "session_expiration_in_seconds",
                self.session_seconds.map(of),
            )
            .with_some("session_invalidation_in_seconds", self.idle_seconds.map(of))
            .with_some(
                "max_sessions_per_identity",
                self.sessions_per_identity.map(of),
            )
            .with_some(
                "system_access_token_expiration_in_seconds",
                self.access_token_seconds.map(of),
            )
            .with_some(
                "system_refresh_token_expiration_in_seconds",
                self.refresh_token_seconds.map(of),
            )
    }
}

impl Iam {
    /// The settings of an account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn account_settings(
        &self,
        caller: &Identity,
        account: AccountId,
    ) -> Result<StoredSettings, IamError> {
        self.administer(caller, account, "reading the settings of the account")?;
        Ok(self.settings_of(account))
    }

    /// Whether the account refuses the password grant, for what is asked of a user beside the password.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn is_password_grant_refused(
        &self,
        caller: &Identity,
        account: AccountId,
    ) -> Result<bool, IamError> {
        self.administer(caller, account, "reading the MFA status of users")?;
        Ok(self.settings_of(account).settings.password_grant_refused)
    }

    fn settings_of(&self, account: AccountId) -> StoredSettings {
        let directory = self.directory();
        let stored = directory.account_settings.get(&account).cloned();
        stored.unwrap_or_else(|| none_of(account))
    }

    /// These settings, combined with the server's configuration.
    #[must_use]
    pub fn effective_settings(&self, settings: &AccountSettings) -> EffectiveSettings {
        let config = &self.0.config;
        let at_most =
            |seconds: i64, limit: Option<i64>| limit.map_or(seconds, |limit| limit.min(seconds));
        let sessions = config.limits.sessions_per_user;
        EffectiveSettings {
            sessions_per_identity: (settings.sessions_per_identity)
                .map_or(sessions, |limit| limit.min(sessions)),
            access_token_seconds: at_most(
                config.access_token_seconds,
                settings.access_token_seconds,
            ),
            refresh_token_seconds: at_most(
                config.refresh_token_seconds,
                settings.refresh_token_seconds,
            ),
        }
    }

    /// The addresses that an account lets in, for the operator.
    #[must_use]
    pub fn allowed_addresses(&self, account: AccountId) -> AllowedAddresses {
        self.settings_of(account).settings.allowed_addresses
    }

    /// Sets the addresses that an account lets in, for the operator, whoever has been locked out.
    ///
    /// # Errors
    /// When the list is too long, or the account is gone.
    pub async fn set_allowed_addresses(
        &self,
        account: AccountId,
        allowed: AllowedAddresses,
    ) -> Result<(), IamError> {
        let change = SettingsChange {
            allowed_addresses: Some(allowed),
            ..SettingsChange::default()
        };
        change.check()?;
        let entry = Entry::by_operator(Action::AccountConfigured);
        let entry = change.recorded(entry.in_account(account).on(account));
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        let old = stored(&mut tx, account).await?;
        let new = change.next_version(&old);
        if new.settings == old.settings {
            drop(tx);
            // Perhaps another node has made them so.
            return self.sync().await;
        }
        if !account_settings::change(&mut tx, &new, old.revision).await? {
            return Err(changed());
        }
        self.commit(tx, entry).await
    }

    /// Changes the settings of an account. `if_match` has their entity tag, or is `*`: then whatever they are now. What they are
    /// already is no change.
    ///
    /// # Errors
    /// Without Administrator of the account; when a value is out of its range; when they have changed since the tag was read.
    pub async fn change_account_settings(
        &self,
        caller: &Identity,
        account: AccountId,
        if_match: &str,
        change: SettingsChange,
    ) -> Result<StoredSettings, IamError> {
        self.administer(caller, account, CHANGING)?;
        change.check()?;
        let entry = Entry::by(caller, Action::AccountConfigured);
        let entry = change.recorded(entry.in_account(account).on(account));
        let mut tx = self.begin_administered(caller, account, CHANGING).await?;
        let old = stored(&mut tx, account).await?;
        if !entity_tag::matches(if_match, &entity_tag(&old)) {
            return Err(changed());
        }
        let new = change.next_version(&old);
        if new.settings == old.settings {
            drop(tx);
            // Perhaps another node has made them so.
            self.sync().await?;
            return Ok(old);
        }
        if !account_settings::change(&mut tx, &new, old.revision).await? {
            return Err(changed());
        }
        // A session that the old or the new limits end stays ended, whatever is set later.
        let now = self.0.clock.now();
        let over = old.settings.session_limits().cutoffs(now);
        let over = over.or(new.settings.session_limits().cutoffs(now));
        let ended = sessions::end_overdue(&mut tx, account, over, now).await?;
        let entry = entry.with_some("sessions_ended", (ended > 0).then_some(ended));
        self.commit(tx, entry).await?;
        Ok(new)
    }

    /// Refuses a new API key if the settings of the credential's account do not let the caller make one.
    pub(super) fn may_make_keys(&self, caller: &Identity) -> Result<(), IamError> {
        let directory = self.directory();
        let stored = directory.account_settings.get(&caller.account());
        let is_restricted =
            stored.is_some_and(|stored| stored.settings.api_keys_restricted == Some(true));
        if !is_restricted || is_administrator(&directory, caller, caller.account()) {
            return Ok(());
        }
        Err(not_administrator(MAKING_KEYS))
    }

    /// As [`Self::may_make_keys`], within the transaction that makes the key: another node may have changed the settings or taken the
    /// caller's role. The account is locked.
    pub(super) async fn may_still_make_keys(
        &self,
        tx: &mut Tx,
        caller: &Identity,
    ) -> Result<(), IamError> {
        let account = caller.account();
        match stored(tx, account).await?.settings.api_keys_restricted {
            Some(true) => still_administers(tx, caller, account, MAKING_KEYS).await,
            _ => Ok(()),
        }
    }
}

/// The settings of an account that has made none.
fn none_of(account: AccountId) -> StoredSettings {
    StoredSettings {
        account,
        settings: AccountSettings::default(),
        revision: 0,
    }
}

/// The settings of an account that is locked, whatever this node has heard of other nodes.
async fn stored(tx: &mut Tx, account: AccountId) -> Result<StoredSettings, IamError> {
    let stored = account_settings::find(tx, account).await?;
    Ok(stored.unwrap_or_else(|| none_of(account)))
}

fn changed() -> IamError {
    let message = "the settings have changed since their entity tag was read: read them again";
    overtaken(message)
}
