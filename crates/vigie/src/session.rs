//! The login: reading its tokens, renewing them, and keeping what changes.
//!
//! A valid token costs one small file to read. An expired one is renewed under the lock of the configuration, so
//! that of many processes that notice at once one asks the server and the others take what it got.

mod kept;

use self::kept::{keep, warn_unkept};
use crate::client::{Reply, Request};
use crate::config::{CfConfig, Config};
use crate::context::{Context, Name};
use crate::error::{Failure, Kind};
use crate::shown::shown;
use crate::token::{Claims, EXPIRY_MARGIN_SECONDS, bare, is_token};
use base::secret::Secret;
use base::time::{Clock as _, Millis, SystemClock};
use std::time::Duration;
use wire::iam::token::TokenReply;

/// The client the command line is, to IAM and to the UAA.
pub(crate) const IAM_CLIENT: (&str, &str) = ("bx", "bx");
pub(crate) const UAA_CLIENT: (&str, &str) = ("cf", "");

/// The token service's code for an account that a login cannot be for.
const NOT_A_MEMBER: &str = "BXNIM0141E";

/// The access token without `Bearer`.
pub(crate) type Token = Secret<String>;

/// Nobody is logged in, in the words of the name the program was called by.
pub(crate) fn not_logged_in(name: Name) -> Failure {
    match name {
        Name::Vigie => {
            Failure::new(Kind::NotLoggedIn, "not logged in").hint("log in with `vigie login`")
        }
        // The sentence that old scripts look for.
        Name::Original(name) => Failure::new(
            Kind::NotLoggedIn,
            format!("Not logged in. Use '{name} login' to log in."),
        ),
    }
}

impl Context {
    /// An access token good for at least the usual margin.
    pub(crate) fn token(&self) -> Result<Token, Failure> {
        self.token_for(Duration::ZERO)
    }

    /// An access token good for at least `ttl_min`, as far as the server gives any that long.
    pub(crate) fn token_for(&self, ttl_min: Duration) -> Result<Token, Failure> {
        let config = self.config();
        if let Some(token) = valid(config.iam_token.expose(), ttl_min, SystemClock.now()) {
            return Ok(token);
        }
        let known = config.iam_token.clone();
        drop(config);
        self.require_login()?;
        // Nobody is asked while others wait for the lock.
        let iam = self.iam_endpoint(&self.config())?;
        self.vouch(&iam, "its token service")?;
        if self.is_logging_in() {
            return self.renewed_in_memory(None);
        }
        let lock = match self.home.lock() {
            Ok(lock) => lock,
            Err(failure) => return self.instead_of_renewing(failure),
        };
        let mut config = self.home.read()?;
        self.take_unkept(&mut config);
        // Another process may have renewed it while this one waited; what it got just now is as long as any.
        let enough = if config.iam_token == known {
            ttl_min
        } else {
            Duration::ZERO
        };
        let token = if let Some(token) = valid(config.iam_token.expose(), enough, SystemClock.now())
        {
            token
        } else {
            let file = match lock.prepare() {
                Ok(file) => file,
                Err(failure) => return self.instead_of_renewing(failure),
            };
            let reply = renew(self, &config, None)?;
            let used_up = config.iam_refresh_token.clone();
            keep(&mut config, &reply);
            if let Err(failure) = file.keep(&config) {
                self.unkept.replace(Some(used_up));
                warn_unkept(self, &failure);
            }
            Secret::new(reply.access_token.expose().to_owned())
        };
        self.set_config(config);
        drop(lock);
        Ok(token)
    }

    /// Whether there is a token that is good for a while without being renewed.
    pub(crate) fn has_token_at_hand(&self) -> bool {
        let stored = self.config().iam_token.clone();
        valid(stored.expose(), Duration::from_secs(30), SystemClock.now()).is_some()
    }

    /// Goes on from what this process holds, where what is on disk is what it was got for.
    fn take_unkept(&self, config: &mut Config) {
        if self.unkept.borrow().as_ref() == Some(&config.iam_refresh_token) {
            let held = self.config();
            config.iam_token = held.iam_token.clone();
            config.iam_refresh_token = held.iam_refresh_token.clone();
        }
    }

    /// Whether there is a session, good or to be renewed.
    pub(crate) fn require_login(&self) -> Result<(), Failure> {
        let config = self.config();
        if config.iam_token.is_empty() && config.iam_refresh_token.is_empty() {
            return Err(not_logged_in(self.name));
        }
        Ok(())
    }

