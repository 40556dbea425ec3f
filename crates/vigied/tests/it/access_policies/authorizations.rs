//! Authorizations as IBM's clients know them: made in either form, listed by their type, and what an instance does by one with the token
//! of the grant `iam-authz`.

use super::{Account, VIEWER, refused, text};
use crate::harness::Reply;
use serde_json::{Value, json};

const READER: &str = "crn:v1:bluemix:public:iam::::serviceRole:Reader";
const WRITER: &str = "crn:v1:bluemix:public:iam::::serviceRole:Writer";
const API_KEY: &str = "urn:ibm:params:oauth:grant-type:apikey";
const IAM_AUTHZ: &str = "urn:ibm:params:oauth:grant-type:iam-authz";

impl Account {
    /// An authorization of the first form, for all instances of the account.
    fn authorization(&self, role: &str, source: &[(&str, &str)], place: &[(&str, &str)]) -> Value {
        let account = self.server.owner.account.as_str();
        let named = |all: &[(&str, &str)], own: &[(&str, &str)]| -> Vec<Value> {
            let all = own.iter().chain(all);
            let all = all.map(|(name, value)| json!({"name": name, "value": value}));
            all.collect()
        };
        let service = [
            ("serviceName", "ibmcloud-monitoring"),
            ("accountId", account),
        ];
        json!({
            "type": "authorization",
            "subjects": [{"attributes": named(source, &service)}],
            "roles": [{"role_id": role}],
            "resources": [{"attributes": named(place, &[("accountId", account)])}],
        })
    }

    /// The same for one instance, of the second form.
    fn authorization_of(&self, role: &str, guid: &str, space: &str) -> Value {
        let account = self.server.owner.account.as_str();
        let equal = |key: &str, value: &str| json!({"key": key, "operator": "stringEquals", "value": value});
        json!({
            "type": "authorization",
            "control": {"grant": {"roles": [{"role_id": role}]}},
            "subject": {"attributes": [
                equal("serviceName", "ibmcloud-monitoring"),
                equal("accountId", account),
                equal("serviceInstance", guid),
            ]},
            "resource": {"attributes": [equal("accountId", account), equal("spaceId", space)]},
        })
    }

    /// An instance for the owner's space, and the text of a key of it.
    fn instance_with_key(&self) -> (Value, String) {
        let owner = &self.server.owner;
        let wish = json!({
            "name": "monitoring", "target": owner.region, "resource_group": owner.account,
            "resource_plan_id": "premium", "parameters": {"space_id": owner.space},
        });
        let instance = self.make("/v2/resource_instances", &wish);
        let wish = json!({"name": "ci", "source": instance["id"], "role": "Manager"});
        let key = self.make("/v2/resource_keys", &wish);
        (instance, text(&key["credentials"]["apikey"]))
    }

    /// A query in the space with a token.
    fn query(&self, token: &str, space: &str) -> Reply {
        let request = self.server.request("GET", "/v1/metrics?target=none");
        let request = request.header("X-Auth-User-Token", &format!("iam {token}"));
        let request = request.header("X-Auth-Scope-Id", &format!("s-{space}"));
        request.send()
    }

    /// Its status.
    fn queries(&self, token: &str, space: &str) -> u16 {
        self.query(token, space).status
    }

    fn policy_ids(&self, path: &str) -> Vec<String> {
        let page = self.call("GET", path).send().json();
        let all = page["policies"].as_array().unwrap().iter();
        all.map(|policy| text(&policy["id"])).collect()
    }
}

