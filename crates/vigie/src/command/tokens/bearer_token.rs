//! `iam bearer-token`.

use crate::context::Context;
use crate::error::Failure;
use serde::Serialize;

/// The access token alone.
#[derive(Serialize)]
struct BareToken<'a> {
    token: &'a str,
}

/// Prints the access token alone.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let token = context.token()?;
    if context.output.is_json() {
        return context.output.json(&BareToken {
            token: token.expose(),
        });
    }
    context.output.line(token.expose().to_owned())
}
