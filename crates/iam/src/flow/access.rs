//! Access tokens: signed, short-lived, and never valid longer than the credential they are issued for.

use super::account_rules;
use super::session::lifetimes::Lifetimes;
use super::session::login::Login;
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::{AccountReach, CredentialBounds, Root};
use crate::model::directory::{Trust, User};
use crate::service::Iam;
use crate::token::claims::{AccountClaim, AuthnClaim, IamClaims, ReachClaim, SCOPE, UaaClaims};
use crate::token::issued::{Client, SCOPES, Tokens, UaaTokens};
use crate::token::subject::Subject;
use crate::token::{iam_id, jws};
use base::id::{AccountId, Guid, UserId};
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;

/// When a token with these lifetimes is issued and when it expires, epoch seconds.
fn times(iam: &Iam, login: &Login, life: &Lifetimes) -> (i64, i64) {
    let (bounds, now) = (login.bounds(), iam.0.clock.now());
    let directory = iam.directory();
    // Not before the membership it rests on, nor in the second of an earlier removal: this node's clock may be behind
    // the clock of the node that made it.
    let holders = [Some(bounds.principal()), bounds.assumed_by()];
    let issued = (holders.into_iter().flatten()).fold(now.secs(), |issued, holder| {
        let added_at = directory.added_at(holder, login.account());
        let left = directory.left_at(holder, login.account());
        (issued.max(added_at.map_or(0, Millis::secs)))
            .max(left.map_or(0, |left| left.secs().saturating_add(1)))
    });
    let bounds = life.cap_bounds(*bounds);
    let expires = bounds.end(Millis::from_secs(issued), life.access_seconds);
    (issued, expires.secs())
}

/// The fields of claims that are about to be signed.
struct Stated<'a> {
    principal: Option<Principal>,
    account: Option<&'a AccountClaim>,
    expires: i64,
    session: Option<&'a str>,
    key: Option<&'a str>,
}

impl Stated<'_> {
    /// Refuses to sign claims that give more than the credential shown, or that would not end with it. Every issuer
    /// respects the bounds; this check finds one that does not.
    fn check_within(&self, bounds: &CredentialBounds) -> Result<(), IamError> {
        let beyond =
            || IamError::Internal("issue a token with more rights than the credential presented");
        let account = self.account.map(|account| account.bss.parse());
        let root = Root {
            session: (self.session.map(str::parse).transpose()).map_err(|_| beyond())?,
            key: (self.key.map(str::parse).transpose()).map_err(|_| beyond())?,
        };
        let stated = bounds.stated(
            self.principal.ok_or_else(beyond)?,
            account.transpose().map_err(|_| beyond())?,
            Millis::from_secs(self.expires),
            root,
        );
        stated.is_within(bounds).then_some(()).ok_or_else(beyond)
    }
}

fn account_claim(account: AccountId) -> AccountClaim {
    AccountClaim {
        valid: true,
        bss: account.to_string(),
        frozen: true,
    }
}

/// The claim `authn` of a subject that has authenticated itself.
pub(crate) fn authn_claim(subject: &Subject) -> AuthnClaim {
    let of_user = |part: fn(&User) -> &String| subject.user().map(|user| part(user).clone());
    AuthnClaim {
        sub: subject.sub(),
        iam_id: subject.iam_id(),
        sub_type: subject.sub_type().map(str::to_owned),
        name: subject.name(),
        given_name: of_user(|user| &user.given_name),
        family_name: of_user(|user| &user.family_name),
        email: of_user(|user| &user.email),
    }
}

/// The claims of an IAM token for the account of the login.
pub(crate) fn iam_claims(iam: &Iam, subject: &Subject, login: &Login, client: &str) -> IamClaims {
    let life = Lifetimes::of(iam, login.bounds(), login.account());
    let (issued, expires) = times(iam, login, &life);
    let (id, root) = (subject.iam_id(), login.bounds().root());
    let of_user = |part: fn(&User) -> &String| subject.user().map(|user| part(user).clone());
    IamClaims {
        iam_id: id.clone(),
        id,
        realmid: subject.realm().to_owned(),
        session_id: root.session.map(|session| session.to_string()),
        jti: entropy::guid().to_string(),
        identifier: subject.identifier(),
        given_name: of_user(|user| &user.given_name),
        family_name: of_user(|user| &user.family_name),
        name: subject.name(),
        email: of_user(|user| &user.email),
        sub: subject.sub(),
        sub_type: subject.sub_type().map(str::to_owned),
        authn: authn_claim(subject),
        trusted_by: None,
        account: account_claim(login.account()),
        reach: ReachClaim::of(&login.bounds().narrowing()),
        iat: issued,
        exp: expires,
        auth_time: Some(login.bounds().proven_at().secs()),
        nbf: None,
        iss: iam.0.config.issuer.clone(),
        grant_type: login.grant_type().to_owned(),
        scope: SCOPE.to_owned(),
        client_id: client.to_owned(),
        iam_apikey_id: root.key.map(|key| key.to_string()),
        delegated_until: login.bounds().delegated_until().map(Millis::secs),
        acr: 1,
        amr: vec!["pwd".to_owned()],
    }
}

