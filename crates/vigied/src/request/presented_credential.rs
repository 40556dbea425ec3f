//! The credential of a request as it was sent: in which header, and in which words. Nothing is verified here.
//!
//! `X-Auth-User-Token` counts where it is there. On routes of metrics, `Authorization` may be `Bearer` with a token or an API key,
//! or `Basic` with the kind as its name: that is all that most programs can be told. `Token`, as clients of InfluxDB say it, is
//! read like `Bearer` there. Elsewhere it is `Bearer` with a token alone: keys manage nothing by accident, and the Basic of token endpoints is the client's.

use super::guard::Guard;
use crate::app::App;
use crate::http::header::single;
use crate::http::problem::Refusal;
use http::{HeaderMap, HeaderValue};
use iam::Credential;
use wire::code;
use wire::credential::{self, CredentialError, CredentialKind, Repairs};
use wire::password;
use wire::secret::SecretText;
use wire::token_scheme;

pub(super) const USER_TOKEN: &str = "x-auth-user-token";
const AUTHORIZATION: &str = "authorization";

/// The kinds of credential that a route takes in `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthorizationKinds {
    /// A token or a key, by Bearer or by Basic.
    Metrics,
    /// A token by Bearer.
    Management,
}

impl AuthorizationKinds {
    /// The kinds of `Authorization` that a route takes.
    pub(super) const fn of(guard: Guard) -> Self {
        match guard {
            Guard::Scope(_) | Guard::WholeScope(_) | Guard::Names | Guard::Sender(_) => {
                Self::Metrics
            }
            Guard::Public | Guard::Credential | Guard::Identity => Self::Management,
        }
    }
}

