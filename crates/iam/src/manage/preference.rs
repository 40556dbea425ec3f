//! Preferences: what clients keep for a user or service ID in the credential's account, for example the page that a console begins
//! with. Everybody has their own; an Administrator has everybody's.

pub use crate::model::preference::{Preference, PreferenceValue};

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::room::check_room;
use crate::model::text::check_stored;
use crate::refusal::{Reason, Refusal};
use crate::repo::counts::CountedItem;
use crate::repo::members::is_still_member;
use crate::repo::preferences;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::limit;
use base::principal::Principal;
use db::Tx;

const WHAT: &str = "the preferences of others";

/// Refuses words that no preference has.
fn check_words((service, name): (&str, &str)) -> Result<(), Refusal> {
    check_stored("service", service, &limit::WORD_BYTES)?;
    check_stored("preference", name, &limit::WORD_BYTES)
}

impl Preference {
    fn check(&self) -> Result<(), Refusal> {
        check_words((&self.service, &self.name))?;
        let limit = &limit::PREFERENCE_BYTES;
        let (field, texts) = match &self.value {
            PreferenceValue::Text(text) => ("value_string", std::slice::from_ref(text)),
            PreferenceValue::Texts(texts) => ("value_list_of_strings", texts.as_slice()),
        };
        let length = preferences::stored(&self.value).len() as u64;
        if length > limit.default {
            let message = format!(
                "`{field}` has {length} bytes as JSON, more than `{}` = {}",
                limit.name, limit.default
            );
            let refusal = Refusal::new(Reason::Field, message);
            return Err(refusal.field(field).limit(limit));
        }
        texts
            .iter()
            .try_for_each(|text| check_stored(field, text, limit))
    }
}

impl Iam {
    /// Checks that the caller may read and change the preferences of a principal in the credential's account.
    ///
    /// # Errors
    /// When it is somebody else, without Administrator of the account; when there is no such principal in it.
    pub async fn may_have_preferences(
        &self,
        caller: &Identity,
        of: Principal,
    ) -> Result<(), IamError> {
        let account = caller.account();
        if of != caller.principal() {
            self.administer(caller, account, WHAT)?;
        }
        let find = || match self.directory().is_member(of, account) {
            true => Ok(()),
            false => Err(nobody()),
        };
        self.found_at_any_node(find).await
    }

    /// The preferences of a principal in the credential's account, by service and name.
    ///
    /// # Errors
    /// As [`Self::may_have_preferences`].
    pub async fn preferences(
        &self,
        caller: &Identity,
        of: Principal,
    ) -> Result<Vec<Preference>, IamError> {
        self.may_have_preferences(caller, of).await?;
        preferences::all(&self.0.db, caller.account(), of).await
    }

    /// One preference of a principal in the credential's account, by its service and its name.
    ///
    /// # Errors
    /// As [`Self::may_have_preferences`]; when there is none, or can be none of the name.
    pub async fn preference(
        &self,
        caller: &Identity,
        of: Principal,
        which: (&str, &str),
    ) -> Result<Preference, IamError> {
        self.may_have_preferences(caller, of).await?;
        check_words(which)?;
        let found = preferences::find(&self.0.db, caller.account(), of, which).await?;
        found.ok_or_else(none)
    }

    /// Keeps a preference of a principal in the credential's account, in place of the one of the same service and name. Nothing is
    /// entered in the audit if it has this value already.
    ///
    /// # Errors
    /// As [`Self::may_have_preferences`]; when a text is too long; over a limit.
    pub async fn set_preference(
        &self,
        caller: &Identity,
        of: Principal,
        new: &Preference,
    ) -> Result<(), IamError> {
        self.may_have_preferences(caller, of).await?;
        new.check()?;
        let (account, which) = (caller.account(), (new.service.as_str(), new.name.as_str()));
        let mut tx = self.lock_preferences(caller, of).await?;
        if preferences::has(&mut tx, account, of, new).await? {
            // No change: the transaction is dropped.
            return Ok(());
        }
        if !preferences::change(&mut tx, account, of, new).await? {
            let (limit, what) = (&limit::PREFERENCES_PER_ACCOUNT, CountedItem::Preferences);
            self.check_room(&mut tx, account, limit, what).await?;
            let held = preferences::count_of(&mut tx, account, of).await?;
            check_room("the identity has", held, &limit::PREFERENCES_PER_IDENTITY)?;
            preferences::insert(&mut tx, account, of, new).await?;
        }
        let entry = about(caller, Action::PreferenceSet, of, which);
        self.commit_without_read_back(tx, entry).await
    }

    /// Deletes a preference of a principal in the credential's account.
    ///
    /// # Errors
    /// As [`Self::may_have_preferences`]; when there is none.
    pub async fn delete_preference(
        &self,
        caller: &Identity,
        of: Principal,
        which: (&str, &str),
    ) -> Result<(), IamError> {
        self.may_have_preferences(caller, of).await?;
        check_words(which)?;
        let mut tx = self.lock_preferences(caller, of).await?;
        if !preferences::delete(&mut tx, caller.account(), of, which).await? {
            return Err(none());
        }
        let entry = about(caller, Action::PreferenceDeleted, of, which);
        self.commit_without_read_back(tx, entry).await
    }

    /// Begins a change: the account is locked, and the caller still may.
    async fn lock_preferences(&self, caller: &Identity, of: Principal) -> Result<Tx, IamError> {
        let account = caller.account();
        let mut tx = self.0.db.begin().await?;
        self.lock_for_owner(&mut tx, caller, account, of, WHAT)
            .await?;
        match is_still_member(&mut tx, account, of).await? {
            true => Ok(tx),
            false => Err(nobody()),
        }
    }
}

fn nobody() -> IamError {
    IamError::not_found("the user, service ID or trusted profile in this account")
}

fn none() -> IamError {
    IamError::not_found("the preference")
}

fn about(caller: &Identity, action: Action, of: Principal, (service, name): (&str, &str)) -> Entry {
    Entry::by(caller, action)
        .in_account(caller.account())
        .on(of)
        .with("service", service)
        .with("preference", name)
}
