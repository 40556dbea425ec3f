//! Members of bodies, parameters and headers of the management interface that it does not know: refused by their name, however deep
//! they are, and nothing is done. What IBM's clients send for each call is known.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

const VIEWER: &str = "crn:v1:bluemix:public:iam::::role:Viewer";

struct Account {
    server: Server,
    token: String,
    iam_id: String,
}

impl Account {
    fn start() -> Self {
        let server = Server::start();
        let token = server.token();
        let info = server.request("GET", "/identity/userinfo").bearer(&token);
        let iam_id = info.send().json()["iam_id"].as_str().unwrap().to_owned();
        Self {
            server,
            token,
            iam_id,
        }
    }

    fn id(&self) -> &str {
        &self.server.owner.account
    }

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    /// The answer to a body. The tag is that of anything.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.call(method, path)
            .header("If-Match", "*")
            .json(body)
            .send()
    }

    fn policy(&self) -> Value {
        json!({
            "type": "access",
            "subjects": [{"attributes": [{"name": "iam_id", "value": self.iam_id}]}],
            "roles": [{"role_id": VIEWER}],
            "resources": [{"attributes": [{"name": "accountId", "value": self.id()}]}],
        })
    }

    fn policy_v2(&self) -> Value {
        let equal = |key: &str, value: &str| json!({"key": key, "operator": "stringEquals", "value": value});
        json!({
            "type": "access",
            "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
            "subject": {"attributes": [equal("iam_id", &self.iam_id)]},
            "resource": {"attributes": [equal("accountId", self.id())]},
        })
    }

    fn count(&self, path: &str, list: &str) -> usize {
        let page = self.call("GET", path).send().json();
        page[list].as_array().unwrap().len()
    }
}

/// The body with one more member at a place.
fn with(body: &Value, at: &str, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body.pointer_mut(at).unwrap()[name] = value;
    body
}

fn refused(reply: &Reply, name: &str, expected: &str) {
    let body = reply.text();
    assert_eq!(reply.status, 400, "{name}: {body}");
    let error = &reply.json()["errors"][0];
    assert_eq!(error["message_code"], "invalid_parameter", "{name}: {body}");
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("`{name}`")), "{name}: {body}");
    let details = error["details"].as_str().unwrap();
    assert!(details.contains(expected), "{name}: {body}");
}

#[test]
fn members_that_are_not_known_are_refused_by_their_name() {
    let account = Account::start();
    let id = account.id().to_owned();
    let key = json!({"name": "ci", "iam_id": account.iam_id});
    let service = json!({"account_id": id, "name": "ci"});
    let (first, second) = (account.policy(), account.policy_v2());
    let person = json!({"users": [{"email": "ada@example.org"}]});
    let settings = format!("/v1/accounts/{id}/settings/identity");
    let limits = format!("/v1/accounts/{id}/limits/identity");
    let users = format!("/v2/accounts/{id}/users");
    let policy = account.ask("POST", "/v1/policies", &first).json();
    let policy = format!("/v1/policies/{}", policy["id"].as_str().unwrap());
    let listed = || {
        [
            account.count("/v1/apikeys", "apikeys"),
            account.count("/v1/serviceids", "serviceids"),
            account.count("/v1/policies", "policies"),
            account.count(&users, "resources"),
        ]
    };
    let before = listed();
    let attribute = "/subjects/0/attributes/0";
    for (method, path, body, name, expected) in [
        (
            "POST",
            "/v1/apikeys",
            with(&key, "", "expiresAt", json!("2096-01-31T12:00+0000")),
            "expiresAt",
            "`expires_at`?",
        ),
        (
            "POST",
            "/v1/serviceids",
            with(&service, "", "apikey", json!({"name": "a", "colour": 1})),
            "apikey.colour",
            "`store_value`",
        ),
        ("PUT", &*settings, json!({"foo": "bar"}), "foo", "`mfa`"),
        (
            "POST",
            "/v1/policies",
            with(&first, "", "condition", json!({})),
            "condition",
            "`description`",
        ),
        (
            "POST",
            "/v1/policies",
            with(&first, "/resources/0", "tagz", json!([])),
            "resources[0].tagz",
            "`tags`?",
        ),
        (
            "PUT",
            &*policy,
            with(&first, attribute, "opertor", json!("stringMatch")),
            "subjects[0].attributes[0].opertor",
            "`operator`?",
        ),
        (
            "POST",
            "/v2/policies",
            with(&second, "", "rules", json!({})),
            "rules",
            "`rule`?",
        ),
        (
            "POST",
            &*users,
            with(&person, "", "iam_polcy", json!([])),
            "iam_polcy",
            "`iam_policy`?",
        ),
        (
            "POST",
            &*users,
            with(&person, "/users/0", "role", json!("Viewer")),
            "users[0].role",
            "`account_role`",
        ),
        (
            "POST",
            &*limits,
            json!({"serviceids": []}),
            "serviceids",
            "`",
        ),
        (
            "POST",
            "/v2/groups",
            json!({"name": "ops", "members": []}),
            "members",
            "`description`",
        ),
        (
            "POST",
            "/v2/resource_groups",
            json!({"name": "a", "acount_id": id}),
            "acount_id",
            "`account_id`?",
        ),
    ] {
        refused(&account.ask(method, path, &body), name, expected);
    }
    assert_eq!(listed(), before);
    // What is not served keeps its own words.
    let rule =
        json!({"operator": "and", "conditions": [{"key": "a", "operator": "b", "value": 1}]});
    for (body, expected) in [
        (with(&second, "", "rule", rule), "`rule`"),
        (
            with(
                &second,
                "/resource",
                "tags",
                json!([{"key": "a", "operator": "b", "value": "c"}]),
            ),
            "`tags`",
        ),
    ] {
        let reply = account.ask("POST", "/v2/policies", &body);
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(expected), "{}", reply.text());
        assert!(!reply.text().contains("unknown"), "{}", reply.text());
    }
}

