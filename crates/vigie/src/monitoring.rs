//! A client of the monitoring API: the domain, the credential, and what to do when the server says "expired" or "later". The
//! commands make the requests and read the answers.

mod buffer_key;
mod domain;
mod key_space;

pub(crate) use self::domain::{NO_DEFAULT_SCOPE, domain_id, targeted_space};

use self::domain::Domain;
use crate::address;
use crate::argument::OF_TARGET;
use crate::client::{Reply, Request};
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind};
use crate::missing_role;
use crate::printable_text::{PrintableText, escaped};
use crate::refused_key;
use crate::secret_argument;
use crate::session::{Token, checked, grant, is_for_token, not_logged_in};
use crate::token::Claims;
use base::secret::Secret;
use base::time::{Clock as _, SystemClock};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::iam::discovery::GRANT_API_KEY;
use wire::iam::token::TokenReply;

/// A token of an API key is renewed when it is valid for less than this: sending a batch can take a minute.
const KEY_TOKEN_SECONDS_MIN: i64 = 60;
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Waits of at least this length are reported.
const WARNED_WAIT: Duration = Duration::from_secs(2);
/// The longest wait between two attempts, whatever the server asks for.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// The longest wait of who may come back much later.
const PATIENT_WAIT_MAX: Duration = Duration::from_secs(3600);

/// The arguments that choose a domain.
#[derive(Debug, clap::Args)]
pub(crate) struct ScopeArgs {
    /// Whose metrics: `space`, `org` or `account` of the target, or the id itself (`s-GUID`, `o-GUID`, `a-GUID`);
    /// default: the targeted space. If no space is targeted, commands that read use the organization, else the account;
    /// commands that store or delete need this option
    #[arg(long, value_name = "SCOPE", display_order = 800, add = OF_TARGET)]
    pub(crate) scope: Option<String>,
}

/// How often a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// One attempt: a person waits at the terminal, or the caller retries by itself.
    Once,
    /// Retries for about 15 seconds: for a long job whose input can be sent again later.
    Persistent,
    /// Retries as long as the server asks, within limits: for input from a pipe, which would be lost.
    Streaming,
    /// Retries until it has waited so long: what `--retry-for` says.
    For(Duration),
    /// Retries for minutes where nobody answers, and for as long as it takes where the server says to come back later: for a job of
    /// hours that others go before.
    Patient,
}

impl RetryPolicy {
    const fn attempts(self) -> u32 {
        match self {
            Self::Once => 1,
            Self::Persistent | Self::Streaming => 6,
            Self::Patient => 20,
            Self::For(_) => u32::MAX,
        }
    }

    /// The longest time from this attempt to the last one, `waited` after the first; `None` where that is the server's to say.
    fn time_left(self, attempt: u32, waited: Duration) -> Option<Duration> {
        match self {
            Self::Once | Self::Persistent | Self::Streaming => {
                Some(WAIT_MAX.saturating_mul(self.attempts().saturating_sub(attempt)))
            }
            Self::For(time) => Some(time.saturating_sub(waited)),
            Self::Patient => None,
        }
    }
}

#[derive(Debug)]
enum Credential {
    /// The login, which the session renews.
    Session,
    /// A key of the environment, exchanged for tokens.
    Key {
        key: Secret<String>,
        /// The token service that exchanges it.
        iam: String,
        token: RefCell<Option<Secret<String>>>,
    },
}

/// The hint when nothing was found and no space is targeted.
pub(crate) const TARGET_SPACE: &str =
    "hint: no space is targeted; choose one with `vigie target -s SPACE`";

/// The hint where the account or organization was meant for want of a space, and is closed to the caller.
const CHOOSE_SPACE: &str = "no space is targeted; choose one with `vigie target -o ORG -s SPACE`";

/// One domain of one server, with the credential to reach it.
#[derive(Debug)]
pub(crate) struct Monitoring<'a> {
    context: &'a Context,
    endpoint: String,
    domain: Domain,
    credential: Credential,
    /// Whether the domain is meant only because no space is named and none is targeted.
    is_fallback: bool,
}

