//! Requests for a one-time code.

use super::passcode;
use super::proof::GrantSubject;
use super::request::{Grant, TokenRequest};
use super::session::{owner, shown_refresh_token};
use crate::error::IamError;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::token::issued::Client;
use base::secret::Secret;

impl Iam {
    /// A one-time code for a user who has proven their identity.
    ///
    /// # Errors
    /// [`IamError::Refused`] with the token service's code.
    pub async fn passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let (source, by_password) = (request.source, request.grant.is_password());
        let presented = request.grant.presented();
        let code = self.new_passcode(request).await;
        self.note_refusal(presented, &code);
        if by_password {
            return code;
        }
        self.slow_guesses(source, code)
    }

    async fn new_passcode(&self, request: TokenRequest) -> Result<Secret<String>, IamError> {
        let presented = request.grant.presented();
        let iam = self.clone();
        match &request.grant {
            Grant::RefreshToken(text) => {
                if request.client != Some(Client::Bx) {
                    let message = "The Authorization header with a client is missing";
                    let refusal = Refusal::new(Reason::NoClient, message);
                    return Err(refusal.remedy(Remedy::SendClient).into());
                }
                let owner = owner::of_refresh_token(self, text, Client::Bx.id()).await?;
                let text = text.clone();
                self.in_login_turn(owner, async move {
                    let shown = shown_refresh_token::read_login(&iam, &text, Client::Bx.id());
                    let (tx, login) = shown.await?;
                    iam.subject(login.bounds())?;
                    passcode::issue(&iam, tx, login.bounds(), presented).await
                })
                .await
            }
            _ => {
                let proven = self.prove(request.source, request.grant, None);
                let GrantSubject { login, held, .. } = proven.await?;
                self.in_login_turn(login.owner(), async move {
                    let tx = iam.lock_proof(held).await?;
                    passcode::issue(&iam, tx, login.bounds(), presented).await
                })
                .await
            }
        }
    }
}
