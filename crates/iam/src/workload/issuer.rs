//! An issuer of compute resources' tokens, as the operator has named it.

use super::cr_type::CrType;
use base::id::AccountId;
use base::invisible::is_invisible;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name of a claim.
const CLAIM_BYTES_MAX: usize = 255;

/// Where a claim stands in a token: a name at its top (`email`), or with a slash before it a JSON Pointer (RFC 6901) into it
/// (`/kubernetes.io/namespace`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

impl ClaimName {
    /// The claim, if the token has it.
    #[must_use]
    pub fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        match self.0.starts_with('/') {
            true => claims.pointer(&self.0),
            false => claims.get(&self.0),
        }
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClaimName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_escaped = |text: &str| {
            let mut parts = text.split('~').skip(1);
            parts.all(|part| part.starts_with(['0', '1']))
        };
        if text.is_empty() || text == "/" || text.len() > CLAIM_BYTES_MAX {
            return Err(format!(
                "must be the name of a claim, of 1 to {CLAIM_BYTES_MAX} bytes"
            ));
        }
        if text.chars().any(is_invisible) {
            return Err("must be the name of a claim, without invisible characters".to_owned());
        }
        if text.starts_with('/') && !is_escaped(text) {
            return Err(
                "must be a JSON Pointer, in which `~0` stands for `~` and `~1` for `/`".to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// The account of an issuer's compute resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountOf {
    /// One for all.
    Fixed(AccountId),
    /// The one that the claim names.
    Claim(ClaimName),
}

/// The CRN of an issuer's compute resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrnOf {
    /// One for all: that of a cluster, whose service accounts differ by namespace and name.
    Fixed(String),
    /// The one that the claim says.
    Claim(ClaimName),
}

/// Reads an issuer's public keys from where the operator says they are. It may block, and ends by itself after some seconds.
pub trait KeyFetch: fmt::Debug + Send + Sync {
    /// The set of keys, as its issuer publishes it (RFC 7517).
    ///
    /// # Errors
    /// One line that says what is wrong, without a secret.
    fn fetch(&self) -> Result<Vec<u8>, String>;

    /// The identity of this source of keys, if its keys stay cached when the operator names the issuers anew. Without it they are read
    /// again then, as an operator who has edited a file of keys expects.
    fn place(&self) -> Option<String> {
        None
    }
}

/// An issuer.
#[derive(Debug, Clone)]
pub struct WorkloadIssuer {
    /// The claim `iss` of its tokens.
    pub issuer: String,
    /// The text that the claim `aud` of its tokens must be or contain.
    pub audience: String,
    /// The type of compute resource that its workloads run on.
    pub cr_type: CrType,
    /// Their account.
    pub account: AccountOf,
    /// Their CRN, if they have one.
    pub crn: Option<CrnOf>,
    /// The claim of their namespace, if they have one.
    pub namespace: Option<ClaimName>,
    /// The claim of their name, if they have one.
    pub name: Option<ClaimName>,
    /// Its public keys.
    pub keys: Arc<dyn KeyFetch>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_at_the_top_or_where_the_pointer_points() {
        let claims = json!({
            "sub": "a",
            "kubernetes.io/serviceaccount/namespace": "old",
            "kubernetes.io": {"namespace": "new", "serviceaccount": {"name": "n"}},
            "a/b": {"c~d": 1},
        });
        for (name, expected) in [
            ("sub", Some(json!("a"))),
            ("kubernetes.io/serviceaccount/namespace", Some(json!("old"))),
            ("/kubernetes.io/namespace", Some(json!("new"))),
            ("/kubernetes.io/serviceaccount/name", Some(json!("n"))),
            ("/a~1b/c~0d", Some(json!(1))),
            ("kubernetes.io/namespace", None),
            ("/sub/x", None),
        ] {
            let claim: ClaimName = name.parse().unwrap();
            assert_eq!(claim.find(&claims), expected.as_ref(), "{name}");
            assert_eq!(claim.to_string(), name);
        }
    }

    #[test]
    fn what_names_no_claim_is_refused() {
        let long = "a".repeat(256);
        for text in ["", "/", "a\nb", "/a~2", "/a~", long.as_str()] {
            assert!(text.parse::<ClaimName>().is_err(), "{text}");
        }
    }
}
