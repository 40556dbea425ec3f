//! A login with an API key that was made for less than its user has (`reach`): it is for metrics alone, and the server lists
//! it no account, organization or space. What it reaches stands in its token.

use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::output::printable;
use crate::shown::{Shown, shown};
use crate::token::Reach;

/// What to do with a key that reaches a whole account.
pub(crate) const HINT: &str = "this key is for metrics alone: name a space with `--scope s-GUID`, or mean the account itself with `--scope account`";

impl Context {
    /// What the login reaches, where that is less than its user.
    pub(crate) fn reach(&self) -> Option<Reach> {
        self.claims()?.reach
    }

    /// Refuses what manages, or asks who somebody is, where the key is for metrics alone.
    pub(crate) fn require_manager(&self) -> Result<(), Failure> {
        match self.reach() {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                Kind::Forbidden,
                "this key is for metrics alone, and manages nothing",
            )
            .hint("log in with a password or a key made without `--domain` and `--only`")),
        }
    }
}

impl Reach {
    /// Whether it is for sending alone, to no domain of its own: each sending names one.
    pub(crate) fn sends_anywhere(&self) -> bool {
        self.domain.is_none() && self.only.as_deref() == Some("send")
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let domain = printable(self.domain.as_deref().unwrap_or("all"));
        match &self.only {
            None => domain,
            Some(only) => format!("{domain} ({} only)", printable(only)),
        }
    }

    /// Something is to be found by its name, or accepted, with such a key; `flags` are what asks for it.
    pub(crate) fn finds_nothing(&self, flags: &'static str) -> Failure {
        let whose = match &self.domain {
            Some(domain) => shown!("the metrics of `{}`", domain.as_str()),
            None => Shown::from("metrics"),
        };
        let failure = Failure::usage(shown!(
            "this API key is for {} alone: it finds no account, organization or space by name",
            whose
        ));
        match &self.domain {
            Some(domain) => failure.hint(shown!(
                "leave {} out: without them it works in `{}`",
                flags,
                domain.as_str()
            )),
            None => failure.hint(shown!("go on without {}", flags)).hint(HINT),
        }
    }
}
