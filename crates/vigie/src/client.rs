//! The HTTP client: one request, one reply, with a time limit, a trace, and failures in words.
//!
//! Redirects are not followed: a credential is for the server it was given to. [`crate::trust`] decides which origins may have it,
//! and is the only module that makes requests to be sent.

mod decompress;
mod error_body;
mod no_reply;

pub(crate) use self::error_body::{LOG_IN_AGAIN, without_advice};
pub(crate) use wire::query::percent_encoded as encode;

use self::decompress::Unreadable;
use self::error_body::ErrorBody;
use crate::config::Config;
use crate::env::{self, Env};
use crate::error::{Failure, Kind, code};
use crate::printable_text::PrintableText;
use crate::proxy::{Proxies, UsedProxy};
use crate::trace::Trace;
use crate::transport;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Method};
use ureq::tls::TlsConfig;

/// The original's default.
const TIMEOUT_SECONDS: u64 = 60;
/// The longest wait for a connection.
const CONNECT_SECONDS_MAX: u64 = 15;
/// Larger replies are refused, so that they do not fill the memory. What is not samples or their names comes in pages.
const REPLY_BYTES_MAX: u64 = 64 << 20;
/// The largest reply with samples, or names.
const SAMPLES_BYTES_MAX: u64 = 1 << 30;
/// The largest body of an error of another kind of server that is looked into.
const ERROR_BYTES_MAX: usize = 64 << 10;

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    proxies: Proxies,
    trace: Trace,
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    url: String,
    headers: Vec<(HeaderName, String)>,
    body: Vec<u8>,
    reply_bytes_max: u64,
    /// Whether the answer may come packed.
    takes_packed: bool,
}

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            reply_bytes_max: REPLY_BYTES_MAX,
            takes_packed: true,
        }
    }

    /// `GET`.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// `POST`.
    pub(crate) fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    /// `PUT`.
    pub(crate) fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url)
    }

    /// `DELETE`.
    pub(crate) fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// Where it goes.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers
            .push((HeaderName::from_static(name), value.into()));
        self
    }

    /// Adds `Authorization: Bearer`.
    #[must_use]
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds `Authorization: Basic`.
    #[must_use]
    pub(crate) fn basic(self, client: &str, secret: &str) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{client}:{secret}"));
        self.header("authorization", format!("Basic {text}"))
    }

    /// Adds a parameter to the address.
    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        self.url = format!("{}{separator}{}={}", self.url, encode(name), encode(value));
        self
    }

    /// Refuses a larger answer as soon as so much of it has come, so it is asked for unpacked.
    #[must_use]
    pub(crate) const fn answer_at_most(mut self, bytes: u64) -> Self {
        self.reply_bytes_max = bytes;
        self.takes_packed = false;
        self
    }

    /// The answer may be as large as samples or names are, if no bound was given.
    #[must_use]
    pub(crate) const fn of_samples(mut self) -> Self {
        if self.takes_packed {
            self.reply_bytes_max = SAMPLES_BYTES_MAX;
        }
        self
    }

    /// A form as the body.
    #[must_use]
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.body = pairs.join("&").into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// JSON as the body.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_vec(value)
            .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
        Ok(self.body("application/json", body))
    }

    /// Any body.
    #[must_use]
    pub(crate) fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", content_type)
    }
}

/// A request to a trusted origin.
#[derive(Debug)]
pub(crate) struct TrustedRequest(Request);

impl TrustedRequest {
    /// For [`crate::trust`] only, which checks the origin; `clippy.toml` forbids it elsewhere.
    pub(crate) const fn for_trusted(request: Request) -> Self {
        Self(request)
    }
}

impl Client {
    /// A client with the settings of the environment, else of the configuration.
    pub(crate) fn new(config: &Config, env: &Env) -> Result<Self, Failure> {
        Self::with(config, env, config.ssl_disabled)
    }

    /// A client for servers of another kind: `is_unverified` is about them, whatever the login has.
    pub(crate) fn elsewhere(
        config: &Config,
        env: &Env,
        is_unverified: bool,
    ) -> Result<Self, Failure> {
        Self::with(config, env, is_unverified)
    }