#[test]
fn the_member_of_a_value_of_another_type_is_told() {
    let account = Account::start();
    let settings = format!("/v1/accounts/{}/settings/identity", account.id());
    let body = json!({"session_expiration_in_seconds": 900});
    let reply = account.ask("PUT", &settings, &body);
    assert_eq!(reply.status, 400, "{}", reply.text());
    let expected = "`session_expiration_in_seconds`: invalid type";
    assert!(reply.text().contains(expected), "{}", reply.text());
}

#[test]
fn parameters_that_are_not_known_are_refused_by_their_name() {
    let account = Account::start();
    let users = format!("/v2/accounts/{}/users", account.id());
    for (path, query, name, expected) in [
        ("/v1/serviceids", "foo=bar", "foo", "`pagesize`"),
        ("/v1/apikeys", "pageSize=1", "pageSize", "`pagesize`?"),
        ("/v1/policies", "iamid=a", "iamid", "`iam_id`?"),
        ("/v2/policies", "roles=a", "roles", "`access_group_id`"),
        (
            "/v2/groups",
            "membershiptype=a",
            "membershiptype",
            "`membership_type`?",
        ),
        ("/v2/resource_groups", "nmae=a", "nmae", "`name`?"),
        ("/v1/sessions", "limit=1", "limit", "`pagesize`"),
        (&*users, "start=a", "start", "`_start`?"),
        ("/coe/v2/accounts", "name=a", "name", "`limit`"),
    ] {
        let reply = account.call("GET", &format!("{path}?{query}"));
        refused(&reply.send(), name, expected);
    }
    // Before anything is done.
    let key = account.call("POST", "/v1/apikeys?locked=true");
    let key = key.json(&json!({"name": "ci", "iam_id": account.iam_id}));
    let before = account.count("/v1/apikeys", "apikeys");
    refused(&key.send(), "locked", "there are none");
    assert_eq!(account.count("/v1/apikeys", "apikeys"), before);
    // Nobody is told the parameters who is not let in.
    let stranger = account.server.request("GET", "/v1/serviceids?foo=bar");
    assert_eq!(stranger.send().status, 401);
}

/// A parameter that is documented was passed over.
#[test]
fn a_role_is_given_to_whom_the_query_names() {
    let account = Account::start();
    let path = format!("/v2/accounts/{}/roles/Viewer", account.id());
    let asked = format!("{path}?username={}", account.server.owner.user);
    for method in ["PUT", "DELETE"] {
        let reply = account.call(method, &asked).send();
        assert_eq!(reply.status, 204, "{method}: {}", reply.text());
    }
    let nobody = format!("{path}?username=nobody@example.org");
    let body = json!({"username": account.server.owner.user});
    let reply = account.call("PUT", &nobody).json(&body).send();
    assert!(reply.status >= 400, "{}", reply.text());
}

#[test]
fn a_header_is_true_or_false() {
    let account = Account::start();
    for (path, header) in [
        ("/v1/apikeys", "Entity-Lock"),
        ("/v1/apikeys", "Entity-Disable"),
        ("/v1/serviceids", "Entity-Lock"),
    ] {
        let make = |value: &str| {
            let name = format!("{header} {value}");
            let body = match path {
                "/v1/apikeys" => json!({"name": name, "iam_id": account.iam_id}),
                _ => json!({"name": name, "account_id": account.id()}),
            };
            let request = account.call("POST", path).json(&body);
            request.header(header, value).send()
        };
        let reply = make("yes");
        assert_eq!(reply.status, 400, "{header}: {}", reply.text());
        let expected = format!("`{header}` is `true` or `false`");
        assert!(reply.text().contains(&expected), "{}", reply.text());
        for value in ["false", "True"] {
            assert_eq!(make(value).status, 201, "{header}: {value}");
        }
    }
}

/// What is read can be written back as it is, nested objects too.
#[test]
fn parts_of_answers_are_known_in_bodies() {
    let account = Account::start();
    let made = account.ask("POST", "/v1/policies", &account.policy());
    assert_eq!(made.status, 201, "{}", made.text());
    let policy = made.json();
    let id = policy["id"].as_str().unwrap();
    let mut again = json!({"type": policy["type"], "description": "again"});
    for part in ["subjects", "roles", "resources"] {
        again[part] = policy[part].clone();
    }
    let reply = account.ask("PUT", &format!("/v1/policies/{id}"), &again);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let second = account.call("GET", &format!("/v2/policies/{id}?format=display"));
    let second = second.send().json();
    let mut again = json!({"type": second["type"], "description": "and again"});
    for part in ["subject", "control", "resource"] {
        again[part] = second[part].clone();
    }
    let reply = account.ask("PUT", &format!("/v2/policies/{id}"), &again);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let profile = json!({"name": "ops", "account_id": account.id()});
    let profile = account.ask("POST", "/v1/profiles", &profile).json();
    let path = profile["id"].as_str().unwrap();
    let path = format!("/v1/profiles/{path}/identities");
    let named = json!({"identities": [{"identifier": account.iam_id, "type": "user"}]});
    let set = account.ask("PUT", &path, &named);
    assert_eq!(set.status, 200, "{}", set.text());
    let mut identities = json!({"identities": set.json()["identities"]});
    let reply = account.ask("PUT", &path, &identities);
    assert_eq!(reply.status, 200, "{}", reply.text());
    identities["identities"][0]["iam_id"] = json!("IBMid-other");
    let reply = account.ask("PUT", &path, &identities);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("`iam_id`"), "{}", reply.text());
}