    /// The UAA token; where the login brought none, one for the IAM token.
    pub(crate) fn uaa_token(&self) -> Result<Token, Failure> {
        let account = self
            .claims()
            .map_or_else(String::new, |own| own.account.bss);
        // One that was got for an IAM token is for that token's account alone.
        let good = |cf: &CfConfig| {
            let bound = Claims::of(cf.access_token.expose())?.account.bss;
            (bound.is_empty() || bound == account)
                .then(|| valid(cf.access_token.expose(), Duration::ZERO, SystemClock.now()))?
        };
        if let Some(token) = good(&self.cf()?) {
            return Ok(token);
        }
        let iam = self.token()?;
        self.vouch(&uaa_endpoint(self, &self.cf()?)?, "its token service")?;
        let prepared = self.home.lock().and_then(|lock| {
            let file = lock.prepare_cf()?;
            Ok((lock, file))
        });
        let mut cf = self.home.read_cf()?;
        // Another process may have renewed it while this one waited.
        if let Some(token) = good(&cf) {
            return Ok(token);
        }
        let reply = renew_uaa(self, &cf, &iam, prepared.is_ok())?;
        cf.access_token = format!("bearer {}", reply.access_token.expose()).into();
        cf.refresh_token = reply.refresh_token.clone();
        if let Err(failure) = prepared.and_then(|(lock, file)| {
            file.keep(&cf)?;
            drop(lock);
            Ok(())
        }) {
            self.output.warn(shown!(
                "the UAA token could not be kept: {}",
                failure.message
            ));
        }
        Ok(Secret::new(reply.access_token.expose().to_owned()))
    }

    /// Who is logged in, by the token's own words.
    pub(crate) fn claims(&self) -> Option<Claims> {
        Claims::of(self.config().iam_token.expose())
    }

    /// The user as shown, or nothing.
    pub(crate) fn user(&self) -> String {
        self.claims()
            .map_or_else(String::new, |claims| claims.user().to_owned())
    }

    /// Where the token service is.
    pub(crate) fn iam_endpoint(&self, config: &Config) -> Result<String, Failure> {
        if let Some(named) = self.named_iam(None)? {
            return Ok(named);
        }
        [&config.iam_endpoint, &config.api_endpoint]
            .into_iter()
            .find(|text| !text.is_empty())
            .map(|endpoint| endpoint.trim_end_matches('/').to_owned())
            .ok_or_else(no_endpoint)
    }

    /// Where everything else is.
    pub(crate) fn api_endpoint(&self) -> Result<String, Failure> {
        let config = self.config();
        if config.api_endpoint.is_empty() {
            return Err(no_endpoint());
        }
        Ok(config.api_endpoint.trim_end_matches('/').to_owned())
    }

    /// Where metrics are sent and read.
    pub(crate) fn metrics_endpoint(&self) -> Result<String, Failure> {
        let endpoint = self.config().metrics_endpoint.clone();
        if endpoint.is_empty() {
            self.api_endpoint()
        } else {
            Ok(endpoint.trim_end_matches('/').to_owned())
        }
    }

    /// The domain that metrics belong to, in the form of `X-Auth-Scope-Id`: the only one that the login reaches, else the
    /// targeted space, else the organization, else the account.
    pub(crate) fn scope_id(&self) -> Result<String, Failure> {
        if let Some(domain) = self.reach().and_then(|reach| reach.domain) {
            return Ok(domain);
        }
        let cf = self.cf()?;
        let account = self.config().account.guid.clone();
        let candidates = [
            ("s-", cf.space_fields.guid),
            ("o-", cf.organization_fields.guid),
            ("a-", account),
        ];
        candidates
            .into_iter()
            .find(|(_, guid)| !guid.is_empty())
            .map(|(prefix, guid)| format!("{prefix}{guid}"))
            .ok_or_else(|| {
                Failure::failed("no space, organization or account is targeted")
                    .hint("choose one with `vigie target -o ORG -s SPACE`")
            })
    }
}

fn no_endpoint() -> Failure {
    Failure::usage("no API endpoint is set")
        .hint("name the server: `vigie login -a https://SERVER`, or set `VIGIE_API`")
}

/// The stored token, if it is good for long enough.
fn valid(stored: &str, ttl_min: Duration, now: Millis) -> Option<Token> {
    let needed = i64::try_from(ttl_min.as_secs())
        .unwrap_or(i64::MAX)
        .max(EXPIRY_MARGIN_SECONDS);
    let claims = Claims::of(stored).filter(|_| is_token(bare(stored)))?;
    (claims.remaining(now) > needed).then(|| Secret::new(bare(stored).to_owned()))
}

/// A reply whose tokens can be put into headers and handed to shells; a server has no reason to give others.
pub(crate) fn checked(reply: TokenReply) -> Result<TokenReply, Failure> {
    let uaa = reply.uaa_token.as_ref().map_or("", |token| token.expose());
    let is_fit = is_token(reply.access_token.expose()) && (uaa.is_empty() || is_token(uaa));
    if is_fit { Ok(reply) } else { Err(no_token()) }
}

