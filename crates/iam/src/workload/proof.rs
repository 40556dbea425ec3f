//! The proof of a compute resource: a token that an issuer of the operator's settings has signed for this server.

use super::claims::Claims;
use super::compute_resource::ComputeResource;
use super::cr_token_error::CrTokenError;
use super::issuer::WorkloadIssuer;
use super::keys::IssuerKeys;
use super::times;
use crate::auth_error::AuthError;
use crate::token::jws;
use base::time::Millis;
use std::sync::Arc;

/// The issuers of the settings, with their keys.
#[derive(Debug, Default)]
pub(crate) struct Workloads(Vec<(WorkloadIssuer, Arc<IssuerKeys>)>);

impl Workloads {
    pub(crate) fn new(issuers: &[WorkloadIssuer]) -> Self {
        Self::default().renamed(issuers)
    }

    /// These issuers in place of those. The keys of one that stays where it was stay known, and are read again when they would have
    /// been: an issuer that does not answer just now locks nobody out.
    pub(crate) fn renamed(&self, issuers: &[WorkloadIssuer]) -> Self {
        let with_keys = |issuer: &WorkloadIssuer| {
            let known = self.known_keys(issuer);
            let keys = known.unwrap_or_else(|| Arc::new(IssuerKeys::new(Arc::clone(&issuer.keys))));
            (issuer.clone(), keys)
        };
        Self(issuers.iter().map(with_keys).collect())
    }

    fn known_keys(&self, issuer: &WorkloadIssuer) -> Option<Arc<IssuerKeys>> {
        let place = issuer.keys.place()?;
        let is_same = |before: &WorkloadIssuer| {
            before.issuer == issuer.issuer && before.keys.place().as_ref() == Some(&place)
        };
        let found = self.0.iter().find(|(before, _)| is_same(before));
        found.map(|(_, keys)| Arc::clone(keys))
    }

    /// The issuer that a token names, unverified, if it is one of these.
    pub(crate) fn named_issuer(&self, token: &str) -> Option<String> {
        let named = jws::stated(token).ok()?.issuer?;
        let is_trusted = self.0.iter().any(|(trusted, _)| trusted.issuer == named);
        is_trusted.then_some(named)
    }

    /// The compute resource that a token is for.
    ///
    /// # Errors
    /// When the token does not prove one.
    pub(crate) async fn prove(
        &self,
        token: &str,
        now: Millis,
    ) -> Result<ComputeResource, CrTokenError> {
        if self.0.is_empty() {
            return Err(CrTokenError::NoIssuers);
        }
        // The form first: a caller without a token at all makes nobody read keys.
        let stated = jws::stated(token)?;
        let named = self
            .0
            .iter()
            .find(|(trusted, _)| Some(&trusted.issuer) == stated.issuer.as_ref());
        let (issuer, keys) = named.ok_or(CrTokenError::UnknownIssuer)?;
        let usable = keys
            .with(&issuer.issuer, stated.kid.as_deref(), now)
            .await?;
        let check = |key: (&str, &str), message: &[u8], signature: &[u8]| {
            usable.set().verify(key, message, signature)
        };
        let check_issuer = |claimed: Option<&str>| match claimed == Some(issuer.issuer.as_str()) {
            true => Ok(()),
            false => Err(AuthError::WrongIssuer),
        };
        let Claims(claims) = jws::verify(check, check_issuer, token)?;
        times::check_audience(&claims, &issuer.audience)?;
        times::check(&claims, now)?;
        ComputeResource::of(issuer, claims)
    }
}

#[cfg(test)]
mod tests {
    use super::super::compute_resource::tests::{claims, cluster};
    use super::super::issuer::KeyFetch;
    use super::super::key_set::tests::{jwk, pair};
    use super::*;
    use crate::token::keyring::{KeyRing, PublicNumbers, SigningAlgorithm};
    use aws_lc_rs::hmac;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const NOW: Millis = Millis::from_secs(2_000);

    #[derive(Debug)]
    struct Published(Value, AtomicUsize);

