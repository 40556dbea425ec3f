//! The requests to the server that is imported from. It gets nothing of the login: only what was given for it.

use super::nodes::{self, Node};
use super::refusals::{may_pass, refused, unanswered, unreadable};
use crate::address;
use crate::client::{Client, Reply, Request, encode};
use crate::command::metrics::stop::StopFlag;
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind};
use crate::printable_text::escaped;
use crate::secret_argument;
use base::secret::Secret;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::render::json::ReadRow;

/// Larger answers are asked for in parts.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Completes "cannot …".
const LISTING_TAGGED: &str = "list the series with tags";

/// How often a request is sent that the server does not answer, or not now.
const ATTEMPTS: u32 = 6;
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that is granted to a server that asks for one.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The server.
pub(super) struct Source<'a> {
    context: &'a Context,
    client: Client,
    url: String,
    credentials: Option<Secret<String>>,
    stop: Arc<StopFlag>,
    /// Whether it has answered at all: what has not is not waited for.
    has_answered: Cell<bool>,
}

/// How the server is spoken to.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceOptions<'t> {
    /// The file of its credentials.
    pub(super) credentials: Option<&'t Path>,
    /// They may go over a way that is not encrypted.
    pub(super) may_be_in_clear: bool,
    /// Its certificate is not checked.
    pub(super) is_unverified: bool,
}

impl<'a> Source<'a> {
    /// At an address that was typed.
    pub(super) fn new(
        context: &'a Context,
        typed: &str,
        options: SourceOptions<'_>,
        stop: Arc<StopFlag>,
    ) -> Result<Self, Failure> {
        if typed.contains('@') {
            return Err(Failure::usage(
                "the address holds a user name or a password, which others could read in the list of processes",
            )
            .hint("write `USER:PASSWORD` into a file, and name it with `--credentials FILE`"));
        }
        let url = address::complete(typed)?;
        let credentials = match options.credentials {
            Some(file) => {
                let named = format!("@{}", file.display());
                Some(secret_argument::password(
                    &named,
                    "--credentials",
                    &context.output,
                )?)
            }
            None => {
                let text = context.env.get(env::SOURCE_CREDENTIALS);
                text.map(|text| Secret::new(text.to_owned()))
            }
        };
        let is_clear = credentials.is_some() && address::is_readable_on_the_way(&url);
        if is_clear && !options.may_be_in_clear {
            return Err(Failure::usage(escaped!(
                "`{}` is not encrypted: everybody on the way could read the credentials",
                url
            ))
            .hint("name an address with `https://`, or allow it with `--credentials-in-clear`"));
        }
        let credentials = credentials.as_ref().map(authorization).transpose()?;
        if options.is_unverified {
            let output = &context.output;
            output.warn(escaped!("the certificate of `{}` is not checked", url));
        }
        Ok(Self {
            client: Client::elsewhere(&context.config(), &context.env, options.is_unverified)?,
            context,
            url,
            credentials,
            stop,
            has_answered: Cell::new(false),
        })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The nodes that fit a pattern.
    pub(super) fn find(&self, pattern: &str) -> Result<Vec<Node>, Failure> {
        let doing = "list the series";
        let reply = self.ask(doing, || {
            Request::get(format!("{}/metrics/find", self.url))
                .query("query", pattern)
                .query("format", "treejson")
        })?;
        self.read(&reply, doing, nodes::nodes)
    }

    /// The names of series with tags, without the tags.
    pub(super) fn tagged_names(&self) -> Result<Vec<String>, Failure> {
        let reply = self.ask(LISTING_TAGGED, || {
            Request::get(format!("{}/tags/name", self.url))
        })?;
        self.read(&reply, LISTING_TAGGED, nodes::tag_values)
    }

    /// The series with tags that have this name.
    pub(super) fn find_tagged(&self, name: &str) -> Result<Vec<String>, Failure> {
        let expression = format!("name={name}");
        let reply = self.ask(LISTING_TAGGED, || {
            Request::get(format!("{}/tags/findSeries", self.url)).query("expr", &expression)
        })?;
        self.read(&reply, LISTING_TAGGED, nodes::series)
    }

    /// The values of targets in a time, both bounds included.
    pub(super) fn render<'t>(
        &self,
        targets: impl IntoIterator<Item = &'t str>,
        from: i64,
        until: i64,
    ) -> Result<Vec<ReadRow>, Failure> {
        let doing = "read the values";
        let mut form: Vec<String> = targets
            .into_iter()
            .map(|target| format!("target={}", encode(target)))
            .collect();
        // Graphite leaves out its `from`.
        form.push(format!("from={}&until={until}&format=json", from - 1));
        let form = form.join("&").into_bytes();
        let reply = self.ask(doing, || {
            Request::post(format!("{}/render", self.url))
                .body("application/x-www-form-urlencoded", form.clone())
        })?;
        self.read(&reply, doing, wire::render::json::read)
    }

