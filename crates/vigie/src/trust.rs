//! Decides which origins may receive passwords and tokens: the server that the user named, and the origins that they allowed
//! for it.
//!
//! A server advertises the addresses of its parts (`token_endpoint`, the hosts of a region). A hostile server could advertise its
//! own and collect passwords. Invariant: the client sends only a [`TrustedRequest`], which only this module makes. The user is asked
//! once about an advertised origin that they did not name; the answer is stored next to the configuration, by server.

use crate::address;
use crate::client::{Client, Reply, Request, TrustedRequest};
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::origin::{Advertised, Origin, classify, follow};
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use crate::token::Token;
use base::user_info;
use serde::de::DeserializeOwned;

impl Context {
    /// Sends a request, if its origin is trusted.
    pub(crate) fn send(&self, request: Request) -> Result<Reply, Failure> {
        self.require_trusted(request.url(), "the address of a service")?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the line above has asked whether the origin is trusted"
        )]
        let trusted_request = TrustedRequest::for_trusted(request);
        self.client()?.send(trusted_request)
    }

    /// As [`Self::ask`], and reads the answer.
    pub(crate) fn ask_for<T: DeserializeOwned>(
        &self,
        request: Request,
        doing: &str,
    ) -> Result<T, Failure> {
        self.ask(request, doing)?.parse(doing)
    }

    /// Sends a request with the session's token, once more where that is refused and has a successor; any other refusal is a failure.
    /// `doing` completes "cannot …". It may renew the login and store it, and ask at a terminal whether a new origin may be sent to.
    pub(crate) fn ask(&self, request: Request, doing: &str) -> Result<Reply, Failure> {
        let as_bearer = |request: Request, token: &Token| request.bearer(token.expose());
        self.send_with_token(request, as_bearer)?.success(doing)
    }

    /// Sends a request to a server of another kind that the user named in this very command. It has nothing of the login: no
    /// credential but one that was given for this server, and with its client no word on which certificates need no check.
    pub(crate) fn send_elsewhere(
        &self,
        client: &Client,
        request: Request,
    ) -> Result<Reply, Failure> {
        let destination = origin(request.url())?;
        if destination.is_unspecified() {
            return Err(unspecified_address(&destination));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the user has named the origin, and the request is made of what they named"
        )]
        let trusted_request = TrustedRequest::for_trusted(request);
        client.send(trusted_request)
    }

    /// The address that the server advertises for `what`, one of its parts; or the address that the user named, where the server
    /// must mean itself.
    pub(crate) fn adopt(&self, advertised: &str, what: &'static str) -> Result<String, Failure> {
        let api = self.api_endpoint()?;
        let advertised = advertised.trim_end_matches('/');
        let is_other_name = |destination: Origin| self.other_name.get() == Some(&destination);
        if Origin::of(advertised).is_ok_and(is_other_name) {
            return Ok(api);
        }
        match classify(&origin(&api)?, advertised) {
            Advertised::Named => Ok(api),
            Advertised::Same => Ok(advertised.to_owned()),
            Advertised::Elsewhere(_) => {
                self.require_trusted(advertised, what)?;
                Ok(advertised.to_owned())
            }
            Advertised::Refused(why) => Err(Failure::failed(escaped!(
                "`{}` names `{}` as {}, where nothing is sent: {}",
                api,
                PrintableText::untrusted(&user_info::hidden(advertised)),
                what,
                why
            ))
            .hint("the server's operator can fix it with the setting `public_url`")),
        }
    }

    /// The address of the next page of a list; it must be at the server with the root `base`.
    pub(crate) fn next_page(&self, base: &str, next: &str) -> Result<String, Failure> {
        follow(base, next).ok_or_else(|| {
            Failure::failed(escaped!(
                "`{}` continues a list at `{}`, which is not its own; nothing was sent there",
                base,
                PrintableText::untrusted(&user_info::hidden(next))
            ))
        })
    }

    /// Checks that requests may go to this address; asks at a terminal if the origin is new.
    pub(crate) fn require_trusted(&self, url: &str, what: &'static str) -> Result<(), Failure> {
        let destination = origin(url)?;
        if destination.is_unspecified() {
            return Err(unspecified_address(&destination));
        }
        if self.is_trusted(&destination)? {
            return Ok(());
        }
        let named = self.named_server()?;
        if named.is_https() && !destination.is_https() {
            return Err(Failure::failed(escaped!(
                "`{}` is not encrypted, and `{}`, which names it as {}, is: nothing is sent there",
                destination.to_string(),
                named.to_string(),
                what
            )));
        }
        let allow = escaped!(
            "if both belong together, allow it with `vigie api --trust-origin {}`, or while logging in with `--trust-origin {}`",
            PrintableText::word(&destination.to_string()),
            PrintableText::word(&destination.to_string())
        );
        if !prompt::is_possible() {
            return Err(Failure::usage(escaped!(
                "`{}` names another host as {}: `{}`. Without a terminal nobody can be asked whether it may have passwords and tokens",
                named.to_string(),
                what,
                destination.to_string()
            ))
            .hint(allow));
        }
        let question = escaped!(
            "`{}` names another host as {}: `{}`. Send passwords and tokens there?",
            named.to_string(),
            what,
            destination.to_string()
        );
        if !prompt::confirm(question, "`--trust-origin`")? {
            return Err(Failure::failed(escaped!(
                "`{}` is not trusted; nothing was sent there",
                destination.to_string()
            ))
            .hint(allow));
        }
        self.trust(&destination)
    }

    /// Adds an origin to those trusted for the server in use.
    pub(crate) fn trust(&self, destination: &Origin) -> Result<(), Failure> {
        let named = self.named_server()?.to_string();
        self.home.change_origins(|origins| {
            let trusted = origins.entry(named).or_default();
            let destination = destination.to_string();
            if !trusted.contains(&destination) {
                trusted.push(destination);
            }
        })
    }

    /// The same, where it is not the server in use itself.
    pub(crate) fn trust_if_elsewhere(&self, destination: &Origin) -> Result<(), Failure> {
        if self.named_server()?.is_same_server(destination) {
            return Ok(());
        }
        self.trust(destination)
    }

    /// Treats `called`, the server's own name for itself, as the server in use, because the user named its address `named` as the
    /// token service, too. A name that is trusted anyway is used as it is.
    pub(crate) fn note_other_name(&self, named: &str, called: &str) -> Result<(), Failure> {
        if self.named_server()?.is_same_server(&origin(named)?)
            && let Ok(called) = Origin::of(called)
            && !self.is_trusted(&called)?
        {
            self.other_name.get_or_init(|| called);
        }
        Ok(())
    }

    /// Removes an origin from those trusted for the server in use.
    pub(crate) fn remove_trusted_origin(&self, destination: &Origin) -> Result<(), Failure> {
        let named = self.named_server()?.to_string();
        self.home.change_origins(|origins| {
            if let Some(trusted) = origins.get_mut(&named) {
                trusted.retain(|origin| *origin != destination.to_string());
            }
        })
    }

    /// The origins trusted for the server in use.
    pub(crate) fn trusted_origins(&self) -> Result<Vec<String>, Failure> {
        let Ok(named) = self.named_server() else {
            return Ok(Vec::new());
        };
        let mut origins = self.home.read_origins()?;
        Ok(origins.remove(&named.to_string()).unwrap_or_default())
    }

    /// The token service that the user named, with the flag of `login` or the variable.
    pub(crate) fn named_iam(&self, flag: Option<&str>) -> Result<Option<String>, Failure> {
        flag.or_else(|| self.env.get(env::IAM_ENDPOINT))
            .map(address::complete)
            .transpose()
    }

    /// Whether the user named this origin or allowed it.
    pub(crate) fn is_trusted(&self, destination: &Origin) -> Result<bool, Failure> {
        let named_elsewhere = [env::API, env::IAM_ENDPOINT]
            .into_iter()
            .filter_map(|variable| self.env.get(variable))
            .filter_map(|text| Origin::of(&address::complete(text).ok()?).ok());
        let is_named = self
            .named_server()
            .into_iter()
            .chain(named_elsewhere)
            .any(|named| named.is_same_server(destination));
        Ok(is_named || self.trusted_origins()?.contains(&destination.to_string()))
    }

    /// The server in use: the one logged in to, or being logged in to.
    fn named_server(&self) -> Result<Origin, Failure> {
        let configured = self.config().api_endpoint.clone();
        match (configured.is_empty(), self.env.get(env::API)) {
            (true, Some(text)) => origin(&address::complete(text)?),
            _ => origin(&self.api_endpoint()?),
        }
    }
}

/// The failure for an unspecified address (`0.0.0.0`, `[::]`): a connection to it would reach this machine.
fn unspecified_address(destination: &Origin) -> Failure {
    Failure::usage(escaped!(
        "`{}` is the unspecified address, at which no server can be reached: nothing is sent there",
        destination.to_string()
    ))
    .hint("log in at an address that the server has: `vigie login -a https://SERVER`")
}

/// The origin of a URL.
pub(crate) fn origin(url: &str) -> Result<Origin, Failure> {
    Origin::of(url).map_err(|why| {
        Failure::usage(escaped!(
            "`{}` is not the address of a server: {}",
            PrintableText::untrusted(&user_info::hidden(url)),
            why
        ))
        .hint("the API endpoint is set with `vigie api URL`")
    })
}