    impl KeyFetch for Published {
        fn fetch(&self) -> Result<Vec<u8>, String> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Ok(self.0.to_string().into_bytes())
        }
    }

    /// A cluster that signs by this algorithm, and how often its keys were read.
    fn signing(algorithm: SigningAlgorithm) -> (KeyRing, Workloads, Arc<Published>) {
        let pair = pair("k", algorithm);
        let keys = json!({"keys": [jwk(&pair)]});
        let published = Arc::new(Published(keys, AtomicUsize::new(0)));
        let issuer = WorkloadIssuer {
            keys: published.clone(),
            ..cluster()
        };
        (pair, Workloads::new(&[issuer]), published)
    }

    fn header(name: &str, kid: &str) -> Value {
        json!({"alg": name, "kid": kid})
    }

    /// A token whose header and claims are these.
    fn token(pair: &KeyRing, header: &Value, claims: &Value) -> String {
        let encode = |json: &Value| BASE64.encode(json.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let (message, signature) = pair.sign(NOW, |_, _| message).unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    #[tokio::test]
    async fn a_token_of_a_named_issuer_proves_its_resource_by_each_algorithm() {
        for algorithm in SigningAlgorithm::ALL {
            let (pair, workloads, published) = signing(algorithm);
            let text = token(&pair, &header(algorithm.name(), "k"), &claims());
            for _ in 0..3 {
                let resource = workloads.prove(&text, NOW).await.unwrap();
                assert_eq!(resource.label(), "prod/web");
            }
            assert_eq!(published.1.load(Ordering::Relaxed), 1);
            // By no other algorithm than that of the key.
            for other in ["RS256", "ES256", "EdDSA"]
                .iter()
                .filter(|name| **name != algorithm.name())
            {
                let forged = token(&pair, &header(other, "k"), &claims());
                let refused = workloads.prove(&forged, NOW).await.unwrap_err();
                assert!(matches!(refused, CrTokenError::Signature(_)), "{refused:?}");
            }
        }
    }

    /// Keys at an address, and how often they were read.
    #[derive(Debug)]
    struct At(&'static str, Value, Arc<AtomicUsize>);

    impl KeyFetch for At {
        fn fetch(&self) -> Result<Vec<u8>, String> {
            self.2.fetch_add(1, Ordering::Relaxed);
            Ok(self.1.to_string().into_bytes())
        }

        fn place(&self) -> Option<String> {
            Some(self.0.to_owned())
        }
    }

    #[tokio::test]
    async fn keys_of_an_issuer_that_stays_where_it_was_stay_known() {
        let pair = pair("k", SigningAlgorithm::EdDsa);
        let (keys, asked) = (json!({"keys": [jwk(&pair)]}), Arc::<AtomicUsize>::default());
        let at = |place| WorkloadIssuer {
            keys: Arc::new(At(place, keys.clone(), Arc::clone(&asked))),
            ..cluster()
        };
        let text = token(&pair, &header("EdDSA", "k"), &claims());
        let mut workloads = Workloads::new(&[at("a")]);
        let other_audience = WorkloadIssuer {
            audience: "other".to_owned(),
            ..at("a")
        };
        for (issuers, is_let_in, readings) in [
            (vec![at("a")], true, 1),
            (vec![at("a")], true, 1),
            (vec![other_audience], false, 1),
            (vec![at("a")], true, 1),
            (vec![at("b")], true, 2),
            (Vec::new(), false, 2),
            (vec![at("b")], true, 3),
        ] {
            workloads = workloads.renamed(&issuers);
            assert_eq!(workloads.prove(&text, NOW).await.is_ok(), is_let_in);
            assert_eq!(asked.load(Ordering::Relaxed), readings);
        }
        // One whose place is not told is read again.
        let published = Arc::new(Published(keys.clone(), AtomicUsize::new(0)));
        let of_file = WorkloadIssuer {
            keys: published.clone(),
            ..cluster()
        };
        for readings in 1..=2 {
            workloads = workloads.renamed(std::slice::from_ref(&of_file));
            assert!(workloads.prove(&text, NOW).await.is_ok());
            assert_eq!(published.1.load(Ordering::Relaxed), readings);
        }
    }

    #[tokio::test]
    async fn without_an_issuer_nobody_is_known() {
        let refused = Workloads::default().prove("e30.e30.c2ln", NOW).await;
        assert_eq!(refused, Err(CrTokenError::NoIssuers));
    }

    #[tokio::test]
    async fn claims_that_are_not_for_this_server_now_are_refused() {
        let (pair, workloads, _) = signing(SigningAlgorithm::EdDsa);
        let missing = |name: &str| CrTokenError::NoClaim(name.to_owned());
        for (name, value, expected) in [
            (
                "iss",
                json!("https://other.example"),
                CrTokenError::UnknownIssuer,
            ),
            (
                "iss",
                json!("https://cluster.example/"),
                CrTokenError::UnknownIssuer,
            ),
            ("iss", Value::Null, CrTokenError::UnknownIssuer),
            ("aud", json!("other"), CrTokenError::Audience),
            ("aud", Value::Null, CrTokenError::Audience),
            ("exp", json!(2000), CrTokenError::Expired { seconds_ago: 0 }),
            (
                "exp",
                json!(1990),
                CrTokenError::Expired { seconds_ago: 10 },
            ),
            ("exp", Value::Null, missing("exp")),
            ("iat", json!(2061), CrTokenError::NotYetValid),
            ("iat", Value::Null, missing("iat")),
            ("nbf", json!(2061), CrTokenError::NotYetValid),
            (
                "kubernetes.io",
                json!({}),
                missing("/kubernetes.io/namespace"),
            ),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let text = token(&pair, &header("EdDSA", "k"), &claims);
            assert_eq!(
                workloads.prove(&text, NOW).await,
                Err(expected),
                "{name} {value}"
            );
        }
    }

    #[tokio::test]
    async fn forged_headers_and_signatures_are_refused() {
        let (pair, workloads, published) = signing(SigningAlgorithm::Rs256);
        let good = token(&pair, &header("RS256", "k"), &claims());
        let (message, _) = good.rsplit_once('.').unwrap();
        let mut refused = Vec::new();
        // Unsigned.
        let none = token(&pair, &header("none", "k"), &claims());
        refused.push(format!("{}.", none.rsplit_once('.').unwrap().0));
        refused.push(none);
        // With the public key as the secret of HMAC, in each form that it is published in.
        let PublicNumbers::Rsa { n, .. } = pair.public().remove(0).numbers else {
            panic!("it is RSA");
        };
        for secret in [n.clone().into_bytes(), BASE64.decode(&n).unwrap()] {
            let encode = |json: &Value| BASE64.encode(json.to_string());
            let message = format!("{}.{}", encode(&header("HS256", "k")), encode(&claims()));
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let tag = hmac::sign(&key, message.as_bytes());
            refused.push(format!("{message}.{}", BASE64.encode(tag.as_ref())));
        }
        // By another key, and with a key that the token brings.
        let stranger = super::super::key_set::tests::pair("k", SigningAlgorithm::Rs256);
        refused.push(token(&stranger, &header("RS256", "k"), &claims()));
        for (name, value) in [
            ("jwk", jwk(&stranger)),
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/keys")),
            ("x5c", json!(["AAAA"])),
            ("crit", json!(["exp"])),
        ] {
            let mut header = header("RS256", "k");
            header[name] = value;
            refused.push(token(&pair, &header, &claims()));
        }
        refused.push(token(&pair, &json!({"alg": "RS256"}), &claims()));
        refused.push(token(&pair, &header("RS256", "other"), &claims()));
        refused.push(format!("{message}.AAAA"));
        for text in &refused {
            let error = workloads.prove(text, NOW).await.unwrap_err();
            assert!(
                matches!(error, CrTokenError::Signature(_)),
                "{error:?}: {text}"
            );
        }
        assert!(workloads.prove(&good, NOW).await.is_ok());
        // One reading for all that: the first that named a key of the issuer's.
        assert_eq!(published.1.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_no_token_makes_nobody_read_keys() {
        let (pair, workloads, published) = signing(SigningAlgorithm::EdDsa);
        let mut large = claims();
        large["more"] = json!("x".repeat(16 * 1024));
        let texts = [
            String::new(),
            "a".to_owned(),
            "a.b.c".to_owned(),
            "e30.e30.c2ln".to_owned(),
            format!(
                "{}.{}.",
                BASE64.encode("{\"alg\":\"RS256\"}"),
                BASE64.encode("[]")
            ),
            token(&pair, &header("EdDSA", "k"), &large),
        ];
        for text in texts {
            let error = workloads.prove(&text, NOW).await.unwrap_err();
            assert!(
                matches!(error, CrTokenError::Malformed(_)),
                "{error:?}: {text}"
            );
        }
        let mut other = claims();
        other["iss"] = json!("https://other.example");
        let text = token(&pair, &header("EdDSA", "k"), &other);
        assert_eq!(
            workloads.prove(&text, NOW).await,
            Err(CrTokenError::UnknownIssuer)
        );
        assert_eq!(published.1.load(Ordering::Relaxed), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever byte of a good token is changed, it proves nobody any more.
        #[test]
        fn a_changed_token_proves_nobody(at: prop::sample::Index, byte in "[A-Za-z0-9_.-]") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (pair, workloads, _) = signing(SigningAlgorithm::EdDsa);
            let good = token(&pair, &header("EdDSA", "k"), &claims());
            let at = at.index(good.len());
            let mut changed = good.clone();
            changed.replace_range(at..=at, &byte);
            let proven = runtime.block_on(workloads.prove(&changed, NOW));
            prop_assert!(proven.is_err() || changed == good);
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,300}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (_, workloads, _) = signing(SigningAlgorithm::EdDsa);
            prop_assert!(runtime.block_on(workloads.prove(&text, NOW)).is_err());
        }
    }
}
