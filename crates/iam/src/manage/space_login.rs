//! A login by name and password for a named space, as by the original's `POST /login`. Beside a UAA token it gives a *logging
//! token*: an API key that may only send to that space.
//!
//! The same login gives the same key again while half of its life, or as much as a new key would have, is left: so a script that
//! logs in at every run does not fill a list. Nothing is stored for this but the key itself: its text is derived from its id. Where
//! Administrators alone make API keys, a login of somebody else makes none.

use super::api_key::NewKey;
use crate::entropy;
use crate::error::IamError;
use crate::flow::grant::Grant;
use crate::flow::uaa::UaaGrant;
use crate::key_text;
use crate::model::bounds::Narrowing;
use crate::model::directory::{ApiKey, Directory, Space};
use crate::policy::{is_org_visible, is_space_visible};
use crate::service::Iam;
use crate::token::identity::{Credential, Identity};
use base::id::{AccountId, KeyId, OrgId, SpaceId};
use base::scope::{Action, Actions, Domain};
use base::secret::Secret;
use base::source::Source;

/// The user who logs in, and the space.
#[derive(Debug)]
pub struct SpaceLogin {
    /// Password or API key.
    pub grant: Grant,
    /// The name of the organization; any without one.
    pub organization: Option<String>,
    /// The name of the space.
    pub space: Option<String>,
}

/// The key for senders to a space, or why there is none.
#[derive(Debug)]
pub enum LoggingToken {
    /// A key that may send to the space, and do nothing else.
    Key(Secret<String>),
    /// The caller's roles do not allow sending.
    NoRole,
    /// Administrators alone make API keys in the account.
    Restricted,
}

/// The tokens of a login.
#[derive(Debug)]
pub struct SpaceTokens {
    /// A UAA token.
    pub access_token: Secret<String>,
    /// The organization, if the caller sees exactly one of that name.
    pub org: Option<OrgId>,
    /// The space, likewise.
    pub space: Option<SpaceId>,
    /// A key that may send to the space; none without a space.
    pub logging_token: Option<LoggingToken>,
}

/// The accounts that the caller's credential reaches.
fn reached(directory: &Directory, caller: &Identity) -> impl Iterator<Item = AccountId> {
    let accounts = directory.accounts_of(caller.principal()).iter().copied();
    accounts.filter(move |account| caller.reaches(directory, *account))
}

/// The one that there is; none of several.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

impl Iam {
    /// Logs in by name and password, or by a key, and gives what a sender to the space needs.
    ///
    /// # Errors
    /// As [`Self::uaa_token`] and [`Self::create_api_key`].
    pub async fn space_login(
        &self,
        source: Source,
        login: SpaceLogin,
    ) -> Result<SpaceTokens, IamError> {
        let tokens = self.uaa_token(source, UaaGrant::Proof(login.grant)).await?;
        let text = tokens.access_token.expose();
        let caller = self.verifier().identity(Credential::Uaa(text))?;
        let (org, space) = (login.organization.as_deref(), login.space.as_deref());
        let space = space.and_then(|name| self.one_space(&caller, org, name));
        let org = match &space {
            Some(space) => Some(space.org),
            None => org.and_then(|name| self.one_org(&caller, name)),
        };
        let logging_token = match &space {
            Some(space) => Some(self.logging_token(caller, space).await?),
            None => None,
        };
        Ok(SpaceTokens {
            access_token: tokens.access_token,
            org,
            space: space.map(|space| space.id),
            logging_token,
        })
    }

    fn one_space(&self, caller: &Identity, org: Option<&str>, name: &str) -> Option<Space> {
        let directory = self.directory();
        let is_in = |space: &Space, org: &str| {
            let entry = directory.orgs.get(&space.org);
            entry.is_some_and(|entry| entry.name == org)
        };
        let named = reached(&directory, caller)
            .flat_map(|account| directory.spaces_named(account, name))
            .filter(|space| org.is_none_or(|org| is_in(space, org)));
        let seen = named.filter(|space| is_space_visible(&directory, caller, space.id));
        only(seen).cloned()
    }

    fn one_org(&self, caller: &Identity, name: &str) -> Option<OrgId> {
        let directory = self.directory();
        let named = reached(&directory, caller)
            .flat_map(|account| directory.orgs_named(account, name))
            .map(|org| org.id);
        only(named.filter(|org| is_org_visible(&directory, caller, *org)))
    }

    /// The key for the caller's senders to the space; a new one, if there is none that lasts.
    async fn logging_token(
        &self,
        mut caller: Identity,
        space: &Space,
    ) -> Result<LoggingToken, IamError> {
        let domain = Domain::Space(space.id);
        let narrowing = Narrowing {
            domain: Some(domain),
            send_only: true,
        };
        let directory = self.directory();
        let actions = directory.access(caller.proven(), domain);
        let actions = actions.unwrap_or(Actions::NONE);
        let Some(account) = directory
            .account_of(domain)
            .filter(|_| actions.contains(Action::Write))
        else {
            return Ok(LoggingToken::NoRole);
        };
        // The key is made in the account of the space, which the token opens, since the caller sees the space.
        if !caller.reaches(&directory, account) {
            return Ok(LoggingToken::NoRole);
        }
        caller.account = account;
        let (now, life) = (self.0.clock.now(), self.0.config.logging_token_seconds);
        // No new one would end later than the key that was shown.
        let lasting = caller.bounds().key_end(now.plus(life.saturating_mul(500)));
        let is_good = |key: &&ApiKey| {
            let lasts = key.expires_at.is_some_and(|end| end >= lasting);
            // No login gives a key that outlives the one that was shown.
            let is_within = caller.bounds().key_life(key.expires_at).is_ok();
            key.narrowing == narrowing && key.refusal(now).is_none() && lasts && is_within
        };
        let all = directory.keys_of(account, caller.principal()).iter();
        let mut good = all.filter_map(|id| directory.keys.get(id)).filter(is_good);
        let known = good.find_map(|key| {
            let text = self.derived_text(key.id).ok()?;
            (entropy::sha256(text.expose().as_bytes()) == key.hash).then_some(text)
        });
        if let Some(known) = known {
            return Ok(LoggingToken::Key(known));
        }
        if self.may_make_keys(&caller).is_err() {
            return Ok(LoggingToken::Restricted);
        }
        let id = KeyId(entropy::guid());
        let end = caller.bounds().key_end(now.plus(life.saturating_mul(1000)));
        let new = NewKey {
            name: "logging token".to_owned(),
            description: format!(
                "for senders to the space {}, made by `POST /login`",
                space.name
            ),
            text: Some(self.derived_text(id)?),
            expires_at: Some(end),
            narrowing,
            ..NewKey::default()
        };
        let (_, text) = self.create_api_key_as(&caller, id, new).await?;
        Ok(LoggingToken::Key(text))
    }

    fn derived_text(&self, id: KeyId) -> Result<Secret<String>, IamError> {
        let key = self.0.encryption_key.as_ref();
        let key = key.ok_or(IamError::Crypto("derive a logging token"))?;
        Ok(key_text::of(&key.derive(&format!("logging token {id}"))))
    }
}
