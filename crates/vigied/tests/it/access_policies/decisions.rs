//! `POST /v2/authz`: it permits what the request would be answered with, and nothing else.

use super::{Account, VIEWER, refused, text};
use base64::Engine;
use serde_json::{Value, json};

#[test]
fn a_decision_is_what_the_request_would_be_answered_with() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    let crn = format!(
        "crn:v1:bluemix:public:ibmcloud-monitoring:{}:s/{}:::",
        account.server.owner.region,
        account.space()
    );
    let token = account.server.request("POST", "/identity/token").form(&[
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", key.as_str()),
    ]);
    let token = text(&token.send().json()["access_token"]);
    let claims = token.split('.').nth(1).unwrap();
    let authz_request = |subject: Value, action: &str| json!([{"subject": subject, "resource": {"crn": crn}, "action": action}]);
    let by_id = json!({"attributes": {"id": subject, "scope": "ibm openid"}});
    let permitted = |who: &str, subject: &Value, action: &str| {
        let request = account.server.request("POST", "/v2/authz").bearer(who);
        let reply = request.json(&authz_request(subject.clone(), action)).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let decision = reply.json()["responses"][0]["authorizationDecision"].clone();
        decision["permitted"].as_bool().unwrap()
    };
    assert!(!permitted(&account.token, &by_id, "domain.render"));
    account.make("/v2/policies", &account.second(&subject, VIEWER, &[]));
    assert!(permitted(&account.token, &by_id, "domain.render"));
    assert!(permitted(
        &token,
        &by_id,
        "ibmcloud-monitoring.domain.render"
    ));
    assert!(permitted(
        &token,
        &json!({"accessTokenBody": claims}),
        "domain.render"
    ));
    assert!(!permitted(&token, &by_id, "domain.write"));
    // Nobody asks about others without being an Administrator.
    let payload = account.token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    let owner: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    let other = json!({"attributes": {"id": owner["iam_id"]}});
    let request = account.server.request("POST", "/v2/authz").bearer(&token);
    let reply = request.json(&authz_request(other, "domain.render")).send();
    refused(&reply, 403, "insufficient_permissions", "Administrator");
}

impl Account {
    /// Whether somebody may query a resource of these attributes.
    fn may(&self, subject: &Value, resource: &Value) -> bool {
        let authz_request =
            json!([{"subject": subject, "resource": resource, "action": "domain.render"}]);
        let reply = self.ask("POST", "/v2/authz", &authz_request);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["responses"][0]["authorizationDecision"]["permitted"] == true
    }
}

fn body_of(token: &str) -> Value {
    json!({"accessTokenBody": token.split('.').nth(1).unwrap()})
}

#[test]
fn nothing_is_permitted_where_something_that_is_said_is_not_so() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    account.make("/v2/policies", &account.second(&subject, VIEWER, &[]));
    let subject = json!({"attributes": {"id": subject}});
    let owner = &account.server.owner;
    let other = "01234567-89ab-4def-8123-456789abcdef";
    let all = json!({
        "serviceName": "ibmcloud-monitoring", "accountId": owner.account, "organizationId": owner.org,
        "spaceId": owner.space, "region": owner.region, "resourceGroupId": owner.account,
    });
    let may = |attributes: &Value| account.may(&subject, &json!({"attributes": attributes}));
    assert!(may(&all));
    for name in ["accountId", "organizationId", "spaceId", "resourceGroupId"] {
        let mut wrong = all.clone();
        wrong[name] = json!(other);
        assert!(!may(&wrong), "{name}");
    }
    let mut typed = all.clone();
    typed["serviceType"] = json!("service");
    for (kind, expected) in [("space", true), ("organization", false), ("account", false)] {
        typed["resourceType"] = json!(kind);
        assert_eq!(may(&typed), expected, "{kind}");
    }
    let mut wrong = all.clone();
    wrong["region"] = json!("nowhere");
    assert!(!may(&wrong));
    let mut wrong = all.clone();
    wrong["serviceInstance"] = json!(other);
    assert!(!may(&wrong));
    let by_crn = |region: &str, scope: &str| {
        let crn = format!("crn:v1:bluemix:public:ibmcloud-monitoring:{region}:{scope}:::");
        account.may(&subject, &json!({"crn": crn}))
    };
    let space = format!("s/{}", owner.space);
    assert!(by_crn(&owner.region, &space) && by_crn("", &space));
    assert!(!by_crn("nowhere", &space));
    assert!(!by_crn("", &format!("a/{other}")));
}

