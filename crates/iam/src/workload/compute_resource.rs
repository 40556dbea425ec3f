//! A compute resource, as the claims of its token say, read in the way that the settings of its issuer state.

use super::cr_token_error::CrTokenError;
use super::cr_type::CrType;
use super::issuer::{AccountOf, ClaimName, CrnOf, WorkloadIssuer};
use super::times;
use crate::model::claim_condition::ClaimValue;
use crate::model::text::is_seen;
use base::id::AccountId;
use base::time::Millis;
use serde_json::Value;

/// The longest text of a claim that says who the resource is. It is shown in tokens and in the audit.
const TEXT_BYTES_MAX: usize = 255;

/// A compute resource whose token was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputeResource {
    /// What it runs on.
    pub cr_type: CrType,
    /// Its account: only profiles of this account can be for it.
    pub account: AccountId,
    /// Its CRN, if its issuer says one.
    pub crn: Option<String>,
    /// Its namespace, if its issuer says one.
    pub namespace: Option<String>,
    /// Its name, if its issuer says one.
    pub name: Option<String>,
    /// When its token ends, and whatever is given for it.
    pub expires_at: Millis,
    issuer: String,
    claims: Value,
}

/// The text under the name of a claim.
fn text(claims: &Value, claim: &ClaimName) -> Result<String, CrTokenError> {
    let found = claim.find(claims).and_then(Value::as_str);
    let is_usable = |text: &&str| !text.is_empty() && text.len() <= TEXT_BYTES_MAX && is_seen(text);
    found
        .filter(is_usable)
        .map(str::to_owned)
        .ok_or_else(|| CrTokenError::NoClaim(claim.to_string()))
}

fn text_claim(text: Option<&str>) -> Option<ClaimValue<'_>> {
    text.map(|text| ClaimValue::Text(text.into()))
}

impl ComputeResource {
    /// The resource that verified claims are about.
    ///
    /// # Errors
    /// When a claim that the issuer's settings name is missing, or is no text that can be shown; when its end is missing.
    pub(crate) fn of(issuer: &WorkloadIssuer, claims: Value) -> Result<Self, CrTokenError> {
        let optional = |claim: &Option<ClaimName>| {
            let claim = claim.as_ref();
            claim.map(|claim| text(&claims, claim)).transpose()
        };
        let account = match &issuer.account {
            AccountOf::Fixed(account) => *account,
            AccountOf::Claim(claim) => {
                let account = text(&claims, claim)?.parse::<AccountId>();
                account.map_err(|_| CrTokenError::NoClaim(claim.to_string()))?
            }
        };
        let crn = match &issuer.crn {
            None => None,
            Some(CrnOf::Fixed(crn)) => Some(crn.clone()),
            Some(CrnOf::Claim(claim)) => Some(text(&claims, claim)?),
        };
        Ok(Self {
            cr_type: issuer.cr_type,
            account,
            crn,
            namespace: optional(&issuer.namespace)?,
            name: optional(&issuer.name)?,
            expires_at: times::end(&claims)?,
            issuer: issuer.issuer.clone(),
            claims,
        })
    }