    /// Sends the request of `make`, again where it is not answered, or not now.
    fn ask(&self, doing: &'static str, make: impl Fn() -> Request) -> Result<Reply, Failure> {
        let mut attempt = 1;
        loop {
            let mut request = make().answer_at_most(ANSWER_BYTES_MAX);
            if let Some(value) = &self.credentials {
                request = request.header("authorization", value.expose().as_str());
            }
            let sent = self.context.send_elsewhere(&self.client, request);
            let had_answered = self.has_answered.get();
            self.has_answered.set(had_answered || sent.is_ok());
            let (failure, requested) = match sent {
                Ok(reply) if reply.is_success() => return Ok(reply),
                Ok(reply) => {
                    let has_credentials = self.credentials.is_some();
                    let failure = refused(&self.url, &reply, doing, has_credentials);
                    if !matches!(reply.status, 429 | 502..=504) {
                        return Err(failure);
                    }
                    let requested = reply.header("retry-after");
                    let requested = requested.and_then(|seconds| seconds.parse().ok());
                    (failure, requested.map(Duration::from_secs))
                }
                Err(failure) if had_answered && may_pass(&failure) => (unanswered(failure), None),
                Err(failure) => return Err(unanswered(failure)),
            };
            let wait = requested.unwrap_or(FIRST_WAIT * (1 << (attempt - 1)));
            if attempt >= ATTEMPTS {
                return Err(failure);
            }
            if !self.stop.wait(wait.min(WAIT_MAX)) {
                let signal = self.stop.signal().unwrap_or("a signal");
                return Err(Failure::new(Kind::Partial, format!("stopped by {signal}")));
            }
            attempt += 1;
        }
    }

    /// Reads an answer.
    fn read<T>(
        &self,
        reply: &Reply,
        doing: &'static str,
        read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
    ) -> Result<T, Failure> {
        read(&reply.body).map_err(|error| unreadable(&self.url, reply, doing, &error))
    }
}

/// The header for `USER:PASSWORD` or `Bearer TOKEN`.
fn authorization(given: &Secret<String>) -> Result<Secret<String>, Failure> {
    let text = given.expose().trim();
    let is_header = ["Bearer ", "Basic ", "Token "]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    if is_header {
        return Ok(Secret::new(text.to_owned()));
    }
    match text.split_once(':') {
        Some((user, password)) => {
            let header = wire::credential::encode_basic(user, password);
            Ok(Secret::new(header))
        }
        None => Err(Failure::usage(
            "the credentials are neither `USER:PASSWORD` nor `Bearer TOKEN`",
        )
        .hint("with an API key of Vigie write `apikey:KEY`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_a_header() {
        let header = |text: &str| {
            let header = authorization(&Secret::new(text.to_owned()));
            header.map(|header| header.expose().clone()).ok()
        };
        assert_eq!(
            header("ada:secret\n").as_deref(),
            Some("Basic YWRhOnNlY3JldA==")
        );
        assert_eq!(header("Bearer x.y").as_deref(), Some("Bearer x.y"));
        assert_eq!(header("secret"), None);
    }
}
