//! Transactions for refresh tokens and one-time codes, begun only for those that there are. What is unknown is refused after a read
//! alone: a stranger who guesses delays no writer.

use super::{passcode, refresh};
use crate::error::IamError;
use crate::repo::{passcodes, refresh_tokens};
use crate::service::Iam;
use base::secret::Secret;
use db::Tx;

impl Iam {
    /// The transaction for a refresh token of the client, used or not, which the transaction is to find again.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn begin_for_token(
        &self,
        text: &Secret<String>,
        client: &str,
    ) -> Result<Tx, IamError> {
        match refresh_tokens::is_known(&self.0.db, text, client).await? {
            true => Ok(self.0.db.begin().await?),
            false => Err(refresh::invalid()),
        }
    }

    /// The transaction for a one-time code, which the transaction is to find again.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn begin_for_code(&self, code: &Secret<String>) -> Result<Tx, IamError> {
        match passcodes::is_known(&self.0.db, &passcode::hash(code)).await? {
            true => Ok(self.0.db.begin().await?),
            false => Err(passcode::rejected()),
        }
    }
}
