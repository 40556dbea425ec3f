//! The login: reads its tokens, renews them, and stores the new ones.
//!
//! A valid token costs reading one small file. One in the second half of its life, or expired, is renewed under the lock of the
//! configuration: of many processes that notice at once, one asks the server, and the others use the token it got.

mod early;
mod ended;
mod grant;
pub(crate) mod reach;
mod refused_token;
mod state;
mod turn;

pub(crate) use self::grant::{BOTH_TOKENS, checked, grant, grant_in_turn, only_space, revoke};
pub(crate) use self::refused_token::is_for_token;
pub(crate) use self::turn::in_turn;
pub(crate) use crate::token::Token;

use self::grant::uaa_endpoint;
use crate::config::{CfConfig, Config};
use crate::context::{Context, Name};
use crate::env;
use crate::error::{Failure, Kind};
use crate::token::{Claims, Reach, good, signing_key};
use base::time::{Clock as _, SystemClock};
use std::time::Duration;

/// The failure when nobody is logged in; old names of the program have their old sentence. A key in the environment is no login,
/// which scripts expect of it.
pub(crate) fn not_logged_in(context: &Context) -> Failure {
    match context.name {
        Name::Vigie => {
            let failure = Failure::new(Kind::NotLoggedIn, "not logged in");
            match context.env.named(env::API_KEY) {
                Some((variable, _)) => failure.hint(format!(
                    "log in first: `vigie login` takes the API key of `{variable}`, and of the other commands `vigie agent` alone"
                )),
                None => failure.hint("log in with `vigie login`"),
            }
        }
        // The sentence that old scripts look for.
        Name::Original(name) => Failure::new(
            Kind::NotLoggedIn,
            format!("Not logged in. Use '{name} login' to log in."),
        ),
    }
}

impl Context {
    /// An access token that is valid for at least the usual margin.
    pub(crate) fn token(&self) -> Result<Token, Failure> {
        self.token_for(Duration::ZERO)
    }

    /// An access token that is valid for at least `ttl_min`, if the server issues such tokens.
    pub(crate) fn token_for(&self, ttl_min: Duration) -> Result<Token, Failure> {
        let config = self.config();
        if let Some(token) = config.good_token(ttl_min) {
            return self.renewed_early(token);
        }
        let known = config.iam_token.clone();
        self.require_login()?;
        // Ask the user before taking the lock, not while other processes wait for it.
        let iam = self.iam_endpoint(&self.config())?;
        self.require_trusted(&iam, "its token service")?;
        if self.is_logging_in() {
            return self.renewed_in_memory(None);
        }
        self.renewed(&known, ttl_min)
    }

    /// Whether there is a valid token that needs no renewal yet.
    pub(crate) fn has_valid_token(&self) -> bool {
        let config = self.config();
        config.good_token(Duration::from_secs(30)).is_some()
    }

    /// Fails unless there is a session, valid or renewable.
    pub(crate) fn require_login(&self) -> Result<(), Failure> {
        let config = self.config();
        if config.iam_token.is_empty() && config.iam_refresh_token.is_empty() {
            return Err(not_logged_in(self));
        }
        Ok(())
    }

    /// The UAA token: the stored one, else one exchanged for the IAM token.
    ///
    /// # Errors
    /// For a service ID or a trusted profile, which have none.
    pub(crate) fn uaa_token(&self) -> Result<Token, Failure> {
        let claims = self.claims().unwrap_or_default();
        if claims.is_of_program() {
            return Err(no_person());
        }
        let signed_by = signing_key(self.config().iam_token.expose());
        let kept = |cf: &CfConfig| {
            let held = Claims::of(cf.access_token.expose())?;
            // One exchanged for an IAM token is valid for that token's account only.
            let is_of_account =
                held.account.bss.is_empty() || held.account.bss == claims.account.bss;
            // An older one that another key signed may be refused, as the IAM token of its time was: that key may be retired.
            let is_of_key =
                held.iat >= claims.iat || signing_key(cf.access_token.expose()) == signed_by;
            (is_of_account && is_of_key)
                .then(|| good(cf.access_token.expose(), Duration::ZERO, SystemClock.now()))?
        };
        if let Some(token) = kept(&self.cf()?) {
            return Ok(token);
        }
        let iam = self.token()?;
        self.require_trusted(&uaa_endpoint(self, &self.cf()?)?, "its token service")?;
        self.renewed_uaa(&iam, kept)
    }

    /// The claims of the stored token.
    pub(crate) fn claims(&self) -> Option<Claims> {
        Claims::of(self.config().iam_token.expose())
    }

    /// The user as shown, or nothing.
    pub(crate) fn user(&self) -> String {
        self.claims()
            .map_or_else(String::new, |claims| claims.user().to_owned())
    }

    /// The URL of the token service.
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

    /// The URL of the server.
    pub(crate) fn api_endpoint(&self) -> Result<String, Failure> {
        let config = self.config();
        if config.api_endpoint.is_empty() {
            return Err(no_endpoint());
        }
        Ok(config.api_endpoint.trim_end_matches('/').to_owned())
    }

    /// The URL of the metrics API.
    pub(crate) fn metrics_endpoint(&self) -> Result<String, Failure> {
        let endpoint = self.config().metrics_endpoint.clone();
        if endpoint.is_empty() {
            self.api_endpoint()
        } else {
            Ok(endpoint.trim_end_matches('/').to_owned())
        }
    }

    /// The domain that metrics belong to, in the form of `X-Auth-Scope-Id`: the only one that the login reaches, else the
    /// targeted space, else the organization, else the account. For a key that only sends, and anywhere, a space must be targeted.
    pub(crate) fn scope_id(&self) -> Result<String, Failure> {
        let cf = self.cf()?;
        match self.reach() {
            Some(reach) if reach.sends_anywhere() && cf.space_fields.guid.is_empty() => {
                return Err(reach::no_space_named());
            }
            Some(Reach {
                domain: Some(domain),
                ..
            }) => return Ok(domain),
            Some(_) | None => {}
        }
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

fn no_person() -> Failure {
    let message = "UAA tokens are for users: a service ID or trusted profile has IAM tokens alone";
    Failure::new(Kind::Forbidden, message)
        .hint("`vigie iam token` prints the IAM token, with which metrics work alike")
}

fn no_endpoint() -> Failure {
    Failure::usage("no API endpoint is set")
        .hint("name the server: `vigie login -a https://SERVER`, or set `VIGIE_API`")
}
