//! The grant `assume`, and what the token of a profile opens: by roles, policies and access groups of the profile, until its holder may
//! not have it any more.

use super::{Account, path_of, saml, text};
use crate::harness::{Reply, now};
use serde_json::{Value, json};

const ASSUME: &str = "urn:ibm:params:oauth:grant-type:assume";
const VIEWER: &str = "crn:v1:bluemix:public:iam::::role:Viewer";

impl Account {
    fn assume(&self, fields: &[(&str, &str)]) -> Reply {
        let mut form = vec![("grant_type", ASSUME)];
        form.extend(fields);
        self.server
            .request("POST", "/identity/token")
            .form(&form)
            .send()
    }

    fn assumed(&self, token: &str, profile: &Value) -> String {
        let id = text(&profile["id"]);
        let reply = self.assume(&[("access_token", token), ("profile_id", id.as_str())]);
        assert_eq!(reply.status, 200, "{}", reply.text());
        text(&reply.json()["access_token"])
    }

    fn let_in(&self, profile: &Value, service: &str) {
        let body = json!({"identifier": service, "type": "serviceid"});
        let path = format!("{}/identities/serviceid", path_of(profile));
        let reply = self.ask("POST", &path, &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// The status of a query in the owner's space.
    fn reads(&self, token: &str) -> u16 {
        let request = self
            .server
            .request("GET", "/v1/metrics?target=profile.seen");
        request
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.server.owner.space))
            .send()
            .status
    }

    /// The status of a sample that is sent there.
    fn sends(&self, token: &str) -> u16 {
        let sample = json!([{"name": "profile.seen", "value": 1, "timestamp": now() - 10}]);
        let request = self.server.request("POST", "/v1/metrics");
        request
            .header("X-Auth-User-Token", &format!("iam {token}"))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.server.owner.space))
            .json(&sample)
            .send()
            .status
    }
}

/// Nobody else than the profile has authenticated then: whoever takes it on has done so before.
#[test]
fn taking_a_profile_on_is_its_activity() {
    let account = Account::start();
    let (ops, idle) = (account.profile("ops"), account.profile("idle"));
    let (service, key) = account.service_id("ci");
    account.let_in(&ops, &service);
    let presented = account.token_of(&key);
    let of = |path: &str| {
        let seen = account.read(&format!("{path}?include_activity=true"));
        seen["activity"].clone()
    };
    let service = format!("/v1/serviceids/{service}");
    let before = of(&service);
    for times in 1..=2 {
        account.assumed(&presented, &ops);
        assert_eq!(of(&path_of(&ops))["authn_count"], times);
    }
    assert_eq!(text(&of(&path_of(&ops))["last_authn"]).len(), 21);
    assert_eq!(of(&service), before);
    let refused = account.assume(&[
        ("access_token", presented.as_str()),
        ("profile_id", text(&idle["id"]).as_str()),
    ]);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(of(&path_of(&idle)), json!({"authn_count": 0}));

    // A report names those that nobody has taken on.
    let report = format!(
        "/v1/activity/accounts/{}/report",
        account.server.owner.account
    );
    assert_eq!(account.call("POST", &report).send().status, 202);
    let latest = account.read(&format!("{report}/latest"));
    let listed = json!([{"id": idle["id"], "name": "idle"}]);
    assert_eq!(latest["profiles"], listed, "{latest}");
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, text(&reply.json()["errorCode"]))
}

