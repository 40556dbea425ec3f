//! `iam`: which commands it has.

use crate::command::tokens;
use crate::context::Context;
use crate::error::Failure;
use clap::Subcommand;

/// The word after `iam`.
#[derive(Debug, Subcommand)]
pub(crate) enum Iam {
    /// Show the session's tokens, renewed if they have expired
    OauthTokens,
    /// Print the bare access token, ready for scripts
    Token(tokens::TokenArgs),
    /// Print the bare access token, as newer versions of the original do
    BearerToken,
}

/// Runs a command of `iam`.
pub(crate) fn run(command: &Iam, context: &Context) -> Result<(), Failure> {
    match command {
        Iam::OauthTokens => tokens::oauth_tokens(context),
        Iam::Token(args) => tokens::token(args, context),
        Iam::BearerToken => tokens::bearer_token(context),
    }
}
