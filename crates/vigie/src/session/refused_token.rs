//! A token that the server refuses though it has not expired: the key that signed it was retired, or its session ended by a logout
//! that another login followed. Its refresh token may still be good, so a request is sent once more with the successor.

use crate::client::{Reply, Request};
use crate::context::Context;
use crate::error::Failure;
use crate::token::Token;
use std::time::Duration;

/// The refusals after which a new token may help: expired, signed with a retired key, revoked; Cloud Foundry's interface has one word
/// for all.
const RENEWABLE: [&str; 4] = [
    "BXNMSRI01E",
    "BXNMSRI05E",
    "BXNMSRI07E",
    "CF-InvalidAuthToken",
];

/// Whether the server refuses the token for a reason that its successor may not have.
pub(crate) fn is_for_token(reply: &Reply) -> bool {
    let code = (reply.status == 401).then(|| reply.refusal("").code);
    code.flatten()
        .is_some_and(|code| RENEWABLE.contains(&&*code))
}

impl Context {
    /// The answer to a request that `shows` the session's token; to one with the token's successor, if the server refuses the token.
    pub(crate) fn send_with_token(
        &self,
        request: Request,
        shows: impl Fn(Request, &Token) -> Request,
    ) -> Result<Reply, Failure> {
        let token = self.token()?;
        let reply = self.send(shows(request.clone(), &token))?;
        if !is_for_token(&reply) {
            return Ok(reply);
        }
        let successor = self.token_for(Duration::MAX)?;
        // Where it cannot be kept, none is asked for.
        if successor.expose() == token.expose() {
            return Ok(reply);
        }
        self.send(shows(request, &successor))
    }
}
