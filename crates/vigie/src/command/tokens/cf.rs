//! `cf oauth-token`.

use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;
use serde::Serialize;

/// The word after `cf`.
#[derive(Debug, Subcommand)]
pub(crate) enum Cf {
    /// Print the UAA token with `bearer` in front, renewed if it has expired
    OauthToken,
}

/// The UAA token as `cf` writes it.
#[derive(Serialize)]
struct CfToken {
    uaa_token: String,
}

/// Runs a command of `cf`.
pub(crate) fn run(command: &Cf, context: &Context) -> Result<(), Failure> {
    match command {
        Cf::OauthToken => {
            let uaa_token = format!("bearer {}", context.uaa_token()?.expose());
            if context.output.is_json() {
                return context.output.json(&CfToken { uaa_token });
            }
            context.output.line(&uaa_token)
        }
    }
}