/// `resourceType` was an unknown field, though a policy or an authorization of the account has it.
#[test]
fn a_question_takes_the_attributes_of_the_policy_that_it_is_about() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    account.make(
        "/v2/policies",
        &account.second(
            &subject,
            VIEWER,
            &[("resourceType", "account"), ("serviceType", "service")],
        ),
    );
    let subject = json!({"attributes": {"id": subject}});
    let owner = &account.server.owner;
    let may = |attributes: Value| account.may(&subject, &json!({"attributes": attributes}));
    assert!(may(json!({
        "serviceName": "ibmcloud-monitoring", "serviceType": "service", "accountId": owner.account, "resourceType": "account",
    })));
    assert!(!may(
        json!({"spaceId": owner.space, "resourceType": "space"})
    ));
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    let owner = &account.server.owner;
    let whole = format!("{}=", account.token);
    let crn = |part: &str| format!("crn:v1:{part}:s/{}", owner.space);
    for (subject, resource, named) in [
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"accountId": owner.account, "foo": "bar"}}),
            "foo",
        ),
        (
            json!({"attributes": {"id": subject, "foo": "bar"}}),
            json!({"attributes": {"accountId": owner.account}}),
            "foo",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"crn": crn("other:public:ibmcloud-monitoring:")}),
            "no CRN of a domain",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"crn": crn("bluemix:public:kms:")}),
            "ibmcloud-monitoring",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"region": owner.region}}),
            "names no account",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"accountId": owner.account, "resourceType": "space"}}),
            "`spaceId`",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"accountId": owner.account, "resourceType": "organization"}}),
            "`organizationId`",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"accountId": owner.account, "resourceType": "bucket"}}),
            "not `bucket`",
        ),
        (
            json!({"attributes": {"id": subject}}),
            json!({"attributes": {"accountId": owner.account, "serviceType": "platform_service"}}),
            "`serviceType`",
        ),
        (
            json!({"accessTokenBody": whole}),
            json!({"attributes": {"accountId": owner.account}}),
            "middle part of an access token",
        ),
    ] {
        let authz_request =
            json!([{"subject": subject, "resource": resource, "action": "domain.render"}]);
        let reply = account.ask("POST", "/v2/authz", &authz_request);
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(named), "{named}: {}", reply.text());
    }
}

#[test]
fn an_unknown_action_is_told_with_its_question_and_the_others_are_answered() {
    let account = Account::start();
    let (subject, _) = account.service("ci");
    account.make("/v2/policies", &account.second(&subject, VIEWER, &[]));
    let authz_request = |action: &str| {
        json!({
            "subject": {"attributes": {"id": subject}}, "action": action,
            "resource": {"attributes": {"spaceId": account.space()}},
        })
    };
    let both = json!([authz_request("domain.fly"), authz_request("domain.render")]);
    let reply = account.ask("POST", "/v2/authz", &both);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let responses = reply.json()["responses"].clone();
    assert_eq!(responses[0]["status"], "400");
    assert_eq!(responses[0]["authorizationDecision"]["permitted"], false);
    assert_eq!(responses[0]["error"]["code"], "invalid_parameter");
    let message = text(&responses[0]["error"]["message"]);
    assert!(message.contains("domain.fly"), "{message}");
    assert_eq!(responses[1]["status"], "200");
    assert_eq!(responses[1]["authorizationDecision"]["permitted"], true);
}

#[test]
fn a_token_permits_no_more_than_its_key() {
    let account = Account::start();
    let owner = &account.server.owner;
    let space = json!({"attributes": {"spaceId": owner.space}});
    assert!(account.may(&body_of(&account.token), &space));
    let (key, id) = account.server.narrow_key();
    let narrow = crate::harness::token(&account.server.serving.url(), &key);
    let body = body_of(&narrow);
    assert!(!account.may(&body, &space));
    let authz_request = json!([{"subject": body, "resource": space, "action": "domain.write"}]);
    let sends = || {
        let reply = account.ask("POST", "/v2/authz", &authz_request);
        let answer = reply.json();
        answer["responses"][0]["authorizationDecision"].clone()
    };
    let decision = sends();
    assert_eq!(decision["permitted"], true);
    assert_eq!(decision["obligation"]["actions"], json!(["domain.write"]));
    let path = format!("/v1/apikeys/{id}");
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(sends()["permitted"], false);
}
