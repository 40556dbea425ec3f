//! The monitoring API as its caller sees it: whose metrics, with which credential, and what to do when the server says
//! "expired" or "later". What is asked and what becomes of the answer is the commands' matter.

mod domain;
mod key_space;

pub(crate) use self::domain::domain_id;

use self::domain::Domain;
use crate::address;
use crate::client::{Reply, Request};
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind};
use crate::given;
use crate::session::{Token, checked, grant, not_logged_in};
use crate::shown::{Shown, shown};
use crate::token::Claims;
use base::secret::Secret;
use base::time::{Clock as _, SystemClock};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wire::iam::discovery::GRANT_API_KEY;
use wire::iam::token::TokenReply;

/// The refusals that a new token may mend: expired, signed with a key that has gone, revoked (as by a logout, after
/// which someone has logged in again).
const MENDABLE: [&str; 3] = ["BXNMSRI01E", "BXNMSRI05E", "BXNMSRI07E"];
/// A token of an API key is renewed when it is good for less than this: a batch may be a minute on its way.
const KEY_TOKEN_SECONDS_MIN: i64 = 60;
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// A wait from this on is told.
const TOLD_WAIT: Duration = Duration::from_secs(2);
/// No server is asked to be waited for longer than this between two attempts.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Whose metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct ScopeArgs {
    /// Whose metrics: `space`, `org` or `account` of the target, or the id itself (`s-GUID`, `o-GUID`, `a-GUID`);
    /// default: the targeted space. Without one, reading looks into the organization, else the account; what stores or
    /// deletes must be told
    #[arg(long, value_name = "SCOPE", display_order = 800)]
    pub(crate) scope: Option<String>,
}

/// How long to go on asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Someone waits at a terminal, or the caller has its own way of waiting: one attempt.
    Once,
    /// A long job goes on after a hiccup of some 15 seconds; what can be sent again later does not wait for longer.
    Persistent,
    /// The same for what comes from a pipe, and would be lost: it waits as long as the server asks, within limits.
    Streaming,
}

impl Patience {
    const fn attempts(self) -> u32 {
        match self {
            Self::Once => 1,
            Self::Persistent | Self::Streaming => 6,
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
        /// Where it is exchanged.
        iam: String,
        token: RefCell<Option<Secret<String>>>,
    },
}

/// What helps where nothing was found, and no space was looked into.
pub(crate) const TARGET_SPACE: &str =
    "hint: no space is targeted; choose one with `vigie target -s SPACE`";

/// One domain of one server, with the credential to reach it.
#[derive(Debug)]
pub(crate) struct Monitoring<'a> {
    context: &'a Context,
    endpoint: String,
    domain: Domain,
    credential: Credential,
}

