//! A token whose form, issuer and signature were checked; `verify.rs` decides whether it is still valid.

use super::cache::Expires;
use super::claims::{IamClaims, UaaClaims};
use super::{iam_id, jws};
use crate::auth_error::AuthError;
use crate::model::bounds::{CredentialBounds, NOT_ASSUMABLE, NOT_AUTHORIZED, Root};
use crate::model::directory::{Directory, Trust};
use crate::model::issuers;
use base::id::{AccountId, Guid, KeyId, SessionId, UserId};
use base::principal::Principal;
use base::time::Millis;

/// The contents of a verified token.
#[derive(Debug, Clone)]
pub(crate) enum Claims {
    Iam(Box<IamClaims>),
    Uaa,
}

/// A token whose signature was checked.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) claims: Claims,
    pub(crate) principal: Principal,
    /// Who acts as the principal, if that is an instance, or a trusted profile that somebody of this server's has taken on.
    pub(crate) assumed_by: Option<Principal>,
    /// The identity, link or rule by which the principal was taken on, if it is a trusted profile.
    pub(crate) trusted_by: Option<Trust>,
    pub(crate) account: Option<AccountId>,
    pub(crate) session: Option<SessionId>,
    pub(crate) key: Option<KeyId>,
    /// Until when its login was delegated to another program, if it was.
    pub(crate) delegated_until: Option<i64>,
    pub(crate) expires_at: i64,
    pub(crate) begins_at: i64,
    /// The generation of the signing keys that verified it: after a key was removed, every token is verified again.
    pub(crate) keys: u64,
    pub(crate) proven_at: Millis,
}

impl Verified {
    /// The only account it opens: the token's own, or that of the key it was obtained with. A UAA token of the user's
    /// own proof has none and opens all accounts of the user.
    pub(crate) fn bound(&self, directory: &Directory) -> Option<AccountId> {
        self.account
            .or_else(|| Some(directory.keys.get(&self.key?)?.account))
    }

    /// The bounds of the token.
    pub(crate) fn bounds(
        &self,
        directory: &Directory,
        now: Millis,
    ) -> Result<CredentialBounds, &'static str> {
        let root = Root {
            session: self.session,
            key: self.key,
        };
        let authenticated = self.assumed_by.unwrap_or(self.principal);
        let (account, proven_at) = (self.account, self.proven_at);
        let expires_at = Millis::from_secs(self.expires_at);
        let bounds = CredentialBounds::of_token(
            directory,
            authenticated,
            account,
            proven_at,
            expires_at,
            root,
            now,
        )?;
        let bounds = match (self.delegated_until, self.account) {
            (None, _) => bounds,
            (Some(end), Some(account)) => bounds.delegated(account, Millis::from_secs(end)),
            (Some(_), None) => return Err("what was delegated is for one account"),
        };
        match (self.assumed_by, self.principal) {
            (Some(_), Principal::Instance(instance)) => bounds.act_as(directory, instance),
            (None, Principal::Instance(_)) => Err(NOT_AUTHORIZED),
            (None, _) => Ok(bounds),
            (Some(_), Principal::Profile(profile)) => bounds.assume(directory, profile),
            (Some(_), _) => Err(NOT_ASSUMABLE),
        }
    }
}

/// When the proof behind an IAM token was given: within the second of `auth_time`, at its end, so that who left an account and came back in
/// this second has proven it after that; never after the token was issued. Tokens of older servers say nothing of it, and count from then.
pub(crate) fn proven_at(auth_time: Option<i64>, issued: i64) -> Millis {
    let latest = Millis::from_secs(issued);
    auth_time.map_or(latest, |seconds| {
        Millis::from_secs(seconds).plus(999).min(latest)
    })
}

/// Who acts as the principal of these claims: who has authenticated, if that is another principal. Compute resources are none.
fn assumer(claims: &IamClaims) -> Option<Principal> {
    let by = Some(&claims.authn.iam_id).filter(|by| **by != claims.iam_id)?;
    iam_id::principal(by)
}

impl Verified {
    /// Verifies form, issuer and signature. `keys` is the generation of the signing keys that `check` uses.
    pub(crate) fn decode(
        keys: u64,
        directory: &Directory,
        token: &str,
        is_uaa: bool,
        check: impl FnOnce((&str, &str), &[u8], &[u8]) -> Option<bool>,
    ) -> Result<Verified, AuthError> {
        let issued_as = |kind| move |issuer: Option<&str>| directory.issuers.check(issuer, kind);
        let malformed = |what| move |_| AuthError::Malformed(what);
        let session =
            |text: &Option<String>| text.as_deref().map(str::parse::<SessionId>).transpose();
        let key = |text: &Option<String>| text.as_deref().map(str::parse::<KeyId>).transpose();
        if is_uaa {
            let claims: UaaClaims = jws::verify(check, issued_as(issuers::Kind::Uaa), token)?;
            return Ok(Verified {
                principal: UserId(
                    Guid::parse(&claims.user_id)
                        .map_err(malformed("its `user_id` is not a GUID"))?,
                )
                .into(),
                assumed_by: None,
                trusted_by: None,
                account: (claims.account.as_ref())
                    .map(|account| account.bss.parse())
                    .transpose()
                    .map_err(malformed("its `account.bss` is no account"))?,
                proven_at: claims
                    .proven_at
                    .map_or(Millis::from_secs(claims.iat), Millis),
                session: session(&claims.session_id)
                    .map_err(malformed("its `session_id` is no session"))?,
                key: key(&claims.iam_apikey_id)
                    .map_err(malformed("its `iam_apikey_id` is no key"))?,
                delegated_until: claims.delegated_until,
                expires_at: claims.exp,
                begins_at: claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat)),
                keys,
                claims: Claims::Uaa,
            });
        }
        let claims: IamClaims = jws::verify(check, issued_as(issuers::Kind::Iam), token)?;
        Ok(Verified {
            principal: iam_id::principal(&claims.iam_id)
                .ok_or(AuthError::Malformed("its `iam_id` is no IAM id"))?,
            assumed_by: assumer(&claims),
            trusted_by: (claims.trusted_by.as_deref())
                .map(str::parse)
                .transpose()
                .map_err(malformed("its `trusted_by` is no identity, link or rule"))?,
            account: Some(
                claims
                    .account
                    .bss
                    .parse()
                    .map_err(malformed("its `account.bss` is no account"))?,
            ),
            session: session(&claims.session_id)
                .map_err(malformed("its `session_id` is no session"))?,
            key: key(&claims.iam_apikey_id).map_err(malformed("its `iam_apikey_id` is no key"))?,
            delegated_until: claims.delegated_until,
            expires_at: claims.exp,
            begins_at: claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat)),
            proven_at: proven_at(claims.auth_time, claims.iat),
            keys,
            claims: Claims::Iam(Box::new(claims)),
        })
    }
}

impl Expires for Verified {
    fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_of_its_second_and_no_later_than_its_token() {
        for (auth_time, expected) in [
            (None, 10_000),
            (Some(10), 10_000),
            (Some(9), 9_999),
            (Some(5), 5_999),
            (Some(12), 10_000),
        ] {
            assert_eq!(proven_at(auth_time, 10), Millis(expected), "{auth_time:?}");
        }
    }
}