/// An IAM token, for the account of the login.
pub(crate) fn iam_token(
    iam: &Iam,
    subject: &Subject,
    login: &Login,
    client: &str,
    refresh_token: Option<Secret<String>>,
) -> Result<Tokens, IamError> {
    let claims = iam_claims(iam, subject, login, client);
    signed(iam, login, &claims, refresh_token)
}

/// An IAM token for an instance as which somebody acts, who has authenticated. Nothing was shown for the instance itself.
pub(crate) fn iam_token_of_instance(
    iam: &Iam,
    subject: &Subject,
    login: &Login,
    client: &str,
    authn: AuthnClaim,
) -> Result<Tokens, IamError> {
    let claims = IamClaims {
        authn,
        acr: 0,
        amr: Vec::new(),
        ..iam_claims(iam, subject, login, client)
    };
    signed(iam, login, &claims, None)
}

/// An IAM token for a trusted profile, with who has taken it on, and by what identity, link or rule, with which the token ends.
pub(crate) fn iam_token_of_profile(
    iam: &Iam,
    subject: &Subject,
    login: &Login,
    client: &str,
    (authn, trusted_by): (AuthnClaim, Trust),
) -> Result<Tokens, IamError> {
    let claims = IamClaims {
        authn,
        trusted_by: Some(trusted_by.to_string()),
        ..iam_claims(iam, subject, login, client)
    };
    signed(iam, login, &claims, None)
}

fn signed(
    iam: &Iam,
    login: &Login,
    claims: &IamClaims,
    refresh_token: Option<Secret<String>>,
) -> Result<Tokens, IamError> {
    let stated = Stated {
        principal: iam_id::principal(&claims.iam_id),
        account: Some(&claims.account),
        expires: claims.exp,
        session: claims.session_id.as_deref(),
        key: claims.iam_apikey_id.as_deref(),
    };
    stated.check_within(login.bounds())?;
    let access_token = Secret::new(jws::sign(&iam.0.keys.load(), iam.0.clock.now(), claims)?);
    Ok(Tokens {
        access_token,
        refresh_token,
        expires_in: claims.exp.saturating_sub(claims.iat),
        expires_at: claims.exp,
        session: login.bounds().root().session,
        uaa: None,
        delegated_refresh_token: None,
    })
}

/// The login for a UAA token, which opens every account within the bounds: if one of these refuses it, or its settings have ended it,
/// in its own account alone.
fn for_uaa(iam: &Iam, login: &Login) -> Login {
    let (bounds, directory, now) = (login.bounds(), iam.directory(), iam.0.clock.now());
    let mut accounts = directory.accounts_of(bounds.principal()).iter().copied();
    let refuses = |account: AccountId| {
        let is_over = || {
            let life = Lifetimes::of(iam, bounds, account);
            life.bound(*bounds, now).is_err()
        };
        bounds.opens(&directory, account)
            && (account_rules::check(iam, account, login.grant_type()).is_err() || is_over())
    };
    match accounts.any(refuses) {
        true => login.clone().in_its_account(),
        false => login.clone(),
    }
}

/// A UAA token for every account that the login opens, or for its own alone where another one refuses it. Only users have one.
pub(crate) fn uaa_token(
    iam: &Iam,
    user: &User,
    login: &Login,
    refresh_token: Option<Secret<String>>,
) -> Result<UaaTokens, IamError> {
    let login = &for_uaa(iam, login);
    let life = Lifetimes::of_all(iam, login.bounds());
    let (issued, expires) = times(iam, login, &life);
    let bounds = login.bounds();
    let (client, guid) = (Client::Cf.id().to_owned(), user.id.0.to_string());
    let audience = [
        "cf",
        "openid",
        "uaa",
        "cloud_controller",
        "password",
        "network",
    ];
    let claims = UaaClaims {
        jti: entropy::guid().to_string(),
        sub: guid.clone(),
        scope: SCOPES.map(str::to_owned).to_vec(),
        client_id: client.clone(),
        cid: client.clone(),
        azp: client,
        grant_type: login.grant_type().to_owned(),
        user_id: guid,
        origin: "uaa".to_owned(),
        user_name: user.email.clone(),
        email: user.email.clone(),
        iat: issued,
        exp: expires,
        nbf: None,
        iss: iam.0.config.uaa_issuer.clone(),
        zid: "uaa".to_owned(),
        aud: audience.map(str::to_owned).to_vec(),
        session_id: bounds.root().session.map(|session| session.to_string()),
        iam_apikey_id: bounds.root().key.map(|key| key.to_string()),
        delegated_until: bounds.delegated_until().map(Millis::secs),
        account: match bounds.reach() {
            AccountReach::One(account) => Some(account_claim(account)),
            AccountReach::Any => None,
        },
        proven_at: Some(bounds.proven_at().0),
    };
    let stated = Stated {
        principal: (Guid::parse(&claims.user_id).ok()).map(|guid| UserId(guid).into()),
        account: claims.account.as_ref(),
        expires: claims.exp,
        session: claims.session_id.as_deref(),
        key: claims.iam_apikey_id.as_deref(),
    };
    stated.check_within(bounds)?;
    let access_token = Secret::new(jws::sign(&iam.0.keys.load(), iam.0.clock.now(), &claims)?);
    Ok(UaaTokens {
        access_token,
        refresh_token,
        expires_in: expires.saturating_sub(issued),
        jti: claims.jti,
    })
}