#[test]
fn an_authorization_is_made_and_shown_in_both_forms_beside_access_policies() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let (instance, _) = account.instance_with_key();
    let of_key = account.policy_ids("/v1/policies");
    let guid = text(&instance["guid"]);
    let space = account.space().to_owned();
    let all = account.authorization(READER, &[], &[]);
    let all = text(&account.make("/v1/policies", &all)["id"]);
    let one = account.authorization_of(WRITER, &guid, &space);
    let one = text(&account.make("/v2/policies", &one)["id"]);
    let access = account.first(&subject, VIEWER, &[]);
    let access = text(&account.make("/v1/policies", &access)["id"]);
    let mut both = [all.clone(), one.clone()];
    both.sort();
    for form in ["v1", "v2"] {
        let of_type = |kind: &str| {
            let mut found = account.policy_ids(&format!("/{form}/policies?type={kind}"));
            found.retain(|id| !of_key.contains(id));
            found.sort();
            found
        };
        assert_eq!(of_type("authorization"), both);
        assert_eq!(of_type("access"), std::slice::from_ref(&access));
        let by_type = account.policy_ids(&format!("/{form}/policies?sort=-type"));
        assert!(both.contains(&by_type[0]) && both.contains(&by_type[1]));
    }
    let of_one = account.call("GET", &format!("/v1/policies/{one}")).send();
    let shown = of_one.json();
    assert_eq!(shown["type"], "authorization");
    let named = json!([
        {"name": "serviceName", "value": "ibmcloud-monitoring"},
        {"name": "accountId", "value": account.server.owner.account},
        {"name": "serviceInstance", "value": guid},
    ]);
    assert_eq!(shown["subjects"][0]["attributes"], named);
    let of_all = account.call("GET", &format!("/v2/policies/{all}")).send();
    let attributes = of_all.json()["subject"]["attributes"].clone();
    assert_eq!(attributes.as_array().unwrap().len(), 2);

    // It stays what it is, and is changed with its tag.
    let changed = |body: &Value| {
        let path = format!("/v1/policies/{all}");
        let request = account.call("PUT", &path).header("If-Match", "*");
        request.json(body).send()
    };
    let access = account.first(&subject, READER, &[]);
    refused(&changed(&access), 400, "invalid_parameter", "`type`");
    let writer = account.authorization(WRITER, &[], &[]);
    let reply = changed(&writer);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["roles"][0]["role_id"], WRITER);

    let roles = account.call(
        "GET",
        "/v2/roles?policy_type=authorization&source_service_name=ibmcloud-monitoring",
    );
    let roles = roles.send().json();
    assert_eq!(roles["system_roles"], json!([]));
    assert_eq!(roles["service_roles"].as_array().unwrap().len(), 3);
    for (query, about) in [
        (
            "policy_type=authorization&source_service_name=kms",
            "`source_service_name`",
        ),
        ("source_service_name=ibmcloud-monitoring", "policy_type"),
        ("policy_type=template", "`template`"),
    ] {
        let reply = account.call("GET", &format!("/v2/roles?{query}")).send();
        refused(&reply, 400, "invalid_parameter", about);
    }
}

#[test]
fn what_an_authorization_cannot_mean_is_refused_by_its_name() {
    let account = Account::start();
    let guid = "01234567-89ab-cdef-0123-456789abcdef";
    for (role, source, place, about) in [
        (VIEWER, ("region", "local"), None, "`region`"),
        (VIEWER, ("serviceInstance", guid), None, "`Viewer`"),
        (READER, ("serviceInstance", guid), None, "`serviceInstance`"),
        (READER, ("resourceGroupId", guid), None, "`resourceGroupId`"),
        (READER, ("accountId", guid), None, "`accountId`"),
        (READER, ("iam_id", guid), None, "`iam_id`"),
        (
            READER,
            ("serviceType", "service"),
            Some(("serviceName", "kms")),
            "`serviceType`",
        ),
    ] {
        let place: Vec<(&str, &str)> = place.into_iter().collect();
        let body = account.authorization(role, &[source], &place);
        let reply = account.ask("POST", "/v1/policies", &body);
        refused(&reply, 400, "invalid_parameter", about);
    }
    let kms = account.authorization(READER, &[], &[("serviceName", "kms")]);
    let reply = account.ask("POST", "/v1/policies", &kms);
    refused(&reply, 400, "invalid_parameter", "`serviceName`");
    assert!(
        account
            .policy_ids("/v2/policies?type=authorization")
            .is_empty()
    );
}

