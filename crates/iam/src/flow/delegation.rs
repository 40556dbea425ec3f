//! Delegated refresh tokens: of the same login, for another client, which redeems them by itself. They end with the login,
//! and with the time for which they were asked, however often they are renewed; and they stay for the account they were made for.
//! So does everything that they are shown for.

use super::session::refresh_token::{self, Receiver};
use super::session::{rotate, shown_refresh_token};
use crate::error::IamError;
use crate::repo::transactions::credentials;
use crate::service::Iam;
use crate::token::issued::Client;
use base::secret::Secret;

impl Iam {
    /// A refresh token for the receiver, in the login of this refresh token, which must be the command line's. It lives for this
    /// many seconds with its successors, and no longer than the login's own refresh tokens.
    ///
    /// # Errors
    /// When the token is not valid, or its login has too many.
    pub async fn delegate(
        &self,
        refresh_token: &Secret<String>,
        receiver: Client,
        seconds: i64,
    ) -> Result<Secret<String>, IamError> {
        let owner = rotate::owner_of(self, refresh_token, Client::Bx.id()).await?;
        let (iam, text) = (self.clone(), refresh_token.clone());
        self.in_login_turn(owner, async move {
            iam.delegate_in_turn(&text, receiver, seconds).await
        })
        .await
    }

    async fn delegate_in_turn(
        &self,
        refresh_token: &Secret<String>,
        receiver: Client,
        seconds: i64,
    ) -> Result<Secret<String>, IamError> {
        let shown = shown_refresh_token::login_of(self, refresh_token, Client::Bx.id());
        let (mut tx, login) = shown.await?;
        let session = login
            .bounds()
            .root()
            .session
            .ok_or(IamError::Internal("delegate what is of no session"))?;
        credentials::lock(&mut tx, login.bounds(), self.0.clock.now()).await?;
        let until = self.0.clock.now().plus(seconds.saturating_mul(1000));
        let to = Receiver {
            client: receiver.id(),
            delegated_until: Some(until),
        };
        let token = refresh_token::issue(self, &mut tx, session, to, &login);
        let token = token.await?;
        self.commit_unaudited(tx).await?;
        Ok(token)
    }
}