impl<'a> Monitoring<'a> {
    /// With the login of this configuration, to read.
    pub(crate) fn to_read(context: &'a Context, scope: &ScopeArgs) -> Result<Self, Failure> {
        Self::of_session(context, || Domain::find(context, scope.scope.as_deref()))
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
            return Err(not_logged_in(context.name));
        }
        drop(config);
        let endpoint = context.metrics_endpoint()?;
        context.vouch(&endpoint, "its metrics API")?;
        Ok(Self {
            context,
            endpoint,
            domain: domain()?,
            credential: Credential::Session,
        })
    }

    /// With the API key of the environment where there is one, else with the login: for what runs unattended, and longer
    /// than a login lives. What is to be sent waits below `buffer`.
    pub(crate) fn unattended(
        context: &'a Context,
        scope: &ScopeArgs,
        buffer: &Path,
    ) -> Result<Self, Failure> {
        let Some((name, text)) = context.env.named(env::API_KEY) else {
            return Self::to_change(context, scope);
        };
        let key = given::key(text, name, &context.output)?;
        let config = context.config().clone();
        let named = scope.scope.as_deref();
        let elsewhere = context
            .env
            .get(env::API)
            .map(address::complete)
            .transpose()?
            .filter(|url| *url != config.api_endpoint);
        let is_elsewhere = elsewhere.is_some();
        let (endpoint, iam, root, domain) = match elsewhere {
            // What is targeted is of the server of the login, and means nothing to another.
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
        // Before it is left alone: an agent has nobody to ask.
        context.vouch(&endpoint, "its metrics API")?;
        context.vouch(&iam, "its token service")?;
        let is_named = domain.is_some();
        // That of a login is of the server of that login.
        let targeted = if is_elsewhere {
            None
        } else {
            Domain::space(context)?
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

    /// That nothing was found, and where.
    pub(crate) fn empty(&self) -> Shown {
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

    fn host(&self) -> &str {
        self.endpoint.rsplit("://").next().unwrap_or_default()
    }

    /// An address of the server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoint)
    }

    /// Sends what `make` makes, with credential and scope; a status that waiting or a new token does not mend is the
    /// caller's to judge.
    pub(crate) fn exchange(
        &self,
        make: impl Fn() -> Request,
        patience: Patience,
    ) -> Result<Reply, Failure> {
        self.exchange_while(make, patience, |wait| {
            std::thread::sleep(wait);
            true
        })
    }

    /// As [`Self::exchange`]; `pause` waits before another attempt, and says whether there is to be one.
    pub(crate) fn exchange_while(
        &self,
        make: impl Fn() -> Request,
        patience: Patience,
        pause: impl Fn(Duration) -> bool,
    ) -> Result<Reply, Failure> {
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let answer = self.attempt(make());
            let wait = match &answer {
                Ok(reply) if reply.status == 401 && !renewed => {
                    let code = reply.refusal("").code.unwrap_or_default();
                    if !MENDABLE.contains(&&*code) {
                        return answer;
                    }
                    renewed = true;
                    self.renew()?;
                    continue;
                }
                Ok(reply) if matches!(reply.status, 429 | 503) => reply
                    .header("retry-after")
                    .and_then(|seconds| seconds.parse().ok())
                    .map(Duration::from_secs),
                Err(failure) if failure.kind == Kind::Unreachable => None,
                Ok(_) | Err(_) => return answer,
            };
            if attempt >= patience.attempts() {
                return answer;
            }
            let backoff = FIRST_WAIT.saturating_mul(1 << (attempt - 1));
            let wished = wait.unwrap_or(backoff);
            let wait = wished.min(WAIT_MAX);
            let is_given_up = wished > WAIT_MAX && patience == Patience::Persistent;
            if is_given_up || wait >= TOLD_WAIT {
                self.tell(&answer, wished, (!is_given_up).then_some(wait));
            }
            if is_given_up {
                return answer;
            }
            if !pause(wait) {
                return answer;
            }
            attempt += 1;
        }
    }

    /// Says why nothing seems to happen: what the server said, and when it is asked again, if it is.
    fn tell(&self, answer: &Result<Reply, Failure>, wished: Duration, wait: Option<Duration>) {
        let said = match answer {
            Ok(reply) => match reply.refusal("go on").text {
                Some(text) => shown!("the server answers {}: {}", reply.status, text),
                None => shown!("the server answers {}", reply.status),
            },
            Err(failure) => shown!("{}", failure.message),
        };
        self.context.output.warn(match wait {
            Some(wait) => shown!("{}; trying again in {} s", said, wait.as_secs()),
            None => shown!(
                "{}; it asks for {} s until the next attempt, which is longer than is waited",
                said,
                wished.as_secs()
            ),
        });
    }

    /// Sends it once, with credential and scope.
    pub(crate) fn attempt(&self, request: Request) -> Result<Reply, Failure> {
        let token = self.token()?;
        let mut request = request.header("x-auth-user-token", format!("iam {}", token.expose()));
        if let Some(scope) = &self.domain.id {
            request = request.header("x-auth-scope-id", scope.as_str());
        }
        self.context.send(request)
    }

    fn token(&self) -> Result<Token, Failure> {
        let Credential::Key { token, .. } = &self.credential else {
            return self.context.token();
        };
        let now = SystemClock.now();
        let held = token.borrow().as_ref().and_then(|token| {
            let claims = Claims::of(token.expose())?;
            // A token that lives no longer than that is good for half its life.
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
        let reply = grant(self.context, iam, &form)?.parse("exchange the API key for a token")?;
        let reply: TokenReply = checked(reply)?;
        let fresh = Secret::new(reply.access_token.expose().to_owned());
        token.replace(Some(fresh.clone()));
        Ok(fresh)
    }
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