impl<'a> Monitoring<'a> {
    /// With the login of this configuration, to read.
    pub(crate) fn to_read(context: &'a Context, scope: &ScopeArgs) -> Result<Self, Failure> {
        let named = scope.scope.as_deref();
        let mut found = Self::of_session(context, || Domain::find(context, named))?;
        found.is_fallback = named.is_none() && context.reach().is_none() && !found.is_of_space();
        Ok(found)
    }

    /// With the login of this configuration, to store or to delete.
    pub(crate) fn to_change(context: &'a Context, scope: &ScopeArgs) -> Result<Self, Failure> {
        Self::of_session(context, || Domain::named(context, scope.scope.as_deref()))
    }

    fn of_session(
        context: &'a Context,
        domain: impl FnOnce() -> Result<Domain, Failure>,
    ) -> Result<Self, Failure> {
        let config = context.config();
        if config.iam_token.is_empty() && config.iam_refresh_token.is_empty() {
            return Err(not_logged_in(context));
        }
        let endpoint = context.metrics_endpoint()?;
        let domain = domain()?;
        if let Some(reach) = context.reach() {
            reach.require_domain(domain.id.as_deref())?;
        }
        context.require_trusted(&endpoint, "its metrics API")?;
        Ok(Self {
            context,
            endpoint,
            domain,
            credential: Credential::Session,
            is_fallback: false,
        })
    }

    /// With the API key of the environment if there is one, else with the login: for the agent, which runs unattended and for
    /// longer than a login lives. Unsent samples are below `buffer`.
    pub(crate) fn for_agent(
        context: &'a Context,
        (scope, default_scope): (&ScopeArgs, Option<&str>),
        buffer: &Path,
    ) -> Result<Self, Failure> {
        let Some((name, text)) = context.env.named(env::API_KEY) else {
            return match default_scope {
                None => Self::to_change(context, scope),
                Some(_) => Err(Failure::usage(
                    "`--default-scope` says where an API key sends, and `VIGIE_API_KEY` has none",
                )
                .hint("a login sends to the targeted space, or where `--scope` says")),
            };
        };
        let by_default = default_scope
            .map(|named| Domain::by_default(context, named))
            .transpose()?;
        let key = secret_argument::key(text, name, &context.output)?;
        let config = context.config();
        let named = scope.scope.as_deref();
        let elsewhere = context
            .env
            .get(env::API)
            .map(address::complete)
            .transpose()?
            .filter(|url| *url != config.api_endpoint);
        let is_elsewhere = elsewhere.is_some();
        let (endpoint, iam, root, domain) = match elsewhere {
            // The target belongs to the server of the login, so it does not apply to another server.
            Some(url) => {
                let iam = context.named_iam(None)?.unwrap_or_else(|| url.clone());
                let domain = named.map(|named| Domain::untargeted(context, named));
                (url.clone(), iam, url, domain.transpose()?)
            }
            None => (
                context.metrics_endpoint()?,
                context.iam_endpoint(&config)?,
                context.cf_root()?,
                named
                    .map(|named| Domain::find(context, Some(named)))
                    .transpose()?,
            ),
        };
        // Now, while a user may be present: later the agent can ask nobody.
        context.require_trusted(&endpoint, "its metrics API")?;
        context.require_trusted(&iam, "its token service")?;
        let is_named = domain.is_some();
        // The login's token service belongs to the login's server.
        let targeted = match by_default {
            Some(by_default) => by_default,
            None if is_elsewhere => None,
            None => Domain::space(context)?,
        };
        let mut monitoring = Self {
            context,
            endpoint,
            domain: domain.unwrap_or_else(Domain::of_credential),
            credential: Credential::Key {
                key,
                iam,
                token: RefCell::new(None),
            },
            is_fallback: false,
        };
        if !is_named {
            monitoring.domain = monitoring.domain_of_key(targeted, &root, buffer)?;
        }
        Ok(monitoring)
    }

    /// The server and the domain, for people.
    pub(crate) fn described(&self) -> String {
        format!("{} at {}", self.domain.label, self.endpoint)
    }

    /// The message that nothing was found, with the place.
    pub(crate) fn empty(&self) -> PrintableText {
        format!("No metrics found in {}.", self.domain.label).into()
    }

    /// Whether it is a space's domain.
    pub(crate) fn is_of_space(&self) -> bool {
        let id = self.domain.id.as_deref();
        id.is_some_and(|id| id.starts_with("s-"))
    }

