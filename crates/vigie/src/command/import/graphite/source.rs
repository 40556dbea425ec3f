//! The requests to the server that is imported from. It gets nothing of the login: only what was given for it.

use crate::address;
use crate::client::{Reply, Request, encode};
use crate::command::metrics::stop::Stop;
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind, code};
use crate::given;
use crate::shown::{PrintableText, shown};
use base::secret::Secret;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::render::json::ReadRow;

/// Larger answers are asked for in parts.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// How often a request is sent that the server does not answer, or not now.
const ATTEMPTS: u32 = 6;
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait that is granted to a server that asks for one.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The server.
pub(super) struct Source<'a> {
    context: &'a Context,
    url: String,
    credentials: Option<Secret<String>>,
    stop: Arc<Stop>,
}

/// A node of the tree of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) path: String,
    /// There is a series of this name.
    pub(super) is_leaf: bool,
    /// There are series below it.
    pub(super) is_branch: bool,
}

impl<'a> Source<'a> {
    /// At an address that was typed.
    pub(super) fn new(
        context: &'a Context,
        typed: &str,
        credentials: Option<&Path>,
        may_be_in_clear: bool,
        stop: Arc<Stop>,
    ) -> Result<Self, Failure> {
        if typed.contains('@') {
            return Err(Failure::usage(
                "the address holds a user name or a password, which others could read in the list of processes",
            )
            .hint("write `USER:PASSWORD` into a file, and name it with `--credentials FILE`"));
        }
        let url = address::complete(typed)?;
        let credentials = match credentials {
            Some(file) => {
                let named = format!("@{}", file.display());
                Some(given::password(&named, "--credentials", &context.output)?)
            }
            None => {
                let text = context.env.get(env::SOURCE_CREDENTIALS);
                text.map(|text| Secret::new(text.to_owned()))
            }
        };
        let is_clear = credentials.is_some() && address::is_readable_on_the_way(&url);
        if is_clear && !may_be_in_clear {
            return Err(Failure::usage(shown!(
                "`{}` is not encrypted: everybody on the way could read the credentials",
                url
            ))
            .hint("name an address with `https://`, or allow it with `--credentials-in-clear`"));
        }
        Ok(Self {
            context,
            url,
            credentials: credentials.as_ref().map(authorization).transpose()?,
            stop,
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
        let items: Vec<FoundNode> = self.read(&reply, doing)?;
        Ok(items.into_iter().map(Node::from).collect())
    }

    /// The values of series in a time, both bounds included.
    pub(super) fn render(
        &self,
        paths: &[&str],
        from: i64,
        until: i64,
    ) -> Result<Vec<ReadRow>, Failure> {
        let doing = "read the values";
        let mut form: Vec<String> = paths
            .iter()
            .map(|path| format!("target={}", encode(path)))
            .collect();
        // Graphite leaves out its `from`.
        form.push(format!("from={}&until={until}&format=json", from - 1));
        let form = form.join("&").into_bytes();
        let reply = self.ask(doing, || {
            Request::post(format!("{}/render", self.url))
                .body("application/x-www-form-urlencoded", form.clone())
        })?;
        wire::render::json::read(&reply.body).map_err(|error| self.unreadable(doing, &error))
    }

    /// Sends the request of `make`, again where it is not answered, or not now.
    fn ask(&self, doing: &'static str, make: impl Fn() -> Request) -> Result<Reply, Failure> {
        let mut attempt = 1;
        loop {
            let mut request = make().answer_at_most(ANSWER_BYTES_MAX);
            if let Some(value) = &self.credentials {
                request = request.header("authorization", value.expose().as_str());
            }
            let (failure, wished) = match self.context.send_elsewhere(request) {
                Ok(reply) if reply.is_success() => return Ok(reply),
                Ok(reply) => {
                    let failure = self.refusal(&reply, doing);
                    if !matches!(reply.status, 429 | 502..=504) {
                        return Err(failure);
                    }
                    let wished = reply.header("retry-after");
                    let wished = wished.and_then(|seconds| seconds.parse().ok());
                    (failure, wished.map(Duration::from_secs))
                }
                Err(failure) if failure.kind == Kind::Unreachable => (failure, None),
                Err(failure) => return Err(failure),
            };
            let wait = wished.unwrap_or(FIRST_WAIT * (1 << (attempt - 1)));
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

    fn refusal(&self, reply: &Reply, doing: &'static str) -> Failure {
        let kind = match reply.status {
            401 => Kind::NotLoggedIn,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            502..=504 => Kind::Unreachable,
            _ => Kind::Failed,
        };
        let beginning = String::from_utf8_lossy(reply.body.get(..200).unwrap_or(&reply.body));
        let failure = Failure::new(
            kind,
            shown!(
                "cannot {}: `{}` answered {}: {}",
                doing,
                self.url,
                reply.status,
                PrintableText::untrusted(beginning.trim())
            ),
        );
        match reply.status {
            401 | 403 if self.credentials.is_none() => failure
                .hint("it asks for a user and a password: write `USER:PASSWORD` into a file, and name it with `--credentials FILE`"),
            401 | 403 => failure.hint("it does not take these credentials"),
            300..=399 => failure.hint(shown!(
                "it is at another address: `{}`",
                PrintableText::untrusted(reply.header("location").unwrap_or("nowhere"))
            )),
            404 => failure.hint("name the address at which `/render` and `/metrics/find` are"),
            _ => failure,
        }
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        reply: &Reply,
        doing: &'static str,
    ) -> Result<T, Failure> {
        serde_json::from_slice(&reply.body).map_err(|error| self.unreadable(doing, &error))
    }

    fn unreadable(&self, doing: &'static str, error: &serde_json::Error) -> Failure {
        Failure::failed(shown!(
            "cannot {}: `{}` answered with something else than expected: {}",
            doing,
            self.url,
            PrintableText::untrusted(&error.to_string())
        ))
        .coded(code::ANSWER_MALFORMED)
        .hint("is it a server that answers as Graphite does?")
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

/// A node as Graphite tells it.
#[derive(Debug, Deserialize)]
struct FoundNode {
    id: String,
    #[serde(default)]
    leaf: Value,
    #[serde(default)]
    expandable: Value,
    #[serde(default, rename = "allowChildren")]
    allow_children: Value,
}

impl From<FoundNode> for Node {
    fn from(found: FoundNode) -> Self {
        // A number for some servers, a truth value for others.
        let is_true = |value: &Value| match value {
            Value::Bool(own) => *own,
            Value::Number(own) => own.as_f64() != Some(0.0),
            _ => false,
        };
        Self {
            is_leaf: is_true(&found.leaf),
            is_branch: is_true(&found.expandable) || is_true(&found.allow_children),
            path: found.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_from_several_servers() {
        let text = r#"[
            {"id":"a","text":"a","leaf":0,"expandable":1,"allowChildren":1,"context":{}},
            {"id":"b","leaf":1,"expandable":0,"allowChildren":0},
            {"id":"c","leaf":true,"expandable":false},
            {"id":"d","allowChildren":1}
        ]"#;
        let nodes: Vec<FoundNode> = serde_json::from_str(text).unwrap();
        let nodes: Vec<_> = nodes
            .into_iter()
            .map(Node::from)
            .map(|node| (node.path, node.is_leaf, node.is_branch))
            .collect();
        let node = |path: &str, is_leaf, is_branch| (path.to_owned(), is_leaf, is_branch);
        assert_eq!(
            nodes,
            [
                node("a", false, true),
                node("b", true, false),
                node("c", true, false),
                node("d", false, true)
            ]
        );
    }

    #[test]
    fn credentials_are_a_header() {
        let header = |text: &str| {
            let own = authorization(&Secret::new(text.to_owned()));
            own.map(|own| own.expose().clone()).ok()
        };
        assert_eq!(
            header("ada:secret\n").as_deref(),
            Some("Basic YWRhOnNlY3JldA==")
        );
        assert_eq!(header("Bearer x.y").as_deref(), Some("Bearer x.y"));
        assert_eq!(header("secret"), None);
    }
}
