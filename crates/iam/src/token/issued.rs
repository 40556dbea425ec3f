//! Issued tokens, and the client programs and grants they are issued to.

use base::id::SessionId;
use base::secret::Secret;

/// The grant type of API keys.
pub const APIKEY: &str = "urn:ibm:params:oauth:grant-type:apikey";
/// The grant type of passcodes.
pub const PASSCODE: &str = "urn:ibm:params:oauth:grant-type:passcode";
/// The grant type of refresh tokens.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The grant type of passwords.
pub const PASSWORD: &str = "password";

/// The grant type of services that show their id and key as a client does.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";

/// The grant type by which a client redeems a token that was delegated to it.
pub const DELEGATED: &str = "urn:ibm:params:oauth:grant-type:delegated-refresh-token";

/// The grant type of compute resources, which take on a trusted profile.
pub const CR_TOKEN: &str = "urn:ibm:params:oauth:grant-type:cr-token";

/// The grant type of users and service IDs, who take on a trusted profile.
pub const ASSUME: &str = "urn:ibm:params:oauth:grant-type:assume";

/// The grant type of services that would act as a CRN.
pub const IAM_AUTHZ: &str = "urn:ibm:params:oauth:grant-type:iam-authz";

/// The client id of a caller that does not authenticate.
pub(crate) const NO_CLIENT: &str = "default";

/// The scopes of a UAA token.
pub const SCOPES: [&str; 6] = [
    "openid",
    "uaa.user",
    "cloud_controller.read",
    "password.write",
    "cloud_controller.write",
    "network.write",
];

/// The client program. Clients are public: everybody knows their secrets, so they only name the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `bx:bx`, the command line.
    Bx,
    /// `cf:`, the Cloud Foundry command line.
    Cf,
    /// `kube:kube`, the container service, to which the command line delegates.
    Kube,
}

impl Client {
    /// The client with this id and secret.
    #[must_use]
    pub fn find(id: &str, secret: &str) -> Option<Self> {
        match (id, secret) {
            ("bx", "bx") => Some(Self::Bx),
            ("cf", "") => Some(Self::Cf),
            ("kube", "kube") => Some(Self::Kube),
            _ => None,
        }
    }

    /// The client's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bx => "bx",
            Self::Cf => "cf",
            Self::Kube => "kube",
        }
    }
}

/// Tokens of the IAM token endpoint.
#[derive(Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token; none without a client.
    pub refresh_token: Option<Secret<String>>,
    /// Lifetime of the access token.
    pub expires_in: i64,
    /// When it expires, epoch seconds.
    pub expires_at: i64,
    /// The session, if there is one.
    pub session: Option<SessionId>,
    /// The UAA side.
    pub uaa: Option<UaaTokens>,
    /// The refresh token that is delegated to another client, where one was asked for.
    pub delegated_refresh_token: Option<Secret<String>>,
}

/// Tokens of the UAA.
#[derive(Debug)]
pub struct UaaTokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token; none if the credential cannot be renewed.
    pub refresh_token: Option<Secret<String>>,
    /// Lifetime of the access token.
    pub expires_in: i64,
    /// The access token's id.
    pub jti: String,
}