/// The header and scheme by which a credential came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialHeader {
    /// `X-Auth-User-Token`.
    UserToken,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`, which a browser adds by itself once a person has typed the password.
    Basic,
}

impl CredentialHeader {
    /// The name of the header.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::UserToken => "X-Auth-User-Token",
            Self::Bearer | Self::Basic => "Authorization",
        }
    }
}

/// The kind of a credential.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Iam,
    Uaa,
    ApiKey,
}

impl Kind {
    pub(crate) const fn of(credential: &Credential<'_>) -> Self {
        match credential {
            Credential::Iam(_) => Self::Iam,
            Credential::Uaa(_) => Self::Uaa,
            Credential::ApiKey(_) => Self::ApiKey,
        }
    }

    pub(crate) const fn with(self, text: &str) -> Credential<'_> {
        match self {
            Self::Iam => Credential::Iam(text),
            Self::Uaa => Credential::Uaa(text),
            Self::ApiKey => Credential::ApiKey(text),
        }
    }
}

/// The text in the header, or decoded from it.
enum Text<'h> {
    Plain(&'h str),
    Decoded(SecretText),
}

impl Text<'_> {
    fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(text) => text.expose(),
        }
    }
}

/// A credential as it was sent, understood but not yet verified.
pub(super) struct PresentedCredential<'h> {
    kind: Kind,
    text: Text<'h>,
    pub(super) repairs: Repairs,
    pub(super) way: CredentialHeader,
}

impl<'h> PresentedCredential<'h> {
    pub(super) fn credential(&self) -> Credential<'_> {
        self.kind.with(self.text.expose())
    }

    /// The same, for as long as the header is there; `None` if it had to be unpacked.
    pub(super) const fn plain(&self) -> Option<Credential<'h>> {
        match self.text {
            Text::Plain(text) => Some(self.kind.with(text)),
            Text::Decoded(_) => None,
        }
    }
}

/// The credential that counts.
pub(super) fn read<'h>(
    app: &App,
    kinds: AuthorizationKinds,
    headers: &'h HeaderMap,
) -> Result<PresentedCredential<'h>, Refusal> {
    if let Some(value) = single(headers, USER_TOKEN, CredentialHeader::UserToken.field())? {
        let read = credential::user_token(value.as_bytes());
        let read = read.map_err(|error| refusal(&error, CredentialHeader::UserToken))?;
        return Ok(presented(app, kinds, read, CredentialHeader::UserToken));
    }
    if let Some(value) = single(headers, AUTHORIZATION, CredentialHeader::Bearer.field())? {
        let read = authorization(app, kinds, value.as_bytes());
        return read.map_err(|error| refusal(&error, CredentialHeader::Bearer));
    }
    let problem = code::CREDENTIAL_MISSING.problem("the request has no credential");
    Err(Refusal(
        problem
            .hint(match kinds {
                AuthorizationKinds::Metrics => "send `X-Auth-User-Token: iam TOKEN`, which `vigie iam token --header` prints; or `Authorization: Bearer TOKEN`, or `Authorization: Token KEY` as InfluxDB's clients do",
                AuthorizationKinds::Management => "send `Authorization: Bearer TOKEN`, as IBM's clients do by an authenticator (`IAMAuthenticator` takes an API key), or `X-Auth-User-Token: iam TOKEN`, which `vigie iam token --header` prints",
            })
            .field(CredentialHeader::UserToken.field()),
    ))
}

/// Whether the request has shown a token or a key as such, well-formed or not.
pub(super) fn is_by_token(headers: &HeaderMap) -> bool {
    let is_password = |value: &HeaderValue| password::is_basic(value.as_bytes());
    headers.contains_key(USER_TOKEN)
        || headers
            .get(AUTHORIZATION)
            .is_some_and(|value| !is_password(value))
}

/// The credential in an `Authorization`.
pub(super) fn authorization<'h>(
    app: &App,
    kinds: AuthorizationKinds,
    header: &'h [u8],
) -> Result<PresentedCredential<'h>, CredentialError> {
    if kinds == AuthorizationKinds::Metrics && password::is_basic(header) {
        let read = password::read(header)?;
        let kind = kind_of(app, kinds, read.kind, read.text.expose());
        return Ok(PresentedCredential {
            kind,
            text: Text::Decoded(read.text),
            repairs: read.repairs,
            way: CredentialHeader::Basic,
        });
    }
    let token = token_scheme::after_scheme(header).filter(|_| kinds == AuthorizationKinds::Metrics);
    let read = match token {
        Some(text) => token_scheme::read(text)?,
        None => credential::authorization(header)?,
    };
    Ok(presented(app, kinds, read, CredentialHeader::Bearer))
}

fn presented<'h>(
    app: &App,
    kinds: AuthorizationKinds,
    read: credential::Credential<'h>,
    way: CredentialHeader,
) -> PresentedCredential<'h> {
    PresentedCredential {
        kind: kind_of(app, kinds, read.kind, read.text),
        text: Text::Plain(read.text),
        repairs: read.repairs,
        way,
    }
}

fn kind_of(
    app: &App,
    kinds: AuthorizationKinds,
    stated: Option<CredentialKind>,
    text: &str,
) -> Kind {
    match (stated, kinds) {
        (Some(CredentialKind::Iam), _) => Kind::Iam,
        (Some(CredentialKind::Uaa), _) => Kind::Uaa,
        (Some(CredentialKind::ApiKey), _) => Kind::ApiKey,
        (None, AuthorizationKinds::Metrics) => Kind::of(&app.verifier.unnamed(text)),
        (None, AuthorizationKinds::Management) => Kind::of(&app.verifier.bearer(text)),
    }
}

fn refusal(error: &CredentialError, way: CredentialHeader) -> Refusal {
    let code = match error {
        CredentialError::Empty | CredentialError::CredentialMissing => &code::CREDENTIAL_MISSING,
        CredentialError::KindMissing
        | CredentialError::KindUnknown { .. }
        | CredentialError::BasicName
        | CredentialError::Scheme { .. } => &code::CREDENTIAL_KIND,
        CredentialError::Characters | CredentialError::BasicMalformed => &code::TOKEN_MALFORMED,
    };
    let hint = match error {
        CredentialError::BasicName => {
            "write `apikey` as the user name and an API key as the password, or `iam` and a token"
        }
        _ => "`vigie iam token --header` prints the header, ready to send",
    };
    Refusal(
        code.problem(error.to_string())
            .hint(hint)
            .field(way.field()),
    )
}