    /// The server and the domain, as a path of two directories.
    pub(crate) fn directory(&self) -> PathBuf {
        let scope = self.domain.id.as_deref().unwrap_or("account");
        PathBuf::from(directory_name(self.host())).join(directory_name(scope))
    }

    /// Says in the buffer's folder which API key fills it. An agent that cannot find it there starts all the same.
    pub(crate) fn bind_buffer(&self, folder: &Path) {
        let Credential::Key { key, token, .. } = &self.credential else {
            return;
        };
        let held = token.borrow().clone();
        let reach = held.and_then(|token| Claims::of(token.expose())?.reach);
        let is_only =
            reach.is_some_and(|reach| reach.domain.is_some() && reach.domain == self.domain.id);
        if let Err(error) = buffer_key::bind(folder, key, is_only) {
            self.context.output.warn(format!(
                "agent: cannot note whose buffer `{}` is: {error}; while the server is unreachable, the next start needs `--scope`",
                folder.display()
            ));
        }
    }

    fn host(&self) -> &str {
        self.endpoint.rsplit("://").next().unwrap_or_default()
    }

    /// An address of the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    /// Sends the request of `make` with credential and scope, and retries by `policy`. Any other status is returned to the caller.
    pub(crate) fn exchange(
        &self,
        make: impl Fn() -> Request,
        policy: RetryPolicy,
    ) -> Result<Reply, Failure> {
        let reply = self.exchange_while(make, policy, |wait| {
            std::thread::sleep(wait);
            true
        })?;
        if self.is_fallback && missing_role::is_hidden(&reply) && !self.context.has_no_role() {
            let mut failure = reply.refusal("use the metrics");
            failure.hints.insert(0, PrintableText::from(CHOOSE_SPACE));
            return Err(failure);
        }
        Ok(reply)
    }

    /// The answer, but where the server hides what is targeted: then the failure, with a remedy that only this side knows.
    fn unless_target_is_gone(&self, reply: Reply) -> Result<Reply, Failure> {
        if self.is_fallback || !missing_role::is_hidden(&reply) || !self.is_of_target() {
            return Ok(reply);
        }
        let mut failure = reply.refusal("use the metrics");
        failure.hints.insert(
            0,
            "this is what you have targeted: if it was deleted, `vigie account deleted` lists it, and `vigie target -s SPACE` targets another".into(),
        );
        Err(failure)
    }

    /// Whether its space is the targeted one.
    fn is_of_target(&self) -> bool {
        let (Ok(cf), Some(id)) = (self.context.cf(), self.domain.id.as_deref()) else {
            return false;
        };
        id.strip_prefix("s-") == Some(cf.space_fields.guid.as_str())
    }

