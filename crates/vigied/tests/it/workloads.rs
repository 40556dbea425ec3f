//! Workloads that log in without a key: with a token of an issuer that the operator has named, for a trusted profile that is for them.

mod configured;
mod hostile;
pub(crate) mod issuer;

use crate::audit::entries;
use crate::harness::{Reply, Request, Server, Serving, init};
use base64::Engine;
use issuer::{AUDIENCE, CLUSTER, ISSUER, Publisher, Publishing, Signer};
use serde_json::{Value, json};

pub(crate) const CR_TOKEN: &str = "urn:ibm:params:oauth:grant-type:cr-token";

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

/// A server whose operator has named one issuer.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) signer: Signer,
    pub(crate) publisher: Publisher,
    token: String,
}

/// The file of issuers for an account, with these lines for where the keys are.
pub(crate) fn issuers(account: &str, keys: &str) -> String {
    format!(
        "[[issuer]]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\ncr_type = \"IKS_SA\"\naccount = \"{account}\"\ncrn = \"{CLUSTER}\"\n\
         namespace_claim = \"/kubernetes.io/namespace\"\nname_claim = \"/kubernetes.io/serviceaccount/name\"\n{keys}\n"
    )
}

impl Place {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        let signer = Signer::new("first");
        let publisher = Publisher::start(Publishing::Keys(vec![signer.jwk()]));
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let owner = init(&data);
        let file = folder.path().join("issuers.toml");
        let keys = format!("jwks_url = \"{}\"", publisher.url());
        std::fs::write(&file, issuers(&owner.account, &keys)).unwrap();
        let setting = format!("workloads.issuers_file={}", file.display());
        let mut all = vec!["--set", setting.as_str()];
        all.extend(flags);
        let serving = Serving::start(&data, "127.0.0.1:0", &all);
        let server = Server {
            serving,
            owner,
            folder,
        };
        let token = server.token();
        Self {
            server,
            signer,
            publisher,
            token,
        }
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn make(&self, path: &str, body: &Value) -> Value {
        let reply = self.call("POST", path).json(body).send();
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
        reply.json()
    }

    /// A trusted profile.
    pub(crate) fn profile(&self, name: &str) -> Value {
        let account = &self.server.owner.account;
        self.make(
            "/v1/profiles",
            &json!({"name": name, "account_id": account}),
        )
    }

    /// Links a profile to a service account.
    pub(crate) fn link(&self, profile: &Value, namespace: &str, name: &str) -> Value {
        let path = format!("/v1/profiles/{}/links", text(&profile["id"]));
        let link = json!({"crn": CLUSTER, "namespace": namespace, "name": name});
        self.make(&path, &json!({"cr_type": "IKS_SA", "link": link}))
    }

    /// Lets a profile send and query in the owner's space.
    pub(crate) fn appoint(&self, profile: &Value) {
        let path = format!("/v2/spaces/{}/developers", self.server.owner.space);
        let body = json!({"username": profile["iam_id"]});
        let reply = self.call("PUT", &path).json(&body).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
    }

    /// What a workload gets for a token and a profile.
    pub(crate) fn ask(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let mut form = vec![("grant_type", CR_TOKEN), ("cr_token", token)];
        form.extend(more);
        let request = self.server.request("POST", "/identity/token");
        request.form(&form).send()
    }

    fn status_of_metrics(&self, token: &str) -> u16 {
        let request = self
            .server
            .metrics(token, "GET", "/v1/metrics/list?query=*");
        request.send().status
    }
}

fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(part).unwrap()).unwrap()
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, text(&reply.json()["errorCode"]))
}

fn message(reply: &Reply) -> String {
    text(&reply.json()["errorMessage"])
}