    /// What a condition on a claim compares. The names that every compute resource has are what the settings make of its token,
    /// whatever the token itself says under them; any other name is a claim of the token.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<ClaimValue<'_>> {
        match name {
            "cr_type" => Some(ClaimValue::Text(self.cr_type.name().into())),
            "account_id" => Some(ClaimValue::Text(self.account.to_string().into())),
            "crn" => text_claim(self.crn.as_deref()),
            "namespace" => text_claim(self.namespace.as_deref()),
            "name" => text_claim(self.name.as_deref()),
            other => {
                let claim: ClaimName = other.parse().ok()?;
                ClaimValue::of_json(claim.find(&self.claims)?)
            }
        }
    }

    /// The claim `iss` of its token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How it is called in tokens and in the audit: its namespace and name, otherwise its CRN, otherwise what it runs on.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.namespace, &self.name, &self.crn) {
            (Some(namespace), Some(name), _) => format!("{namespace}/{name}"),
            (None, Some(label), _) | (_, None, Some(label)) => label.clone(),
            (Some(namespace), None, None) => namespace.clone(),
            (None, None, None) => self.cr_type.name().to_owned(),
        }
    }

    /// Its id in tokens: `crn-` and its CRN, otherwise made of its issuer and label. It is the IAM id of nobody here.
    #[must_use]
    pub fn iam_id(&self) -> String {
        match &self.crn {
            Some(crn) => format!("crn-{crn}"),
            None => format!("{}-{}#{}", self.cr_type, self.issuer, self.label()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::workload::issuer::KeyFetch;
    use base::id::Guid;
    use base::principal::Principal;
    use serde_json::json;
    use std::sync::Arc;

    #[derive(Debug)]
    struct NoKeys;

    impl KeyFetch for NoKeys {
        fn fetch(&self) -> Result<Vec<u8>, String> {
            Err("there are none".to_owned())
        }
    }

    /// A cluster of Kubernetes.
    pub(in crate::workload) fn cluster() -> WorkloadIssuer {
        WorkloadIssuer {
            issuer: "https://cluster.example".to_owned(),
            audience: "vigie".to_owned(),
            cr_type: CrType::IksSa,
            account: AccountOf::Fixed(AccountId(Guid::from_random([7; 16]))),
            crn: Some(CrnOf::Fixed("crn:v1:x:public:y:r:a/b:c::".to_owned())),
            namespace: Some("/kubernetes.io/namespace".parse().unwrap()),
            name: Some("/kubernetes.io/serviceaccount/name".parse().unwrap()),
            keys: Arc::new(NoKeys),
        }
    }

    /// The claims of a service account.
    pub(in crate::workload) fn claims() -> Value {
        json!({
            "iss": "https://cluster.example", "aud": ["vigie"], "iat": 1000, "nbf": 1000, "exp": 4600,
            "sub": "system:serviceaccount:prod:web", "name": "forged", "groups": ["a", "b"],
            "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "web"}},
        })
    }

    fn claim_text(resource: &ComputeResource, name: &str) -> Option<String> {
        match resource.claim(name)? {
            ClaimValue::Text(text) => Some(text.into_owned()),
            ClaimValue::List(list) => Some(list.join(",")),
        }
    }

    #[test]
    fn the_settings_say_what_the_claims_mean() {
        let issuer = cluster();
        let resource = ComputeResource::of(&issuer, claims()).unwrap();
        let AccountOf::Fixed(account) = issuer.account else {
            panic!("it is for one account");
        };
        assert_eq!(resource.account, account);
        assert_eq!(resource.label(), "prod/web");
        assert_eq!(resource.expires_at, Millis::from_secs(4600));
        for (name, expected) in [
            ("cr_type", Some("IKS_SA".to_owned())),
            ("account_id", Some(account.to_string())),
            ("crn", Some("crn:v1:x:public:y:r:a/b:c::".to_owned())),
            ("namespace", Some("prod".to_owned())),
            // Not what the token says by itself.
            ("name", Some("web".to_owned())),
            ("sub", Some("system:serviceaccount:prod:web".to_owned())),
            ("groups", Some("a,b".to_owned())),
            ("/kubernetes.io/namespace", Some("prod".to_owned())),
            ("kubernetes.io", None),
            ("email", None),
        ] {
            assert_eq!(claim_text(&resource, name), expected, "{name}");
        }
        let nameless = WorkloadIssuer {
            name: None,
            crn: None,
            ..cluster()
        };
        let nameless = ComputeResource::of(&nameless, claims()).unwrap();
        assert_eq!(
            (claim_text(&nameless, "name"), claim_text(&nameless, "crn")),
            (None, None)
        );
    }

    #[test]
    fn a_claim_that_is_missing_or_cannot_be_shown_is_named() {
        let long = "a".repeat(256);
        for value in [
            json!(null),
            json!(""),
            json!(1),
            json!(["a"]),
            json!("a\nb"),
            json!(long),
        ] {
            let mut claims = claims();
            claims["kubernetes.io"]["namespace"] = value.clone();
            let refused = ComputeResource::of(&cluster(), claims).unwrap_err();
            let named = CrTokenError::NoClaim("/kubernetes.io/namespace".to_owned());
            assert_eq!(refused, named, "{value}");
        }
        let by_claim = WorkloadIssuer {
            account: AccountOf::Claim("account".parse().unwrap()),
            ..cluster()
        };
        let account = AccountId(Guid::from_random([9; 16]));
        for (value, expected) in [
            (json!(account.to_string()), Some(account)),
            (json!("nobody"), None),
            (json!(null), None),
        ] {
            let mut claims = claims();
            claims["account"] = value.clone();
            let read = ComputeResource::of(&by_claim, claims);
            assert_eq!(
                read.ok().map(|resource| resource.account),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn its_id_is_that_of_no_principal() {
        let mut resource = ComputeResource::of(&cluster(), claims()).unwrap();
        assert!(resource.iam_id().starts_with("crn-crn:v1:"));
        resource.crn = None;
        for (namespace, name, label) in [
            (Some("a"), Some("b"), "a/b"),
            (Some("a"), None, "a"),
            (None, Some("b"), "b"),
            (None, None, "IKS_SA"),
        ] {
            resource.namespace = namespace.map(str::to_owned);
            resource.name = name.map(str::to_owned);
            assert_eq!(resource.label(), label);
            assert!(resource.iam_id().parse::<Principal>().is_err());
        }
    }
}
