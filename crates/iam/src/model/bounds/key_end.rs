//! How long the keys live that are made with a credential, which the credential does not.

use super::{CredentialBounds, KeyLife, ends_no_later};
use crate::model::directory::ApiKey;
use crate::refusal::{Reason, Refusal, Remedy};
use base::time::Millis;

impl CredentialBounds {
    /// The expiry of a key that is made or extended.
    ///
    /// # Errors
    /// When it would outlive the key of the credential, or the delegation that it rests on.
    pub(crate) fn key_life(&self, requested: Option<Millis>) -> Result<KeyLife, Refusal> {
        if ends_no_later(requested, self.keys_until) {
            return Ok(KeyLife(requested));
        }
        Err(self.outlives("no key may outlive it: `expires_at` must not be later"))
    }

    /// The end of a key that is requested until then: no later than the key of the credential, or its delegation.
    pub(crate) fn key_end(&self, requested: Millis) -> Millis {
        self.keys_until
            .map_or(requested, |until| until.min(requested))
    }

    /// Whether a disabled key may be enabled.
    ///
    /// # Errors
    /// When that key outlives the key of the credential, or its delegation: the holder could then continue with it.
    pub(crate) fn may_enable(&self, key: &ApiKey) -> Result<(), Refusal> {
        if ends_no_later(key.expires_at, self.keys_until) {
            return Ok(());
        }
        Err(self.outlives("it may not enable a key that expires later, or never"))
    }

    fn outlives(&self, rule: &str) -> Refusal {
        let on = match self.delegated_until {
            None => "on an API key that expires",
            Some(_) => "on a delegated token, which ends",
        };
        let message = format!("the credential shown rests {on}, and {rule}");
        let problem = Refusal::new(Reason::NotAllowed, message);
        problem.field("expires_at").remedy(Remedy::ShorterLife)
    }
}