fn no_token() -> Failure {
    Failure::failed(
        "the server gave something else than a token: it holds characters that no token has",
    )
    .hint("is this address a Vigie server? see `vigie api`")
}

/// The form fields that ask for a Cloud Foundry token along with IAM's.
pub(crate) const BOTH_TOKENS: [(&str, &str); 3] = [
    ("response_type", "cloud_iam,uaa"),
    ("uaa_client_id", "cf"),
    ("uaa_client_secret", ""),
];

fn renew(context: &Context, config: &Config, account: Option<&str>) -> Result<TokenReply, Failure> {
    let refresh = config.iam_refresh_token.expose();
    if refresh.is_empty() || refresh == "not_supported" {
        return Err(Failure::new(
            Kind::NotLoggedIn,
            "the login has expired and cannot be renewed",
        )
        .hint("log in again with `vigie login`"));
    }
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh)];
    match account {
        Some(account) => {
            form.push(("account", account));
            form.extend(BOTH_TOKENS);
        }
        None => form.push(("response_type", "cloud_iam")),
    }
    let iam = context.iam_endpoint(config)?;
    let reply = context.send(
        Request::post(format!("{iam}/identity/token"))
            .basic(IAM_CLIENT.0, IAM_CLIENT.1)
            .form(&form),
    )?;
    if reply.is_success() {
        return checked(reply.parse("renew the login")?);
    }
    let refusal = reply.refusal("switch the account");
    // The login is as good as before: only the account is refused.
    if account.is_some() && refusal.code.as_deref() == Some(NOT_A_MEMBER) {
        return Err(refusal);
    }
    Err(not_renewed(refusal, reply.status))
}

fn uaa_endpoint(context: &Context, cf: &CfConfig) -> Result<String, Failure> {
    if cf.uaa_endpoint.is_empty() {
        context.api_endpoint()
    } else {
        Ok(cf.uaa_endpoint.trim_end_matches('/').to_owned())
    }
}

fn renew_uaa(
    context: &Context,
    cf: &CfConfig,
    iam: &Token,
    may_use_up: bool,
) -> Result<wire::cf::token::UaaTokenReply, Failure> {
    let endpoint = uaa_endpoint(context, cf)?;
    let ask = |form: &[(&str, &str)]| {
        context.send(
            Request::post(format!("{endpoint}/oauth/token"))
                .basic(UAA_CLIENT.0, UAA_CLIENT.1)
                .form(form),
        )
    };
    // The refresh token is good for one successor, which would be lost; the IAM token is not used up.
    if may_use_up && !matches!(cf.refresh_token.expose(), "" | "not_supported") {
        let reply = ask(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", cf.refresh_token.expose()),
            ("scope", ""),
        ])?;
        if reply.is_success() {
            return uaa_token(&reply);
        }
    }
    let reply = ask(&[
        ("grant_type", "iam_token"),
        ("iam_token", iam.expose()),
        ("scope", ""),
    ])?;
    if reply.is_success() {
        return uaa_token(&reply);
    }
    Err(not_renewed(
        reply.refusal("renew the UAA token"),
        reply.status,
    ))
}

fn uaa_token(reply: &Reply) -> Result<wire::cf::token::UaaTokenReply, Failure> {
    let reply: wire::cf::token::UaaTokenReply = reply.read("renew the UAA token")?;
    if is_token(reply.access_token.expose()) {
        Ok(reply)
    } else {
        Err(no_token())
    }
}

/// The one line scripts look for: status, code and text of a refused renewal, in this order.
fn not_renewed(refusal: Failure, status: u16) -> Failure {
    let mut failure = Failure::new(
        if status >= 500 {
            refusal.kind
        } else {
            Kind::NotLoggedIn
        },
        format!(
            "the login could not be renewed. Status code: {status}, error code: {}, message: {}",
            refusal.code.as_deref().unwrap_or("none"),
            refusal.text.as_deref().unwrap_or("none"),
        ),
    );
    failure.status = Some(status);
    failure.code = refusal.code;
    failure.text = refusal.text;
    failure.transaction_id = refusal.transaction_id;
    failure.hint(if status >= 500 {
        "try again in a moment"
    } else {
        "log in again with `vigie login`"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn a_token_is_good_until_ten_seconds_before_it_expires() {
        let token = format!("Bearer e30.{}.s", URL_SAFE_NO_PAD.encode(r#"{"exp":1000}"#));
        let good =
            |now, ttl| valid(&token, Duration::from_secs(ttl), Millis::from_secs(now)).is_some();
        assert!(good(989, 0));
        assert!(!good(990, 0));
        assert!(good(699, 300));
        assert!(!good(700, 300));
        assert!(valid("", Duration::ZERO, Millis(0)).is_none());
    }
}
