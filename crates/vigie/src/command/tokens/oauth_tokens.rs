//! `iam oauth-tokens`: both tokens, in the lines that scripts cut apart.

use crate::context::Context;
use crate::error::Failure;
use crate::session::Token;
use serde::Serialize;

#[derive(Serialize)]
struct OauthTokens {
    iam_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uaa_token: Option<String>,
}

/// Prints both tokens, in the lines that scripts cut apart.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let iam = context.token()?;
    let cf = context.cf()?;
    let has_uaa = !(cf.access_token.is_empty() && cf.refresh_token.is_empty());
    let uaa = has_uaa.then(|| context.uaa_token()).transpose()?;
    let bearer = |token: &Token| format!("Bearer {}", token.expose());
    if context.output.is_json() {
        return context.output.json(&OauthTokens {
            iam_token: bearer(&iam),
            uaa_token: uaa.as_ref().map(bearer),
        });
    }
    context
        .output
        .line(format!("IAM token:  {}", bearer(&iam)))?;
    uaa.map_or(Ok(()), |uaa| {
        context.output.line(format!("UAA token:  {}", bearer(&uaa)))
    })
}
