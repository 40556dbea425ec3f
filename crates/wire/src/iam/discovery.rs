//! The discovery document and the public keys.

use serde::{Deserialize, Serialize};

/// The answer of `/.well-known/openid-configuration`, and of `/.well-known/oauth-authorization-server` (RFC 8414).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Discovery {
    /// The `iss` of every token.
    pub issuer: String,
    /// Where a browser would log in; no flow by redirects is served, so it leads to the page with one-time codes.
    pub authorization_endpoint: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// Where a person gets a one-time code.
    pub passcode_endpoint: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// The address that tells whose a token is.
    pub userinfo_endpoint: String,
    /// Whether a token is good.
    pub introspection_endpoint: String,
    /// Where a session is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Grants the token endpoint knows.
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    /// Values of `scope`.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// Values of `response_type` at the authorization endpoint: none.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// Kinds of subject.
    #[serde(default)]
    pub subject_types_supported: Vec<String>,
    /// Signature algorithms of tokens.
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// How a client identifies itself.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}

/// The grant of API keys.
pub const GRANT_API_KEY: &str = "urn:ibm:params:oauth:grant-type:apikey";
/// The grant of one-time codes.
pub const GRANT_PASSCODE: &str = "urn:ibm:params:oauth:grant-type:passcode";
/// The grant of user name and password.
pub const GRANT_PASSWORD: &str = "password";
/// The grant of refresh tokens.
pub(crate) const GRANT_REFRESH_TOKEN: &str = "refresh_token";
/// The grant of tokens that were delegated to the client.
pub(crate) const GRANT_DELEGATED: &str = "urn:ibm:params:oauth:grant-type:delegated-refresh-token";
/// The grant of compute resources.
pub(crate) const GRANT_CR_TOKEN: &str = "urn:ibm:params:oauth:grant-type:cr-token";
/// The grant of users and service IDs who take on a trusted profile.
pub(crate) const GRANT_ASSUME: &str = "urn:ibm:params:oauth:grant-type:assume";
/// The grant of service IDs of instances' keys, who act as the instance.
pub(crate) const GRANT_IAM_AUTHZ: &str = "urn:ibm:params:oauth:grant-type:iam-authz";
/// The grant of service IDs with one of their keys.
pub(crate) const GRANT_CLIENT_CREDENTIALS: &str = "client_credentials";

impl Discovery {
    /// The document of the server that the outside reaches as `public_url`.
    #[must_use]
    pub fn at(public_url: &str) -> Self {
        let root = public_url.trim_end_matches('/');
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            issuer: format!("{root}/identity"),
            authorization_endpoint: format!("{root}/identity/authorize"),
            token_endpoint: format!("{root}/identity/token"),
            passcode_endpoint: format!("{root}/identity/passcode"),
            jwks_uri: format!("{root}/identity/keys"),
            userinfo_endpoint: format!("{root}/identity/userinfo"),
            introspection_endpoint: format!("{root}/identity/introspect"),
            revocation_endpoint: Some(format!("{root}/identity/revoke")),
            grant_types_supported: list(&[
                GRANT_PASSWORD,
                GRANT_REFRESH_TOKEN,
                GRANT_API_KEY,
                GRANT_PASSCODE,
                GRANT_DELEGATED,
                GRANT_CR_TOKEN,
                GRANT_ASSUME,
                GRANT_IAM_AUTHZ,
                GRANT_CLIENT_CREDENTIALS,
            ]),
            scopes_supported: list(&["openid", "ibm"]),
            response_types_supported: Vec::new(),
            subject_types_supported: list(&["public"]),
            id_token_signing_alg_values_supported: list(&["RS256", "ES256", "EdDSA"]),
            token_endpoint_auth_methods_supported: list(&[
                "client_secret_basic",
                "client_secret_post",
            ]),
        }
    }
}

/// The answer of `GET /identity/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// The keys that tokens may be signed with.
    pub keys: Vec<Jwk>,
}

/// One public key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// The curve: `P-256` with `EC`, `Ed25519` with `OKP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The modulus of an RSA key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The first coordinate, or the key of Ed25519, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The second coordinate, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// `RS256`, `ES256` or `EdDSA`.
    pub alg: String,
    /// The key's id, as in a token's header.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_lies_under_the_public_one() {
        let document = Discovery::at("https://vigie.example/");
        assert_eq!(document.issuer, "https://vigie.example/identity");
        assert_eq!(
            document.token_endpoint,
            "https://vigie.example/identity/token"
        );
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<Discovery>(&text).unwrap(), document);
    }

    #[test]
    fn a_key_without_use_reads_back() {
        let text = "{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"k1\"}";
        let key: Jwk = serde_json::from_str(text).unwrap();
        assert_eq!(key.usage, None);
        assert_eq!(serde_json::to_string(&key).unwrap(), text);
    }
}
