//! Protects the login of another program in a shared folder: before it is replaced, it is copied, and the user is asked unless a
//! variable names the folder.
//!
//! The issuer of its token tells whose login it is: the issuers of our own logins are remembered, by server address, in a file of
//! our own.

use crate::config::{Config, Ownership};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use crate::token::Claims;
use base::time::{Clock as _, Millis, SystemClock};

/// A login whose last token expired longer ago than this can no longer be renewed.
const RENEWABLE_SECONDS_MAX: i64 = 30 * 24 * 3600;

impl Context {
    /// Backs up another program's login before it is replaced. `issuer` is the issuer of the new login, if the server has proven
    /// that it is its own.
    pub(crate) fn back_up_foreign_login(&self, issuer: &str) -> Result<(), Failure> {
        let ownership = self.home.ownership();
        if ownership == Ownership::Own {
            return Ok(());
        }
        let config = self.home.read()?;
        if !is_good(&config, SystemClock.now()) {
            return Ok(());
        }
        let theirs = Claims::of(config.iam_token.expose())
            .unwrap_or_default()
            .iss;
        let is_ours = theirs == issuer || self.home.knows_issuer(&config.api_endpoint, &theirs)?;
        if !theirs.is_empty() && is_ours {
            return Ok(());
        }
        let file = self.home.directory().join("config.json");
        let of = PrintableText::untrusted(&config.api_endpoint);
        if ownership == Ownership::Shared && prompt::is_possible() {
            let question = escaped!(
                "`{}` holds a login to `{}` that another program has made. Replace it, and keep a copy beside it?",
                file.display(),
                of
            );
            if !prompt::confirm(question, "a terminal")? {
                return Err(
                    Failure::failed("the login of the other program was left as it is")
                        .hint("the name `vigie` keeps its login in a folder of its own; for this name, `IBMCLOUD_HOME` names another parent of the folder"),
                );
            }
        }
        let copy = self.home.keep_copy(is_same)?;
        self.output.warn(escaped!(
            "the login to `{}` that another program has made is kept in `{}`",
            of,
            copy.display()
        ));
        Ok(())
    }

    /// Remembers the issuer of this login's tokens.
    pub(crate) fn remember_own_issuer(&self) -> Result<(), Failure> {
        match self.claims() {
            Some(claims) if self.home.ownership() != Ownership::Own && !claims.iss.is_empty() => {
                let api = self.config().api_endpoint.clone();
                self.home.remember_issuer(&api, &claims.iss)
            }
            _ => Ok(()),
        }
    }
}

/// Whether a login is still valid or may be renewed.
fn is_good(config: &Config, now: Millis) -> bool {
    let is_renewable = !matches!(config.iam_refresh_token.expose(), "" | "not_supported");
    match Claims::of(config.iam_token.expose()) {
        Some(claims) => {
            let left = claims.remaining(now);
            left > 0 || (is_renewable && left > -RENEWABLE_SECONDS_MAX)
        }
        None => is_renewable,
    }
}

/// Whether two files hold the same login, perhaps with tokens of different age.
fn is_same(one: &Config, other: &Config) -> bool {
    let user = |config: &Config| {
        let claims = Claims::of(config.iam_token.expose()).unwrap_or_default();
        let endpoint = config.api_endpoint.clone();
        (
            claims.iss,
            claims.sub,
            config.account.guid.clone(),
            endpoint,
        )
    };
    user(one) == user(other)
}