    /// As [`Self::exchange`]; `pause` waits before another attempt, and returns whether to make it.
    pub(crate) fn exchange_while(
        &self,
        make: impl Fn() -> Request,
        policy: RetryPolicy,
        pause: impl Fn(Duration) -> bool,
    ) -> Result<Reply, Failure> {
        let mut renewed = false;
        let mut attempt = 1;
        let mut waited = Duration::ZERO;
        loop {
            let answer = self.attempt(make());
            let asked = match &answer {
                Ok(reply) if !renewed && is_for_token(reply) => {
                    renewed = true;
                    self.renew()?;
                    continue;
                }
                Ok(reply) if matches!(reply.status, 429 | 503) => reply
                    .header("retry-after")
                    .and_then(|seconds| seconds.parse().ok())
                    .map(Duration::from_secs),
                Err(failure) if failure.kind == Kind::Unreachable => None,
                Ok(_) | Err(_) => {
                    return answer.and_then(|reply| self.unless_target_is_gone(reply));
                }
            };
            let is_patient = policy == RetryPolicy::Patient;
            let is_put_off = is_patient && answer.is_ok();
            if attempt >= policy.attempts() && !is_put_off {
                return answer;
            }
            let backoff = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(10));
            let requested = asked.unwrap_or_else(|| match policy {
                RetryPolicy::Patient | RetryPolicy::For(_) => backoff.min(WAIT_MAX),
                _ => backoff,
            });
            let left = policy.time_left(attempt, waited);
            let (wait, is_given_up) = match policy {
                // Neither sooner than the server says, nor longer than the user allows.
                RetryPolicy::For(_) => (requested, left.is_some_and(|left| requested > left)),
                RetryPolicy::Persistent => (requested.min(WAIT_MAX), requested > WAIT_MAX),
                _ if is_put_off => (requested.min(PATIENT_WAIT_MAX), false),
                _ => (requested.min(WAIT_MAX), false),
            };
            if is_given_up || wait >= WARNED_WAIT {
                let next = (!is_given_up).then_some((wait, left));
                self.warn_of_wait(&answer, asked, next);
            }
            if is_given_up {
                return answer;
            }
            if !pause(wait) {
                return answer;
            }
            waited = waited.saturating_add(wait);
            attempt = attempt.saturating_add(1);
        }
    }

    /// Reports a long wait: the server's answer, for how long it asks, and when the next attempt is, if there is one, with the time
    /// to the last one.
    fn warn_of_wait(
        &self,
        answer: &Result<Reply, Failure>,
        asked: Option<Duration>,
        next: Option<(Duration, Option<Duration>)>,
    ) {
        let reason = match answer {
            Ok(reply) => match reply.refusal("go on").text {
                Some(text) => escaped!("the server answers {}: {}", reply.status, text),
                None => escaped!("the server answers {}", reply.status),
            },
            Err(failure) => escaped!("{}", failure.message),
        };
        self.context.output.warn(match (next, asked) {
            (Some((wait, Some(left))), _) => escaped!(
                "{}; trying again in {} s, for {} s at the most",
                reason,
                wait.as_secs(),
                left.as_secs()
            ),
            (Some((wait, None)), _) => escaped!("{}; trying again in {} s", reason, wait.as_secs()),
            (None, Some(asked)) => escaped!(
                "{}; the server asks to wait {} s, longer than this command waits",
                reason,
                asked.as_secs()
            ),
            (None, None) => escaped!("{}; it was tried for as long as was said", reason),
        });
    }

    /// Sends it once, with credential and scope.
    pub(crate) fn attempt(&self, request: Request) -> Result<Reply, Failure> {
        let token = self.token()?;
        let mut request = request.header("x-auth-user-token", format!("iam {}", token.expose()));
        if let Some(scope) = &self.domain.id {
            request = request.header("x-auth-scope-id", scope.as_str());
        }
        self.context.send(request.of_samples())
    }

    fn token(&self) -> Result<Token, Failure> {
        let Credential::Key { token, .. } = &self.credential else {
            return self.context.token();
        };
        let now = SystemClock.now();
        let held = token.borrow().as_ref().and_then(|token| {
            let claims = Claims::of(token.expose())?;
            // A token with a shorter life is used for half of it.
            let life = claims.exp.saturating_sub(claims.iat);
            (claims.remaining(now) > KEY_TOKEN_SECONDS_MIN.min(life / 2)).then(|| token.clone())
        });
        match held {
            Some(token) => Ok(token),
            None => self.renew(),
        }
    }

    /// A new token, whatever the age of the old one.
    fn renew(&self) -> Result<Token, Failure> {
        let Credential::Key { key, iam, token } = &self.credential else {
            return self.context.token_for(Duration::MAX);
        };
        let form = [
            ("grant_type", GRANT_API_KEY),
            ("apikey", key.expose()),
            ("response_type", "cloud_iam"),
        ];
        let reply = grant(self.context, iam, &form)?;
        let reply = reply.parse("exchange the API key for a token");
        let reply: TokenReply = checked(reply.map_err(key_refused)?)?;
        let fresh = Secret::new(reply.access_token.expose().to_owned());
        token.replace(Some(fresh.clone()));
        Ok(fresh)
    }
}

/// The token service refuses a key with 400, where others answer 401 to a wrong credential.
fn key_refused(mut failure: Failure) -> Failure {
    if failure.code.as_deref() != Some("BXNIM0415E") || failure.status != Some(400) {
        return failure;
    }
    failure.kind = Kind::NotLoggedIn;
    let hint = refused_key::hint(failure.text.as_deref().unwrap_or_default());
    failure.hint(hint)
}

/// A text as the name of a directory.
fn directory_name(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => character,
            _ => '_',
        })
        .collect()
}
