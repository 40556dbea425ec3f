//! The routes of access policies and of the roles that they give: an Administrator manages them; everybody in the account sees its
//! roles and the policies for themselves, and asks about themselves.

use super::identity::{
    Attempt, Column, Relation, administers_own, administrator, at_home, column, everyone,
};
use super::service_ids;
use super::world::{ELSEWHERE, World, ok};
use crate::harness::Request;
use serde_json::{Value, json};

const VIEWER: &str = "crn:v1:bluemix:public:iam::::role:Viewer";

/// The caller's own account.
pub(super) fn own_account<'w>(a: &Attempt<'w>) -> &'w str {
    match a.user.domain {
        ELSEWHERE => &a.world.elsewhere.0,
        _ => &a.world.account,
    }
}

/// A policy of the first form, about the domain of the account alone: it gives an Administrator nothing new.
fn first(account: &str, subject: &Value) -> Value {
    json!({
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": subject}]}],
        "roles": [{"role_id": VIEWER}],
        "resources": [{"attributes": [
            {"name": "accountId", "value": account}, {"name": "resourceType", "value": "account"},
        ]}],
    })
}

/// The same in the second form.
fn second(account: &str, subject: &Value) -> Value {
    let equal =
        |key: &str, value: Value| json!({"key": key, "operator": "stringEquals", "value": value});
    json!({
        "type": "access",
        "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
        "subject": {"attributes": [equal("iam_id", subject.clone())]},
        "resource": {"attributes": [
            equal("accountId", json!(account)), equal("resourceType", json!("account")),
        ]},
    })
}

/// Somebody in the caller's own account whom no policy names yet; where the attempt is refused, anybody there.
fn newcomer(a: &Attempt<'_>) -> Value {
    if !a.may {
        return json!(a.user.iam_id);
    }
    let body = json!({"account_id": own_account(a), "name": a.world.new_name()});
    let request = a.world.call(a.user, a.credential, "POST", "/v1/serviceids");
    ok(&request.json(&body).send())["iam_id"].clone()
}

fn role(world: &World, account: &str) -> Value {
    let name = world.new_name().replace('-', "").replace("made", "Made");
    json!({
        "name": name, "display_name": name, "actions": ["domain.find"],
        "account_id": account, "service_name": "ibmcloud-monitoring",
    })
}

/// Each attempt has a policy of its own, for somebody else.
fn one_policy(yes: u16, ask: fn(&Attempt<'_>, (&str, &Value)) -> Request) -> Vec<Column> {
    let ask = move |a: &Attempt<'_>| {
        let service = service_ids::create_service_id(a.world);
        let body = first(&a.world.account, &service["iam_id"]);
        let made = a.world.manage("POST", "/v1/policies", &body);
        ask(a, (made["id"].as_str().unwrap(), &service["iam_id"]))
    };
    vec![column(
        "the account's",
        (administrator, administrator),
        yes,
        ask,
    )]
}

/// Each attempt has a role of its own.
fn one_role(may: Relation, yes: u16, ask: fn(&Attempt<'_>, &str) -> Request) -> Vec<Column> {
    let ask = move |a: &Attempt<'_>| {
        let body = role(a.world, &a.world.account);
        let made = a.world.manage("POST", "/v2/roles", &body);
        ask(a, made["id"].as_str().unwrap())
    };
    vec![column("the account's", (at_home, may), yes, ask)]
}

/// The settings of the caller's account.
fn settings(ask: fn(Request) -> Request) -> Vec<Column> {
    let may: (Relation, Relation) = (everyone, administers_own);
    let ask = move |a: &Attempt<'_>| ask(a.with(&[("account", own_account(a))]));
    vec![column("own account", may, 200, ask)]
}

/// How a route is tried; none when this file does not know it.
pub(super) fn columns(method: &str, path: &str) -> Option<Vec<Column>> {
    let managed: (Relation, Relation) = (everyone, administers_own);
    let columns = match (method, path) {
        ("GET", "/v1/policies" | "/v2/policies") => vec![
            column("own account", managed, 200, |a| a.with(&[])),
            column("for oneself", (everyone, everyone), 200, |a| {
                a.asking(&format!("iam_id={}", a.user.iam_id))
            }),
        ],
        ("POST", "/v1/policies") => vec![column("own account", managed, 201, |a| {
            a.with(&[]).json(&first(own_account(a), &newcomer(a)))
        })],
        ("POST", "/v2/policies") => vec![column("own account", managed, 201, |a| {
            a.with(&[]).json(&second(own_account(a), &newcomer(a)))
        })],
        ("GET", "/v1/policies/{id}" | "/v2/policies/{id}") => {
            one_policy(200, |a, (id, _)| a.with(&[("id", id)]))
        }
        ("PUT", "/v1/policies/{id}") => one_policy(200, |a, (id, subject)| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&first(&a.world.account, subject))
        }),
        ("PUT", "/v2/policies/{id}") => one_policy(200, |a, (id, subject)| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&second(&a.world.account, subject))
        }),
        ("PATCH", "/v1/policies/{id}") => one_policy(200, |a, (id, _)| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            request.json(&json!({"state": "deleted"}))
        }),
        ("DELETE", "/v1/policies/{id}" | "/v2/policies/{id}") => {
            one_policy(204, |a, (id, _)| a.with(&[("id", id)]))
        }
        ("GET", "/v2/roles") => {
            vec![column("own account", (everyone, everyone), 200, |a| {
                a.with(&[])
            })]
        }
        ("POST", "/v2/roles") => vec![column("own account", managed, 201, |a| {
            a.with(&[]).json(&role(a.world, own_account(a)))
        })],
        ("GET", "/v2/roles/{id}") => one_role(at_home, 200, |a, id| a.with(&[("id", id)])),
        ("PUT", "/v2/roles/{id}") => one_role(administrator, 200, |a, id| {
            let request = a.with(&[("id", id)]).header("If-Match", "*");
            let name = a.world.new_name();
            request.json(&json!({"display_name": name, "actions": ["domain.find"]}))
        }),
        ("DELETE", "/v2/roles/{id}") => one_role(administrator, 204, |a, id| a.with(&[("id", id)])),
        ("POST", "/v2/authz") => {
            let ask = |a: &Attempt<'_>, subject: &str| {
                let account = json!({"accountId": own_account(a)});
                a.with(&[]).json(&json!([{
                    "subject": {"attributes": {"id": subject}},
                    "resource": {"attributes": account}, "action": "domain.find",
                }]))
            };
            vec![
                column("about oneself", (everyone, everyone), 200, move |a| {
                    ask(a, &a.user.iam_id)
                }),
                column("about others", managed, 200, move |a| {
                    ask(a, &a.world.owner_iam_id)
                }),
            ]
        }
        ("GET", "/v1/accounts/{account}/settings/access_management") => settings(|request| request),
        ("PATCH", "/v1/accounts/{account}/settings/access_management") => {
            settings(|request| request.header("If-Match", "*").json(&json!({})))
        }
        _ => return None,
    };
    Some(columns)
}
