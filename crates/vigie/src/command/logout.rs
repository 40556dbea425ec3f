//! `logout`.

use crate::context::Context;
use crate::error::Failure;
use crate::session;
use crate::token::bare;
use serde::Serialize;

/// The session after a logout.
#[derive(Serialize)]
struct SessionState {
    logged_in: bool,
}

/// Ends the session at the server, so that its tokens are useless everywhere, then forgets it here. What cannot be
/// reached does not keep anyone from forgetting.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action("Logging out...")?;
    if let Err(failure) = revoke(context) {
        output.warn(format!(
            "the server could not be told, so the tokens stay valid until they expire: {failure}"
        ));
    }
    context.update(|config, cf| {
        config.clear_session();
        cf.clear_session();
    })?;
    output.done(&SessionState { logged_in: false })
}

fn revoke(context: &Context) -> Result<(), Failure> {
    let config = context.config();
    let token = match config.iam_refresh_token.expose() {
        "" | "not_supported" => bare(config.iam_token.expose()),
        refresh => refresh,
    };
    if token.is_empty() {
        return Ok(());
    }
    session::revoke(context, &context.iam_endpoint(&config)?, token)?
        .success("end the session")
        .map(drop)
}
