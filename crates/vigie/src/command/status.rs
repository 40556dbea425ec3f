//! `status`: user, target and expiry. It makes no request, unless nothing is targeted: then the account would be the scope, and
//! whether the caller has a role in it, or in anything else, only the server knows. Whether the session still lasts only the server
//! knows, too: so nothing is promised beyond it.

use crate::config::{CfConfig, Config, DomainFields};
use crate::context::Context;
use crate::error::Failure;
use crate::figures::{in_words, instant};
use crate::printable_text::escaped;
use crate::session::not_logged_in;
use crate::targeting::PlaceRow;
use crate::token::{Claims, Reach};
use base::time::{Clock as _, Millis, SystemClock};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The most that a dynamic rule of an access group lets a user in for after they have proven who they are. How long a rule has, and
/// whether one lets this user in, only the server knows.
const DYNAMIC_RULE_SECONDS_MAX: i64 = 24 * 3600;

/// Prints the state of the session; fails if there is none.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let status = Status::of(context)?;
    if !output.is_json() {
        output.pairs(&status.pairs())?;
    }
    if !status.is_usable() {
        return Err(not_logged_in(context));
    }
    if output.is_json() {
        return output.json(&status.row());
    }
    if status.reach.is_none() && status.cf.space_fields.guid.is_empty() {
        output.note(match status.scope.is_none() && context.has_no_role() {
            true => escaped!("hint: {}", context.no_role()),
            false => {
                "hint: no space is targeted; `vigie target` says which command sets one".into()
            }
        });
    }
    Ok(())
}

/// The state of the session, for programs.
#[derive(Serialize)]
struct StatusRow<'a> {
    account: Option<PlaceRow<'a>>,
    api_endpoint: Option<&'a str>,
    api_key_id: Option<&'a str>,
    directory: &'a Path,
    dynamic_rules_end_by: Option<String>,
    logged_in: bool,
    logged_in_at: Option<String>,
    metrics_endpoint: Option<&'a str>,
    org: Option<PlaceRow<'a>>,
    /// Only of a narrowed login.
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<&'a Reach>,
    region: Option<&'a str>,
    renewable: bool,
    scope: Option<&'a str>,
    space: Option<PlaceRow<'a>>,
    token_expires_at: Option<String>,
    token_expires_in: Option<i64>,
    user: Option<&'a str>,
}

/// The state of the session.
struct Status {
    config: Rc<Config>,
    cf: CfConfig,
    claims: Option<Claims>,
    /// The limits of a narrowed login.
    reach: Option<Reach>,
    scope: Option<String>,
    metrics_endpoint: Option<String>,
    /// Seconds until the token expires; negative if it has.
    remaining: i64,
    now: Millis,
    directory: PathBuf,
}

impl Status {
    fn of(context: &Context) -> Result<Self, Failure> {
        let now = SystemClock.now();
        let config = context.config();
        let claims = context.claims();
        Ok(Self {
            config,
            cf: context.cf()?,
            reach: context.reach(),
            scope: context.open_scope(),
            metrics_endpoint: context.metrics_endpoint().ok(),
            remaining: claims.as_ref().map_or(0, |claims| claims.remaining(now)),
            now,
            directory: context.home.directory().to_owned(),
            claims,
        })
    }

    fn is_renewable(&self) -> bool {
        let token = self.config.iam_refresh_token.expose();
        !matches!(token, "" | "not_supported")
    }

    /// Whether a command can have a token.
    fn is_usable(&self) -> bool {
        let is_good = self.remaining > 0 || self.is_renewable();
        self.claims.is_some() && is_good && !self.config.is_ended()
    }

    /// The API key that the login was made with.
    fn api_key(&self) -> Option<&str> {
        let claims = self.claims.as_ref()?;
        non_empty(&claims.iam_apikey_id)
    }

    fn expires_at(&self) -> Option<String> {
        self.claims.as_ref().and_then(Claims::expires_at)
    }

    /// When the user or program proved who they are, in seconds since 1970; tokens of older servers do not say.
    fn logged_in_at(&self) -> Option<i64> {
        self.claims.as_ref()?.auth_time
    }

    /// When the last dynamic rule of an access group ends for this login. Such rules are for people.
    fn dynamic_rules_end_by(&self) -> Option<i64> {
        let claims = self.claims.as_ref()?;
        let proven_at = claims.auth_time.filter(|_| !claims.is_of_program())?;
        Some(proven_at.saturating_add(DYNAMIC_RULE_SECONDS_MAX))
    }