    fn with(config: &Config, env: &Env, is_unverified: bool) -> Result<Self, Failure> {
        let timeout_s = match env.named(env::HTTP_TIMEOUT) {
            Some((name, text)) => text.parse().map_err(|_| {
                Failure::usage(format!("`{name}` is not a number of seconds: `{text}`"))
            })?,
            None => config.http_timeout_s.map_or(TIMEOUT_SECONDS, |seconds| {
                u64::try_from(seconds).unwrap_or(0)
            }),
        };
        let timeout = (timeout_s > 0).then(|| Duration::from_secs(timeout_s));
        let connect_max = Duration::from_secs(CONNECT_SECONDS_MAX);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::clone(&provider))
            .disable_verification(is_unverified);
        let named = env
            .named(env::CA_FILE)
            .map(|(name, path)| trusted(name, Path::new(path)))
            .transpose()?
            .filter(|_| !is_unverified)
            .map(|(named, refused)| transport::trusting(named, provider).map_err(|_| refused))
            .transpose()?;
        let settings = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("vigie/", env!("CARGO_PKG_VERSION"), " (linux)"))
            .proxy(None)
            .timeout_global(timeout)
            .timeout_connect(Some(
                timeout.map_or(connect_max, |all| all.min(connect_max)),
            ))
            .tls_config(tls.build())
            .build();
        let agent = transport::agent(settings, named.map(Arc::new));
        let trace = Trace::parse(env.get(env::TRACE).unwrap_or(&config.trace));
        Ok(Self {
            agent,
            proxies: Proxies::of(env),
            trace,
        })
    }

    /// Sends a request and waits for the whole reply, with any status.
    pub(crate) fn send(&self, request: TrustedRequest) -> Result<Reply, Failure> {
        let Request {
            method,
            url,
            headers,
            body,
            reply_bytes_max,
            takes_packed,
        } = request.0;
        let origin = origin(&url);
        let mut built = http::Request::builder().method(method.clone()).uri(&url);
        built = built
            .header("accept", "application/json")
            .header(
                "accept-encoding",
                if takes_packed { "gzip" } else { "identity" },
            )
            .header("accept-language", "en-US");
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).map_err(|_| {
                Failure::usage(format!(
                    "the value for the header `{name}` holds a character that no header can"
                ))
            })?;
            built = built.header(name, value);
        }
        let line = format!("{method} {url}");
        let refused = |error: http::Error| {
            Failure::usage(format!("`{url}` is not an address: {error}"))
                .hint("the API endpoint is set with `vigie api URL`")
        };
        let (proxy, via) = self.proxies.to(&url)?.unzip();
        let started = Instant::now();
        let sent = if body.is_empty() && !matches!(method, Method::POST | Method::PUT) {
            let request = built.body(()).map_err(refused)?;
            self.trace.request(&line, request.headers(), &[])?;
            let request = self.agent.configure_request(request).proxy(proxy).build();
            self.agent.run(request)
        } else {
            let request = built.body(body).map_err(refused)?;
            self.trace
                .request(&line, request.headers(), request.body())?;
            let request = self.agent.configure_request(request).proxy(proxy).build();
            self.agent.run(request)
        };
        let lost = |error| no_reply::failure(&origin, via.as_ref(), &error);
        let mut response = sent.map_err(lost)?;
        let most = reply_bytes_max;
        let body = response
            .body_mut()
            .with_config()
            .limit(most)
            .read_to_vec()
            .map_err(|error| match error {
                ureq::Error::BodyExceedsLimit(_) => Unreadable::TooLarge(most).failure(&origin),
                error => lost(error),
            })?;
        let body =
            decompress::body(response.headers(), body, most).map_err(|why| why.failure(&origin))?;
        let status = response.status();
        self.trace.reply(
            &format!("HTTP/1.1 {status}"),
            response.headers(),
            &body,
            started.elapsed(),
        )?;
        Ok(Reply {
            status: status.as_u16(),
            headers: response.headers().clone(),
            body,
            origin,
            via,
        })
    }
}

/// The certificates of a file, and the failure to report if none of them can be used.
fn trusted(name: &str, path: &Path) -> Result<(Vec<CertificateDer<'static>>, Failure), Failure> {
    let pem = std::fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .filter_map(Result::ok)
        .collect();
    let refused = Failure::failed(format!(
        "`{}` (from `{name}`) holds no certificate",
        path.display()
    ));
    if certificates.is_empty() {
        return Err(refused);
    }
    Ok((certificates, refused))
}