#[test]
fn an_instance_acts_in_another_space_as_long_as_it_is_authorized() {
    let account = Account::start();
    let (instance, key) = account.instance_with_key();
    let space = json!({"name": "second", "organization_guid": account.server.owner.org});
    let second = text(&account.make("/v2/spaces", &space)["metadata"]["guid"]);
    let (crn, guid) = (text(&instance["crn"]), text(&instance["guid"]));
    let token = |form: &[(&str, &str)]| {
        let request = account.server.request("POST", "/identity/token");
        request.form(form).send()
    };
    let shown = token(&[("grant_type", API_KEY), ("apikey", &key)]).json();
    let shown = text(&shown["access_token"]);
    let desired = format!("crn-{crn}");
    let form = [
        ("grant_type", IAM_AUTHZ),
        ("access_token", shown.as_str()),
        ("desired_iam_id", desired.as_str()),
    ];
    let early = token(&form);
    assert_eq!(early.status, 403, "{}", early.text());
    assert_eq!(early.json()["errorCode"], "BXNIM0513E");

    let body = account.authorization_of(READER, &guid, &second);
    let made = account.make("/v2/policies", &body);
    let reply = token(&form);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    assert_eq!(reply["refresh_token"], "not_supported");
    assert_eq!(reply["token_type"], "Bearer");
    let acting = text(&reply["access_token"]);
    // The rights of the key's service ID are its own.
    assert_eq!(account.queries(&shown, &account.server.owner.space), 200);
    assert_eq!(account.queries(&shown, &second), 404);
    assert_eq!(account.queries(&acting, &second), 200);
    let elsewhere = account.query(&acting, &account.server.owner.space);
    assert_eq!(elsewhere.status, 404);
    let mends = elsewhere.text();
    assert!(
        mends.contains("POST /v2/policies") && !mends.contains("role-set"),
        "{mends}"
    );
    let may_query = || {
        let region = &account.server.owner.region;
        let crn = format!("crn:v1:bluemix:public:ibmcloud-monitoring:{region}:s/{second}:::");
        let body = json!([{
            "subject": {"accessTokenBody": acting.split('.').nth(1).unwrap()},
            "resource": {"crn": crn},
            "action": "domain.render",
        }]);
        let reply = account.ask("POST", "/v2/authz", &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["responses"][0]["authorizationDecision"]["permitted"] == true
    };
    assert!(may_query());
    let managing = account.server.request("GET", "/v1/apikeys").bearer(&acting);
    let managing = managing.send();
    assert_eq!(managing.status, 403, "{}", managing.text());
    assert!(
        managing.text().contains("the service ID itself"),
        "{}",
        managing.text()
    );
    let again = [
        ("grant_type", IAM_AUTHZ),
        ("access_token", acting.as_str()),
        ("desired_iam_id", desired.as_str()),
    ];
    assert_eq!(token(&again).status, 403);

    let path = format!("/v2/policies/{}", text(&made["id"]));
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    let withdrawn = account.query(&acting, &second);
    assert_eq!(
        (withdrawn.status, withdrawn.code().as_str()),
        (401, "BXNMSRI23E")
    );
    assert!(
        withdrawn.text().contains("POST /identity/token"),
        "{}",
        withdrawn.text()
    );
    assert!(!may_query());
    assert_eq!(token(&form).status, 403);
}

/// A client that reads the service of each authorization stumbled over one with a time.
#[test]
fn the_first_form_shows_a_service_in_an_authorization_with_a_time() {
    let account = Account::start();
    let (instance, _) = account.instance_with_key();
    let guid = text(&instance["guid"]);
    let mut body = account.authorization_of(READER, &guid, &account.server.owner.space);
    body["pattern"] = json!("time-based-conditions:once");
    body["rule"] = json!({
        "key": "{{environment.attributes.current_date_time}}", "operator": "dateTimeLessThanOrEquals",
        "value": "2099-01-01T00:00:00Z",
    });
    let made = account.make("/v2/policies", &body);
    let shown = account.read(&format!("/v1/policies/{}", text(&made["id"])));
    assert_eq!(shown["type"], "authorization");
    let subject = &shown["subjects"][0]["attributes"][0];
    assert_eq!(subject["name"], "serviceName", "{shown}");
    assert_eq!(subject["value"], "unsupported version", "{shown}");
}
