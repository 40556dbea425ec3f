//! A login with an API key that is limited to some metrics (`reach`). The server lists no accounts, organizations or spaces for it;
//! the token contains the limits.

use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped};
use crate::token::Reach;

/// The hint for a key that reaches a whole account.
pub(crate) const HINT: &str = "this key is for metrics alone: name a space with `--scope s-GUID`, or mean the account itself with `--scope account`";

/// The failure where a key without a domain is to send, and no space is named.
pub(crate) fn no_space_named() -> Failure {
    Failure::usage("no space is targeted, and the API key was made without one").hint(HINT)
}

impl Context {
    /// The limits of the login, if it is narrowed.
    pub(crate) fn reach(&self) -> Option<Reach> {
        self.claims()?.reach
    }

    /// Fails if the login is narrowed: for commands that manage anything.
    pub(crate) fn require_manager(&self) -> Result<(), Failure> {
        match self.reach() {
            None => Ok(()),
            Some(reach) => Err(Failure::new(
                Kind::Forbidden,
                escaped!(
                    "this key is for metrics alone, and manages nothing: it may only {}",
                    reach.allowed_actions()
                ),
            )
            .hint("log in with a password or a key made without `--domain` and `--only`")),
        }
    }
}

impl Reach {
    /// Whether it may only send, and is not limited to a domain: each command must name one.
    pub(crate) fn sends_anywhere(&self) -> bool {
        self.domain.is_none() && self.only.as_deref() == Some("send")
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let domain = self.domain.as_deref().unwrap_or("all");
        match &self.only {
            None => domain.to_owned(),
            Some(only) => format!("{domain} ({only} only)"),
        }
    }

    /// Refuses a domain that the key does not reach; `None` is the account.
    pub(crate) fn require_domain(&self, id: Option<&str>) -> Result<(), Failure> {
        match self.domain.as_deref() {
            Some(domain) if id != Some(domain) => Err(Failure::new(
                Kind::Forbidden,
                escaped!("this key is for the metrics of `{}` alone", domain),
            )
            .hint("leave `--scope` out, or log in with a key that was made without `--domain`")),
            _ => Ok(()),
        }
    }

    /// The actions that the key allows, after "it may only".
    fn allowed_actions(&self) -> PrintableText {
        match (self.only.as_deref(), self.domain.as_deref()) {
            (Some(action), Some(domain)) => escaped!("{} metrics to `{}`", action, domain),
            (Some(action), None) => escaped!("{} metrics", action),
            (None, Some(domain)) => escaped!("work with the metrics of `{}`", domain),
            (None, None) => "work with metrics".into(),
        }
    }

    /// The failure for `flags`, which take names: those need a list from the server.
    pub(crate) fn refuse_names(&self, flags: &'static str) -> Failure {
        let whose = match &self.domain {
            Some(domain) => escaped!("the metrics of `{}`", domain.as_str()),
            None => PrintableText::from("metrics"),
        };
        let failure = Failure::new(
            Kind::Forbidden,
            escaped!(
                "this API key is for {} alone: it finds no account, organization or space by name",
                whose
            ),
        );
        match &self.domain {
            Some(domain) => failure.hint(escaped!(
                "leave {} out: without them it works in `{}`",
                flags,
                domain.as_str()
            )),
            None => failure.hint(escaped!("go on without {}", flags)).hint(HINT),
        }
    }
}