#[test]
fn a_workload_that_a_profile_is_linked_to_acts_as_the_profile() {
    let place = Place::start();
    let profile = place.profile("collector");
    let link = place.link(&profile, "prod", "web");
    place.appoint(&profile);
    let presented = place.signer.token("prod", "web");
    let (id, crn) = (text(&profile["id"]), text(&profile["crn"]));
    for named in [
        vec![("profile_id", id.as_str())],
        vec![("profile_name", "collector")],
        vec![("profile_crn", crn.as_str())],
        vec![("profile_id", &*id), ("profile_name", "collector")],
        vec![("profile_name", "collector"), ("scope", "ibm openid")],
    ] {
        let reply = place.ask(&presented, &named);
        assert_eq!(reply.status, 200, "{named:?}: {}", reply.text());
        let spaced = place.ask(&format!(" {presented}\r\n"), &named);
        assert_eq!(spaced.status, 200, "{named:?}: {}", spaced.text());
        let answer = reply.json();
        assert_eq!(answer["refresh_token"], "not_supported");
        // The hour begins when the proof is looked at, and a second may end before the token is made.
        let expires_in = answer["expires_in"].as_i64();
        assert!(matches!(expires_in, Some(3599 | 3600)), "{expires_in:?}");
        assert_eq!(answer.get("session_id"), None);
        let token = text(&answer["access_token"]);
        let claims = claims_of(&token);
        for (name, expected) in [
            ("iam_id", profile["iam_id"].clone()),
            ("sub_type", json!("Profile")),
            ("sub", json!(id)),
            ("realmid", json!("iam")),
            ("grant_type", json!(CR_TOKEN)),
            ("client_id", json!("default")),
        ] {
            assert_eq!(claims[name], expected, "{name}");
        }
        assert_eq!(claims["account"]["bss"], json!(place.server.owner.account));
        let authn = json!({
            "sub": "prod/web", "iam_id": format!("crn-{CLUSTER}"), "sub_type": "ComputeResource", "name": "prod/web",
        });
        assert_eq!(claims["authn"], authn);
        assert_eq!(claims["trusted_by"], link["id"]);
        assert_eq!(place.status_of_metrics(&token), 200);
    }
    // One reading of the keys for all of them.
    assert_eq!(place.publisher.times_asked(), 1);
    let path = format!("/v1/profiles/{id}?include_activity=true");
    let seen = place.call("GET", &path).send().json();
    assert_eq!(seen["activity"]["authn_count"], 10, "{seen}");
    let found = entries(
        &place.server.data(),
        &["--account", &place.server.owner.account],
    );
    let is_own = |row: &&Value| row["event"] == "signed_in" && row["credential"] == "cr_token";
    let selected: Vec<&Value> = found.iter().filter(is_own).collect();
    assert_eq!(selected.len(), 10, "{found:#?}");
    for row in selected {
        assert_eq!(row["who"], profile["iam_id"], "{row:#}");
        assert!(row["source"].as_str().unwrap().contains("127.0.0.1"));
        let entry = row.to_string();
        assert!(
            entry.contains("prod/web") && entry.contains(ISSUER),
            "{row:#}"
        );
        assert!(!entry.contains(&presented), "{row:#}");
    }
}

