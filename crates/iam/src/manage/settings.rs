//! Settings of a domain.

use crate::audit;
use crate::audit::{Actor, Credential, Entry};
use crate::error::IamError;
use crate::repo::domains;
use crate::service::Iam;
use base::scope::{Action, Scope};

/// Coarsest step: a day.
const RESOLUTION_SECONDS_MAX: u32 = 86_400;

impl Iam {
    /// Sets the step that samples are consolidated to when read; `None` returns them as they were sent.
    ///
    /// # Errors
    /// Without the right to configure the domain, or when the step is zero or above a day.
    pub async fn set_resolution(
        &self,
        scope: &Scope,
        seconds: Option<u32>,
    ) -> Result<(), IamError> {
        scope
            .require(Action::Configure)
            .map_err(|forbidden| IamError::forbidden(forbidden.to_string()))?;
        if !scope.reaches_all(Action::Configure) {
            let message = "a setting of the domain takes a caller who reaches every series of it";
            return Err(IamError::forbidden(message.to_owned()));
        }
        if seconds.is_some_and(|seconds| seconds == 0 || seconds > RESOLUTION_SECONDS_MAX) {
            let message = format!(
                "`resolution_seconds` is 1 to {RESOLUTION_SECONDS_MAX}, or null for samples as sent"
            );
            return Err(IamError::invalid("resolution_seconds", message));
        }
        let mut tx = self.0.db.begin().await?;
        domains::set_resolution(&mut tx, scope.domain(), seconds).await?;
        let who = Actor::from(scope.principal());
        let to = seconds.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
        let entry = Entry::by_actor(who, Credential::None, audit::Action::DomainConfigured)
            .maybe_in(self.directory().account_of(scope.domain()))
            .on(scope.domain())
            .with("resolution_seconds", to);
        self.commit(tx, entry).await
    }
}
