//! The middle part of an access token, where somebody asks what its holder may do. It is not verified and gives nothing; but an
//! answer that left out the bounds it states would permit what a request with the token is refused.

use crate::model::directory::{ProofAge, ProvenPrincipal, Trust};
use crate::model::narrowing::Narrowing;
use crate::service::Iam;
use crate::token::iam_id;
use crate::token::verified::proven_at;
use crate::verify::holder_claims::HolderClaims;
use base::id::{AccountId, KeyId, SessionId};
use base::principal::Principal;
use base::scope::{Actions, Domain};
use base::time::Millis;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct StatedAccount {
    bss: String,
}

#[derive(Debug, Deserialize)]
struct StatedAuthn {
    iam_id: String,
}

#[derive(Debug, Deserialize)]
struct StatedReach {
    domain: Option<String>,
    only: Option<String>,
}

/// The claims that matter.
#[derive(Debug, Deserialize)]
struct Stated {
    iam_id: String,
    authn: Option<StatedAuthn>,
    account: Option<StatedAccount>,
    reach: Option<StatedReach>,
    session_id: Option<String>,
    iam_apikey_id: Option<String>,
    trusted_by: Option<String>,
    iat: Option<i64>,
    auth_time: Option<i64>,
    nbf: Option<i64>,
    exp: Option<i64>,
}

/// The holder and the bounds of the token that a body describes.
#[derive(Debug, Clone)]
pub struct TokenBody {
    principal: Principal,
    /// Who acts as the principal, if that is an instance, or a trusted profile that somebody has taken on.
    assumed_by: Option<Principal>,
    /// The identity, link or rule by which the principal was taken on, if it says so.
    trusted_by: Option<Trust>,
    account: Option<AccountId>,
    /// The only domain, in its written form.
    domain: Option<String>,
    narrowing: Narrowing,
    session: Option<SessionId>,
    key: Option<KeyId>,
    /// When its holder proved who they are, if it says so or when it was issued.
    proven_at: Option<Millis>,
    begins_at: Option<i64>,
    expires_at: Option<i64>,
}

impl TokenBody {
    /// Reads the claims; none if they are not those of an access token.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        let stated: Stated = serde_json::from_slice(json).ok()?;
        let (domain, only) = stated
            .reach
            .map_or((None, None), |reach| (reach.domain, reach.only));
        let send_only = match only.as_deref() {
            None => false,
            Some(Narrowing::SEND) => true,
            Some(_) => return None,
        };
        let account = stated
            .account
            .map(|account| account.bss.parse::<AccountId>());
        let session = stated.session_id.as_deref().map(str::parse::<SessionId>);
        let key = stated.iam_apikey_id.as_deref().map(str::parse::<KeyId>);
        let trusted_by = stated.trusted_by.as_deref().map(str::parse::<Trust>);
        let principal = iam_id::principal(&stated.iam_id)?;
        let authn = stated
            .authn
            .and_then(|identity| iam_id::principal(&identity.iam_id));
        Some(Self {
            principal,
            assumed_by: authn.filter(|by| *by != principal),
            trusted_by: trusted_by.transpose().ok()?,
            account: account.transpose().ok()?,
            domain,
            narrowing: Narrowing {
                domain: None,
                send_only,
            },
            session: session.transpose().ok()?,
            key: key.transpose().ok()?,
            proven_at: (stated.iat.or(stated.auth_time))
                .map(|issued| proven_at(stated.auth_time, issued)),
            begins_at: stated.nbf.max(stated.iat),
            expires_at: stated.exp,
        })
    }

    /// The holder of the token.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }

    /// The holder of the token, with the age of their proof. Without a time the proof counts as new.
    fn proven(&self, now: Millis) -> ProvenPrincipal {
        let age = self.proven_at.map(|proven_at| ProofAge::at(now, proven_at));
        ProvenPrincipal {
            principal: self.principal,
            age: age.unwrap_or(ProofAge::NONE),
        }
    }

    /// The claims about its holder. Without a time the token counts as issued now.
    fn holder_claims(&self, now: Millis) -> HolderClaims {
        HolderClaims {
            principal: self.principal,
            assumed_by: self.assumed_by,
            trusted_by: self.trusted_by,
            account: self.account,
            begins_at: self.begins_at.unwrap_or(now.secs()),
        }
    }
}

impl Iam {
    /// What a token with this body would permit in a domain now: nothing in another account, beyond its key's limits, once it has
    /// ended, where the token would be refused for what it says of its holder, or with a key or session that is not its own. So a
    /// body tells nothing of anybody else's.
    #[must_use]
    pub fn permitted_by(&self, body: &TokenBody, domain: Domain) -> Actions {
        let (directory, now) = (self.directory(), self.0.clock.now());
        let account = directory.account_of(domain);
        let authenticated = body.assumed_by.unwrap_or(body.principal);
        let is_elsewhere = (body.account).is_some_and(|stated| account != Some(stated))
            || (body.domain.as_deref()).is_some_and(|only| only != domain.to_string());
        let has_ended = body.expires_at.is_some_and(|end| end <= now.secs())
            || (body.session)
                .is_some_and(|session| self.0.ended.contains_of(session, authenticated));
        let holder_claims = body.holder_claims(now);
        let is_refused =
            holder_claims.check_begun(now).is_err() || holder_claims.check(&directory).is_err();
        if is_elsewhere || has_ended || is_refused {
            return Actions::NONE;
        }
        let access = directory.access(body.proven(now), domain);
        let actions = body.narrowing.of(access.unwrap_or(Actions::NONE));
        let Some(id) = body.key else {
            return actions;
        };
        let key = directory.keys.get(&id);
        let key_of_caller =
            key.filter(|key| key.principal == authenticated && Some(key.account) == account);
        match key_of_caller {
            Some(key) if key.refusal(now).is_none() && key.narrowing.opens(domain) => {
                key.narrowing.of(actions)
            }
            _ => Actions::NONE,
        }
    }
}