fn origin(url: &str) -> String {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(host..)
        .and_then(|rest| rest.find('/'))
        .map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url).to_owned()
}

/// The server's reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    origin: String,
    /// The proxy that it came through.
    via: Option<UsedProxy>,
}

impl Reply {
    /// Whether the status is 2xx.
    pub(crate) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The reply, unless the server refused. `doing` completes "cannot …".
    pub(crate) fn success(self, doing: &str) -> Result<Self, Failure> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.refusal(doing))
        }
    }

    /// The message of an error in JSON, in any of the forms that servers have.
    pub(crate) fn error_message(&self) -> Option<String> {
        if self.body.len() > ERROR_BYTES_MAX {
            return None;
        }
        let error = ErrorBody::read(&self.body);
        error.message.or(error.code)
    }

    /// The parsed body, unless the server refused.
    pub(crate) fn parse<T: DeserializeOwned>(self, doing: &str) -> Result<T, Failure> {
        self.success(doing)?.read(doing)
    }

    /// Parses the body.
    pub(crate) fn read<T: DeserializeOwned>(&self, doing: &str) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::failed(format!(
                "cannot {doing}: `{}` answered {} with something else than expected: {}",
                self.origin,
                self.status,
                PrintableText::untrusted(&error.to_string())
            ))
            .coded(code::ANSWER_MALFORMED)
            .hint("is this address a Vigie server? see `vigie api`")
        })
    }

    /// The server's refusal as a failure.
    pub(crate) fn refusal(&self, doing: &str) -> Failure {
        if let Some(via) = self.via.as_ref().filter(|_| self.status == 407) {
            return via.wants_a_password();
        }
        let error = ErrorBody::read(&self.body);
        let is_of_a_server = error.message.is_some();
        let kind = match self.status {
            401 => Kind::NotLoggedIn,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            502..=504 => Kind::Unreachable,
            _ => Kind::Failed,
        };
        let mut message = format!("cannot {doing}: the server answered {}", self.status);
        let is_advised_here = kind == Kind::NotLoggedIn && error.hint.is_none();
        if let Some(text) = &error.message {
            let text = match is_advised_here {
                true => without_advice(text),
                false => text.as_str(),
            };
            message = format!("cannot {doing}: {}", PrintableText::untrusted(text));
        }
        if let Some(code) = &error.code {
            message.push_str(&format!(" ({})", PrintableText::untrusted(code)));
        }
        let mut failure = Failure::new(kind, message);
        failure.status = Some(self.status);
        failure.transaction_id =
            (self.header("transaction-id")).map(|id| Box::new(PrintableText::untrusted(id)));
        failure.code =
            (error.code).map(|code| PrintableText::untrusted(&code).into_string().into());
        failure.text = error
            .message
            .map(|text| PrintableText::untrusted(&text).into_string());
        match error.hint {
            Some(hint) => failure.hint(PrintableText::untrusted(&self.with_wait(hint))),
            None if (300..400).contains(&self.status) => failure.hint(format!(
                "the server moves this address to `{}`; set that with `vigie api URL`",
                PrintableText::untrusted(self.header("location").unwrap_or("nowhere"))
            )),
            None if is_advised_here => failure.hint(LOG_IN_AGAIN),
            None => match self.via.as_ref().filter(|_| !is_of_a_server) {
                Some(via) => failure.hint(format!("it may be {} that says so", via.named())),
                None => failure,
            },
        }
    }
}

impl Reply {
    /// The hint, with the seconds of the header `Retry-After` in place of its name.
    fn with_wait(&self, hint: String) -> String {
        let seconds = self
            .header("retry-after")
            .filter(|text| text.parse::<u32>().is_ok());
        match seconds {
            Some("1") => hint.replace("`Retry-After` seconds", "1 second"),
            Some(seconds) => hint.replace("`Retry-After` seconds", &format!("{seconds} seconds")),
            None => hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded() {
        let request = Request::get("http://h/p")
            .query("q", "name:a b&c")
            .query("x", "é");
        assert_eq!(request.url, "http://h/p?q=name%3Aa%20b%26c&x=%C3%A9");
        assert_eq!(origin(&request.url), "http://h");
    }
}