#[test]
fn the_token_of_a_profile_opens_what_the_profile_may() {
    let account = Account::start();
    let profile = account.profile("ops");
    let (service, key) = account.service_id("ci");
    account.let_in(&profile, &service);
    let presented = account.token_of(&key);
    let id = text(&profile["id"]);
    let fields = [
        ("access_token", presented.as_str()),
        ("profile_id", id.as_str()),
    ];
    let reply = account.assume(&fields);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let tokens = reply.json();
    assert_eq!(tokens["refresh_token"], "not_supported");
    assert_eq!(tokens["token_type"], "Bearer");
    let token = text(&tokens["access_token"]);
    let asked = [("token", token.as_str())];
    let introspected = account
        .server
        .request("POST", "/identity/introspect")
        .form(&asked);
    let introspected = introspected.send().json();
    assert_eq!(
        (&introspected["active"], &introspected["iam_id"]),
        (&json!(true), &profile["iam_id"])
    );
    assert_eq!(
        (&introspected["sub_type"], &introspected["name"]),
        (&json!("Profile"), &json!("ops"))
    );
    let info = account.server.request("GET", "/identity/userinfo");
    let info = info.bearer(&token).send().json();
    assert_eq!(
        (&info["iam_id"], &info["name"], info.get("email")),
        (&profile["iam_id"], &json!("ops"), None)
    );
    let account_id = &account.server.owner.account;
    assert_eq!(
        (account.reads(&token), account.sends(&token)),
        (404, 404),
        "no rights yet"
    );

    // By a role, a policy, an access group: each at once, and for as long as it is there.
    let roles = format!("/v2/spaces/{}/developers", account.server.owner.space);
    let member = json!({"username": profile["iam_id"]});
    assert_eq!(account.ask("PUT", &roles, &member).status, 201);
    assert_eq!((account.sends(&token), account.reads(&token)), (200, 200));
    let listed = account.read(&roles);
    let holders = listed["resources"].as_array().unwrap();
    assert!(
        holders
            .iter()
            .any(|one| one["entity"]["username"] == profile["iam_id"])
    );
    assert_eq!(account.ask("DELETE", &roles, &member).status, 204);
    assert_eq!((account.sends(&token), account.reads(&token)), (404, 404));
    let policy = |name: &str, value: &Value| {
        let subject = json!({"name": name, "value": value});
        let whole = json!({"name": "accountId", "value": account_id});
        let made = account.make(
            "/v1/policies",
            &json!({
                "type": "access", "subjects": [{"attributes": [subject]}],
                "roles": [{"role_id": VIEWER}], "resources": [{"attributes": [whole]}],
            }),
        );
        format!("/v1/policies/{}", text(&made["id"]))
    };
    let given = policy("iam_id", &profile["iam_id"]);
    assert_eq!((account.reads(&token), account.sends(&token)), (200, 403));
    account.delete(&given);
    assert_eq!(account.reads(&token), 404);
    let group = account.make("/v2/groups", &json!({"name": "team"}));
    policy("access_group_id", &group["id"]);
    let members = format!("/v2/groups/{}/members", text(&group["id"]));
    let wish = json!({"members": [{"iam_id": profile["iam_id"], "type": "profile"}]});
    assert_eq!(account.ask("PUT", &members, &wish).status, 207);
    assert_eq!(account.reads(&token), 200);
    assert_eq!(
        account.reads(&presented),
        404,
        "whoever took it on has no more than before"
    );
    let listed = account.read(&format!("{members}?type=profile&verbose=true"));
    assert_eq!(listed["members"][0]["name"], "ops", "{listed}");

    // Whoever is taken out of it has nothing by it from that moment.
    account.delete(&format!(
        "{}/identities/serviceid/{service}",
        path_of(&profile)
    ));
    assert_eq!(account.reads(&token), 401);
    assert_eq!(
        code(&account.assume(&fields)),
        (403, "BXNIM0513E".to_owned())
    );
}

#[test]
fn a_profile_is_named_in_three_ways_and_nothing_else_is_a_proof() {
    let account = Account::start();
    let profile = account.profile("ops");
    let (service, key) = account.service_id("ci");
    account.let_in(&profile, &service);
    let (presented, account_id) = (account.token_of(&key), account.server.owner.account.clone());
    let token = ("access_token", presented.as_str());
    let (id, crn) = (text(&profile["id"]), text(&profile["crn"]));
    let iam_id = text(&profile["iam_id"]);
    for named in [
        vec![("profile_id", id.as_str())],
        vec![("profile_id", iam_id.as_str())],
        vec![("profile_crn", crn.as_str())],
        vec![("profile_name", "ops"), ("account", account_id.as_str())],
    ] {
        let mut fields = vec![token];
        fields.extend(named);
        let reply = account.assume(&fields);
        assert_eq!(reply.status, 200, "{fields:?}: {}", reply.text());
    }
    let nothing = "Profile-00000000-0000-4000-8000-000000000000";
    let profile_id = ("profile_id", id.as_str());
    for (fields, expected) in [
        (vec![profile_id], (400, "BXNIM0109E")),
        (vec![token], (400, "BXNIM0109E")),
        (vec![token, ("profile_name", "ops")], (400, "BXNIM0109E")),
        (vec![token, ("profile_id", nothing)], (403, "BXNIM0513E")),
        (vec![token, ("profile_id", "x")], (403, "BXNIM0513E")),
        (
            vec![
                token,
                profile_id,
                ("profile_name", "other"),
                ("account", account_id.as_str()),
            ],
            (403, "BXNIM0513E"),
        ),
        (
            vec![token, profile_id, ("account", "0123")],
            (400, "BXNIM0141E"),
        ),
        (
            vec![("access_token", "eyJ.e30.x"), profile_id],
            (400, "BXNIM0106E"),
        ),
        (
            vec![("refresh_token", "x"), profile_id],
            (401, "BXNIM0308E"),
        ),
        (
            vec![token, ("refresh_token", "x"), profile_id],
            (400, "BXNIM0106E"),
        ),
        (vec![("cookie", "x"), profile_id], (400, "BXNIM0106E")),
        (
            vec![token, profile_id, ("response_type", "uaa")],
            (400, "BXNIM0106E"),
        ),
    ] {
        let reply = account.assume(&fields);
        let (status, word) = expected;
        assert_eq!(code(&reply), (status, word.to_owned()), "{fields:?}");
    }
    // An API key is no access token.
    let reply = account.assume(&[("access_token", key.as_str()), profile_id]);
    assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()));
}