#[test]
fn a_workload_gets_nothing_of_a_profile_that_is_not_for_it() {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    place.profile("unlinked");
    let presented = place.signer.token("prod", "web");
    let answer_of = |token: &str, more: &[(&str, &str)]| {
        let reply = place.ask(token, more);
        assert_eq!(code(&reply), (403, "BXNIM0513E".to_owned()), "{more:?}");
        message(&reply)
    };
    let id = text(&profile["id"]);
    let unlinked = answer_of(&presented, &[("profile_name", "unlinked")]);
    // Whether there is such a profile is told to nobody whom it is not for.
    for more in [
        vec![("profile_name", "nobody")],
        vec![("profile_id", "Profile-00000000-0000-4000-8000-000000000000")],
        vec![("profile_id", "nonsense")],
        vec![("profile_crn", "nonsense")],
        vec![("profile_id", &*id), ("profile_name", "unlinked")],
    ] {
        assert_eq!(answer_of(&presented, &more), unlinked, "{more:?}");
    }
    for (namespace, name) in [("prod", "db"), ("test", "web"), ("Prod", "web")] {
        answer_of(
            &place.signer.token(namespace, name),
            &[("profile_name", "collector")],
        );
    }
    assert_eq!(
        code(&place.ask(&presented, &[])),
        (400, "BXNIM0109E".to_owned())
    );
    let elsewhere = place.ask(
        &presented,
        &[
            ("profile_name", "collector"),
            ("account", "00000000000000000000000000000000"),
        ],
    );
    assert_eq!(code(&elsewhere), (400, "BXNIM0141E".to_owned()));
    let body = elsewhere.text();
    assert!(
        body.contains("`account` is not the account of the trusted profile")
            && body.contains("leave `account` out"),
        "{body}"
    );
    let with_uaa = place.ask(
        &presented,
        &[
            ("profile_name", "collector"),
            ("response_type", "cloud_iam,uaa"),
        ],
    );
    assert_eq!(code(&with_uaa), (400, "BXNIM0106E".to_owned()));
}

#[test]
fn a_workload_whose_claims_meet_a_rule_acts_as_the_profile() {
    let place = Place::start();
    let profile = place.profile("builders");
    let path = format!("/v1/profiles/{}/rules", text(&profile["id"]));
    let condition = |claim: &str, value: &str| json!({"claim": claim, "operator": "EQUALS", "value": format!("\"{value}\"")});
    let conditions = [condition("namespace", "ci"), condition("cr_type", "IKS_SA")];
    let rule = json!({
        "name": "all of ci", "type": "Profile-CR", "cr_type": "IKS_SA", "expiration": 3600, "conditions": conditions,
    });
    place.make(&path, &rule);
    let named = [("profile_name", "builders")];
    for name in ["first", "second"] {
        let reply = place.ask(&place.signer.token("ci", name), &named);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let other = place.ask(&place.signer.token("prod", "first"), &named);
    assert_eq!(code(&other), (403, "BXNIM0513E".to_owned()));
}

#[test]
fn what_a_workload_got_ends_with_the_link_and_with_the_profile() {
    let place = Place::start();
    let profile = place.profile("collector");
    let link = place.link(&profile, "prod", "web");
    place.appoint(&profile);
    let named = [("profile_name", "collector")];
    let presented = place.signer.token("prod", "web");
    let token = text(&place.ask(&presented, &named).json()["access_token"]);
    assert_eq!(place.status_of_metrics(&token), 200);

    let path = format!("/v1/profiles/{}", text(&profile["id"]));
    let of_link = format!("{path}/links/{}", text(&link["id"]));
    assert_eq!(place.call("DELETE", &of_link).send().status, 204);
    let refused = place.ask(&presented, &named);
    assert_eq!(code(&refused), (403, "BXNIM0513E".to_owned()));
    assert_eq!(place.status_of_metrics(&token), 401);

    place.link(&profile, "prod", "web");
    let token = text(&place.ask(&presented, &named).json()["access_token"]);
    assert_eq!(place.status_of_metrics(&token), 200);
    assert_eq!(place.call("DELETE", &path).send().status, 204);
    assert_eq!(place.status_of_metrics(&token), 401);
}

/// As on the path of an operator who changes keys: the new one is published, then signs, then the old one goes.
#[test]
fn an_issuer_changes_its_key() {
    let place = Place::start();
    let profile = place.profile("collector");
    place.link(&profile, "prod", "web");
    let named = [("profile_name", "collector")];
    let old = place.signer.token("prod", "web");
    let second = Signer::new("second");
    let both = vec![place.signer.jwk(), second.jwk()];
    place.publisher.change(Publishing::Keys(both));
    // Nobody has asked before, so both are known from now on.
    assert_eq!(place.ask(&old, &named).status, 200);
    assert_eq!(place.ask(&second.token("prod", "web"), &named).status, 200);
    assert_eq!(place.publisher.times_asked(), 1);
}
