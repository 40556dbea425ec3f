//! Secrets that senders sign and encrypt with where a protocol has no other way to show who they are. Each is made of the
//! encryption key and the id of an API key: no copy of the database holds one, none opens anything as an API key does, and none
//! outlives its key.

use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::refusal::Reason;
use crate::service::Iam;
use crate::sync::key_store;
use base::id::KeyId;
use base::secret::Secret;
use std::path::Path;

impl Iam {
    /// The secret of a key, in the server; none without the encryption key. Whether the key may send is another question.
    #[must_use]
    pub fn sender_secret(&self, id: KeyId) -> Option<Secret<String>> {
        let key = self.0.encryption_key.as_ref()?;
        Some(key.sender_secret(&id.to_string()))
    }

    /// The secret of a key for the operator, made with the encryption key in that folder or in the named file.
    ///
    /// # Errors
    /// When the key does not exist or may do more than send into one domain, or when the encryption key is missing or is not the one
    /// of the signing keys.
    pub async fn show_sender_secret(
        &self,
        id: KeyId,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<Secret<String>, IamError> {
        let directory = self.directory();
        let api_key = directory.keys.get(&id);
        let api_key = api_key.ok_or_else(|| {
            IamError::refused(Reason::NotFound, format!("there is no API key `{id}`"))
        })?;
        if !(api_key.narrowing.send_only && api_key.narrowing.domain.is_some()) {
            let message = format!(
                "the API key `{id}` may do more than send into one domain, so it speaks for no sender"
            );
            return Err(IamError::invalid("key", message));
        }
        let account = api_key.account;
        let key = key_store::own_encryption_key(&self.0.db, folder, named).await?;
        let entry = Entry::by_operator(Action::SenderSecretShown);
        self.enter(entry.maybe_in(Some(account)).on(id)).await?;
        Ok(key.sender_secret(&id.to_string()))
    }
}