#[test]
fn a_refresh_token_takes_a_profile_on_and_stays_good() {
    let account = Account::start();
    let profile = account.profile("ops");
    let owner = text(&account.read("/identity/userinfo")["iam_id"]);
    let body = json!({"identifier": owner, "type": "user"});
    let path = format!("{}/identities/user", path_of(&profile));
    assert_eq!(account.ask("POST", &path, &body).status, 200);
    let by_client = |form: &[(&str, &str)]| {
        let request = account.server.request("POST", "/identity/token");
        request.basic("bx", "bx").form(form).send()
    };
    let login = by_client(&[
        ("grant_type", "password"),
        ("username", account.server.owner.user.as_str()),
        ("password", account.server.owner.password.as_str()),
    ])
    .json();
    let (id, refresh_token) = (text(&profile["id"]), text(&login["refresh_token"]));
    let fields = [
        ("grant_type", ASSUME),
        ("refresh_token", refresh_token.as_str()),
        ("profile_id", id.as_str()),
    ];
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let reply = by_client(&fields);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let reply = reply.json();
        assert_eq!(reply["refresh_token"], "not_supported");
        tokens.push(text(&reply["access_token"]));
    }
    let info = account.server.request("GET", "/identity/userinfo");
    let info = info.bearer(&tokens[0]).send().json();
    assert_eq!(info["iam_id"], profile["iam_id"]);
    // Without the header it would be refused, too.
    let other = account.server.request("POST", "/identity/token");
    let refused = other.basic("cf", "").form(&fields).send();
    assert_eq!(code(&refused), (401, "BXNIM0308E".to_owned()));
    let words = refused.text();
    assert!(words.contains("send `bx:bx`, whose"), "{words}");
    // What cannot be shown names what can, and several are named.
    for (more, about) in [
        (("cookie", "x"), "refresh_token and cookie"),
        (("access_token", "x"), "access_token and refresh_token"),
    ] {
        let mut several = fields.to_vec();
        several.push(more);
        let reply = by_client(&several);
        assert_eq!(code(&reply), (400, "BXNIM0106E".to_owned()));
        assert!(reply.text().contains(about), "{}", reply.text());
    }
    let unknown = [fields[0], ("refresh_token", "vgr_never"), fields[2]];
    let renewal = [("grant_type", "refresh_token"), unknown[1]];
    let refusal = code(&by_client(&unknown));
    assert_eq!(refusal, code(&by_client(&renewal)));
    assert_eq!(refusal.0, 400);
    // It was not used up, and its session ends what came of it.
    let renewed = by_client(&[("grant_type", "refresh_token"), fields[1]]);
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let token = text(&renewed.json()["refresh_token"]);
    let revoke = account.server.request("POST", "/identity/revoke");
    let form = [("token", token.as_str())];
    let ended = revoke.basic("bx", "bx").form(&form).send();
    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_eq!(account.reads(&tokens[0]), 401);
    assert_eq!(code(&by_client(&fields)).0, 400);
}

#[test]
fn a_rule_lets_a_user_in_and_a_deleted_profile_ends() {
    let account = Account::start();
    let profile = account.profile("ops");
    let user = account.server.owner.user.clone();
    let id = text(&profile["id"]);
    let presented = account.token.clone();
    let fields = [
        ("access_token", presented.as_str()),
        ("profile_id", id.as_str()),
    ];
    assert_eq!(
        code(&account.assume(&fields)).0,
        403,
        "not even who has made it"
    );
    account.make(&format!("{}/rules", path_of(&profile)), &saml(&user));
    let reply = account.assume(&fields);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    assert!(reply["expires_in"].as_i64().unwrap() <= 1200, "{reply}");
    let token = text(&reply["access_token"]);
    assert_eq!(account.reads(&token), 404);
    // No profile takes on another.
    let other = account.profile("other");
    let other = text(&other["id"]);
    let chained = [
        ("access_token", token.as_str()),
        ("profile_id", other.as_str()),
    ];
    let chained = account.assume(&chained);
    assert_eq!(code(&chained), (403, "BXNIM0513E".to_owned()));
    account.delete(&path_of(&profile));
    assert_eq!(account.reads(&token), 401);
    assert_eq!(code(&account.assume(&fields)).0, 403);
}

#[test]
fn a_key_that_only_sends_gives_a_profile_that_only_sends() {
    let account = Account::start();
    let profile = account.profile("ops");
    let roles = format!("/v2/spaces/{}/developers", account.server.owner.space);
    let member = json!({"username": profile["iam_id"]});
    assert_eq!(account.ask("PUT", &roles, &member).status, 201);
    let owner = text(&account.read("/identity/userinfo")["iam_id"]);
    let body = json!({"identifier": owner, "type": "user"});
    let path = format!("{}/identities/user", path_of(&profile));
    assert_eq!(account.ask("POST", &path, &body).status, 200);
    let reach = json!({"domain": format!("s-{}", account.server.owner.space), "only": "send"});
    let key = json!({"name": "sender", "iam_id": owner, "reach": reach});
    let key = account.make("/v1/apikeys", &key);
    let presented = account.token_of(&text(&key["apikey"]));
    let token = account.assumed(&presented, &profile);
    assert_eq!((account.sends(&token), account.reads(&token)), (200, 403));
    let managed = account.server.request("GET", "/v1/profiles").bearer(&token);
    assert_eq!(managed.send().status, 403);
}
