//! Settings of a domain.

use crate::audit;
use crate::audit::{Actor, Credential, Entry};
use crate::error::{AuthError, IamError};
use crate::model::text::check_length;
use crate::repo::counts::CountedItem;
use crate::repo::domains::{self, RuleFile};
use crate::service::Iam;
use base::grid::RESOLUTION_SECONDS_MAX;
use base::invisible::is_invisible;
use base::limit;
use base::scope::{Action, Scope};

/// Changes of settings; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct DomainChange {
    /// The step that samples are consolidated to when read; `Some(None)` returns them as they were sent.
    pub resolution_seconds: Option<Option<u32>>,
    /// The rules about steps. The caller has to check that they can be parsed.
    pub schemas: Option<Option<String>>,
    /// The rules about aggregation; likewise.
    pub aggregation: Option<Option<String>>,
    /// Whether senders may write a key before each name.
    pub key_before_names: Option<bool>,
}

impl Iam {
    /// Checks a change of a domain's settings without making it.
    ///
    /// # Errors
    /// As [`Self::configure`].
    pub fn check_configuration(
        &self,
        scope: &Scope,
        change: &DomainChange,
    ) -> Result<(), IamError> {
        scope
            .require(Action::Configure)
            .map_err(|forbidden| IamError::forbidden(forbidden.to_string()))?;
        if !scope.reaches_all(Action::Configure) {
            let message = "a setting of the domain takes a caller who reaches every series of it";
            return Err(IamError::forbidden(message.to_owned()));
        }
        if change
            .resolution_seconds
            .flatten()
            .is_some_and(|seconds| seconds == 0 || seconds > RESOLUTION_SECONDS_MAX)
        {
            let message = format!(
                "`resolution_seconds` is 1 to {RESOLUTION_SECONDS_MAX}, or null for samples as sent"
            );
            return Err(IamError::invalid("resolution_seconds", message));
        }
        for (field, _, text) in files(change) {
            if let Some(Some(text)) = text {
                check_length(field, text, &limit::SCHEMA_BYTES).map_err(IamError::Refused)?;
                let is_unreadable = |c: char| is_invisible(c) && !matches!(c, '\n' | '\r' | '\t');
                if let Some(character) = text.chars().find(|c| is_unreadable(*c)) {
                    let message = format!(
                        "`{field}` holds U+{:04X}, which cannot be seen: write it as `\\x{{{:X}}}` in a pattern",
                        u32::from(character),
                        u32::from(character)
                    );
                    return Err(IamError::invalid(field, message));
                }
            }
        }
        Ok(())
    }

    /// Changes the settings of a domain; the entry of the audit names the kind of the caller's credential, and what has changed. Where
    /// nothing has, there is none. `verify_again` gives what the caller reaches by what this node knows when nothing changes any more.
    ///
    /// # Errors
    /// Without the right to configure the whole domain, also then; when the step is zero or above a day, or when a text is too long.
    pub async fn configure(
        &self,
        (scope, credential): (&Scope, Credential),
        change: &DomainChange,
        verify_again: impl FnOnce() -> Result<Scope, AuthError>,
    ) -> Result<(), IamError> {
        self.check_configuration(scope, change)?;
        let (resolution, domain) = (change.resolution_seconds, scope.domain());
        let has_more_rules = files(change)
            .iter()
            .any(|(_, _, text)| text.as_ref().is_some_and(Option::is_some));
        let account = self.directory().account_of(domain);
        let account = account.ok_or_else(|| IamError::not_found("the domain"))?;
        let mut tx = self.begin_up_to_date(account).await?;
        self.check_configuration(&verify_again()?, change)?;
        let mut entry = Entry::by_actor(
            Actor::from(scope.principal()),
            credential,
            audit::Action::DomainConfigured,
        )
        .in_account(account)
        .on(domain);
        let mut is_changed = false;
        if let Some(seconds) = resolution
            && domains::set_resolution(&mut tx, domain, seconds).await?
        {
            is_changed = true;
            let to = seconds.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
            entry = entry.with("resolution_seconds", to);
        }
        if let Some(is_taken) = change.key_before_names
            && domains::set_key_before_names(&mut tx, domain, is_taken).await?
        {
            is_changed = true;
            let to = if is_taken { "taken" } else { "refused" };
            entry = entry.with("key_before_names", to.to_owned());
        }
        for (field, file, text) in files(change) {
            if let Some(text) = text
                && domains::set_rules(&mut tx, domain, file, text.as_deref()).await?
            {
                is_changed = true;
                let to = text
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), |text| format!("{} bytes", text.len()));
                entry = entry.with(field, to);
            }
        }
        if !is_changed {
            drop(tx);
            // It is so already; perhaps another node has made it so.
            return self.sync().await;
        }
        if has_more_rules {
            let limit = &limit::RULE_BYTES_PER_ACCOUNT;
            self.check_within_limit(&mut tx, account, limit, CountedItem::RuleBytes)
                .await?;
        }
        self.commit(tx, entry).await
    }
}

/// A text of rules: its field, which of the two it is, and its change.
type RuleText<'a> = (&'static str, RuleFile, &'a Option<Option<String>>);

const fn files(change: &DomainChange) -> [RuleText<'_>; 2] {
    [
        ("schemas", RuleFile::Schemas, &change.schemas),
        ("aggregation", RuleFile::Aggregation, &change.aggregation),
    ]
}