    /// For programs.
    fn row(&self) -> StatusRow<'_> {
        let Self { config, cf, .. } = self;
        let (org, space) = (&cf.organization_fields, &cf.space_fields);
        StatusRow {
            account: PlaceRow::of(&config.account.guid, &config.account.name),
            api_endpoint: non_empty(&config.api_endpoint),
            api_key_id: self.api_key(),
            directory: &self.directory,
            dynamic_rules_end_by: self.dynamic_rules_end_by().and_then(instant),
            logged_in: self.is_usable(),
            logged_in_at: self.logged_in_at().and_then(instant),
            metrics_endpoint: self.metrics_endpoint.as_deref(),
            org: PlaceRow::of(&org.guid, &org.name),
            reach: self.reach.as_ref(),
            region: non_empty(&config.region),
            renewable: self.is_renewable(),
            scope: self.scope.as_deref(),
            space: PlaceRow::of(&space.guid, &space.name),
            token_expires_at: self.expires_at(),
            token_expires_in: self.claims.as_ref().map(|_| self.remaining),
            user: self.claims.as_ref().map(Claims::user),
        }
    }

    /// For people.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { config, cf, .. } = self;
        let user = self.claims.as_ref().map_or("", Claims::user);
        let mut rows = vec![
            ("User:", or_none(user)),
            ("API endpoint:", or_none(&config.api_endpoint)),
            ("Account:", self.account()),
            ("Region:", or_none(&config.region)),
            ("Org:", or_none(&cf.organization_fields.name)),
            ("Space:", space(&cf.space_fields)),
            ("Scope:", self.scope()),
            ("Token:", self.token()),
            ("Renewal:", self.renewal()),
        ];
        rows.extend(self.login().map(|login| ("Logged in:", login)));
        rows.push(("Directory:", self.directory.display().to_string()));
        if let Some(reach) = &self.reach {
            rows.push(("Reach:", reach.describe()));
        }
        rows
    }

    fn account(&self) -> String {
        let account = &self.config.account;
        or_none(match account.name.as_str() {
            // It may not ask for the name.
            "" if self.reach.is_some() => "of the key",
            "" => &account.guid,
            name => name,
        })
    }

    fn scope(&self) -> String {
        match (&self.scope, &self.reach) {
            (Some(scope), _) => scope.clone(),
            (None, Some(reach)) if reach.sends_anywhere() => {
                "none for sending; name one with `--scope s-GUID`".to_owned()
            }
            (None, _) => "none".to_owned(),
        }
    }

    fn token(&self) -> String {
        match (self.expires_at(), u64::try_from(self.remaining)) {
            (None, _) => "none".to_owned(),
            _ if self.config.is_ended() => "of a login that has ended".to_owned(),
            (Some(at), Ok(left)) if left > 0 => {
                format!(
                    "good until {at}, for {}, unless its session ends before",
                    in_words(left)
                )
            }
            (Some(at), _) => format!("expired at {at}"),
        }
    }

    fn renewal(&self) -> String {
        match self.api_key() {
            _ if self.config.is_ended() => "refused; log in again".to_owned(),
            _ if !self.is_renewable() => "not possible; log in again".to_owned(),
            Some(key) => format!("by itself, while its session and the API key {key} are good"),
            None => "by itself, while its session lasts".to_owned(),
        }
    }

    /// When and how the login began, and until when it may be in access groups by their dynamic rules.
    fn login(&self) -> Option<String> {
        let logged_in_at = instant(self.logged_in_at()?)?;
        // Whether a password or a one-time code, a token does not tell.
        let how = self
            .api_key()
            .map_or_else(String::new, |key| format!(" with the API key {key}"));
        let rules = match self.dynamic_rules_end_by() {
            None => String::new(),
            Some(end) if end <= self.now.secs() => {
                "; dynamic rules of access groups give nothing any more: log in again".to_owned()
            }
            Some(end) => instant(end).map_or_else(String::new, |end| {
                format!("; dynamic rules of access groups count until {end} at the latest")
            }),
        };
        Some(format!("at {logged_in_at}{how}{rules}"))
    }
}

/// The name of the targeted space, or its id: a key that may only send is not told the name.
fn space(space: &DomainFields) -> String {
    match (space.name.as_str(), space.guid.as_str()) {
        ("", "") => "none".to_owned(),
        ("", guid) => format!("s-{guid}"),
        (name, _) => name.to_owned(),
    }
}

fn or_none(text: &str) -> String {
    non_empty(text).unwrap_or("none").to_owned()
}

/// A text, or `null` for none.
fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
