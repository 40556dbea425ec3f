//! What was made at one node a moment ago is read, changed and named at the other, and who has read the newest version changes it there:
//! nobody waits until the nodes have heard of each other.
//!
//! Here the nodes notify each other, and where that is quicker than the next request nothing is shown. That a node asks by itself is
//! shown by the test of the same name of the crate `iam`, whose nodes do not hear of each other; here it is that the routes lead there.

use crate::harness::{Reply, Request, token};
use crate::nodes::Nodes;
use serde_json::{Value, json};

/// How often each call is tried: a node hears of a change within milliseconds, so that a single one could come too late.
const TRIES: usize = 5;

struct Account {
    nodes: Nodes,
    tokens: [String; 2],
}

/// What is made at one node, and the calls about it at the other. In these, `{path}` and `{iam_id}` are those of what was made.
struct Case {
    list: &'static str,
    new: Value,
    calls: Vec<(&'static str, &'static str, Value)>,
}

impl Account {
    fn start(test: &str) -> Option<Self> {
        let nodes = Nodes::start(test, &[])?;
        let tokens = [0, 1].map(|node| token(&nodes.url(node), nodes.owner("api_key")));
        Some(Self { nodes, tokens })
    }

    fn call(&self, node: usize, method: &str, path: &str, body: &Value) -> Reply {
        self.change(node, (method, path), "*", body)
    }

    /// The same of this version.
    fn change(&self, node: usize, (method, path): (&str, &str), tag: &str, body: &Value) -> Reply {
        let request = Request::new(&self.nodes.url(node), method, path).bearer(&self.tokens[node]);
        let request = match method {
            "PUT" | "PATCH" => request.header("If-Match", tag),
            _ => request,
        };
        match body {
            Value::Null => request.send(),
            body => request.json(body).send(),
        }
    }

    /// Makes something at the first node: its path, and what the answer says.
    fn made(&self, list: &str, new: &Value) -> (String, Reply) {
        let reply = self.call(0, "POST", list, new);
        assert_eq!(reply.status, 201, "{list}: {}", reply.text());
        let made = reply.json();
        let id = made["id"].as_str().or(made["metadata"]["guid"].as_str());
        (format!("{list}/{}", id.unwrap()), reply)
    }

    fn cases(&self) -> Vec<Case> {
        let account = self.nodes.owner("account_guid");
        let info = self.call(0, "GET", "/identity/userinfo", &Value::Null);
        let user = info.json()["iam_id"].clone();
        let named = |name: &str| json!({"name": name, "account_id": account});
        let policy = |role: &str| {
            json!({
                "type": "access",
                "subjects": [{"attributes": [{"name": "iam_id", "value": user}]}],
                "roles": [{"role_id": format!("crn:v1:bluemix:public:iam::::role:{role}")}],
                "resources": [{"attributes": [{"name": "accountId", "value": account}]}],
            })
        };
        let role = |shown: &str| json!({"display_name": shown, "actions": ["domain.render"]});
        let mut new_role = role("Reads dashboards");
        new_role["name"] = json!("Dashboards");
        new_role["account_id"] = json!(account);
        new_role["service_name"] = json!("ibmcloud-monitoring");
        let space = json!({"name": "new", "organization_guid": self.nodes.owner("org_guid")});
        vec![
            Case {
                list: "/v1/apikeys",
                new: json!({"name": "ci", "iam_id": user}),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", json!({"name": "other"})),
                    ("POST", "{path}/disable", Value::Null),
                ],
            },
            Case {
                list: "/v1/serviceids",
                new: named("ci"),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", json!({"name": "other"})),
                    (
                        "POST",
                        "/v1/apikeys",
                        json!({"name": "first", "iam_id": "{iam_id}"}),
                    ),
                ],
            },
            Case {
                list: "/v2/groups",
                new: json!({"name": "team"}),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PATCH", "{path}", json!({"name": "crew"})),
                    ("GET", "{path}/members", Value::Null),
                    ("GET", "{path}/rules", Value::Null),
                    ("POST", "{path}/rules", group_rule()),
                    (
                        "PUT",
                        "{path}/members",
                        json!({"members": [{"iam_id": user, "type": "user"}]}),
                    ),
                ],
            },
            Case {
                list: "/v1/profiles",
                new: named("ops"),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", json!({"name": "night"})),
                    ("GET", "{path}/identities", Value::Null),
                    ("GET", "{path}/links", Value::Null),
                    ("POST", "{path}/links", link("web")),
                    ("POST", "{path}/rules", profile_rule()),
                ],
            },
            Case {
                list: "/v1/policies",
                new: policy("Viewer"),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", policy("Editor")),
                    ("PATCH", "{path}", json!({"state": "deleted"})),
                ],
            },
            Case {
                list: "/v2/roles",
                new: new_role,
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", role("Sees dashboards")),
                ],
            },
            Case {
                list: "/v2/resource_groups",
                new: json!({"name": "prod"}),
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PATCH", "{path}", json!({"name": "test"})),
                ],
            },
            Case {
                list: "/v2/spaces",
                new: space,
                calls: vec![
                    ("GET", "{path}", Value::Null),
                    ("PUT", "{path}", json!({"name": "other"})),
                    ("GET", "{path}/developers", Value::Null),
                ],
            },
        ]
    }
}

/// The path of something of the same kind that is not there.
fn unlike(path: &str) -> String {
    let digits = "0123456789ab";
    let kept = path.len() - digits.len();
    format!("{}{digits}", &path[..kept])
}

fn condition(claim: &str) -> Value {
    json!([{"claim": claim, "operator": "EQUALS", "value": "a@example.org"}])
}

fn group_rule() -> Value {
    json!({"expiration": 24, "realm_name": "IBMid", "conditions": condition("email")})
}

fn profile_rule() -> Value {
    json!({"type": "Profile-CR", "cr_type": "IKS_SA", "conditions": condition("namespace")})
}

fn link(name: &str) -> Value {
    json!({"cr_type": "IKS_SA", "link": {"namespace": "prod", "name": name}})
}

#[test]
fn what_was_made_at_one_node_is_found_at_the_other() {
    let test = "what_was_made_at_one_node_is_found_at_the_other";
    let Some(account) = Account::start(test) else {
        return;
    };
    for case in account.cases() {
        let mut unknown = String::new();
        for (method, path, body) in &case.calls {
            for _ in 0..TRIES {
                let (made, reply) = account.made(case.list, &case.new);
                unknown = unlike(&made);
                let path = path.replace("{path}", &made);
                let iam_id = reply.json()["iam_id"].as_str().unwrap_or("").to_owned();
                let body = body.to_string().replace("{iam_id}", &iam_id);
                let body: Value = serde_json::from_str(&body).unwrap();
                let found = account.call(1, method, &path, &body);
                let (status, text) = (found.status, found.text());
                assert!((200..300).contains(&status), "{method} {path}: {text}");
                let force = if case.list == "/v2/groups" {
                    "?force=true"
                } else {
                    ""
                };
                let path = format!("{made}{force}");
                let deleted = account.call(0, "DELETE", &path, &Value::Null);
                assert_eq!(deleted.status, 204, "{path}: {}", deleted.text());
            }
        }
        let reply = account.call(1, "GET", &unknown, &Value::Null);
        assert_eq!(reply.status, 404, "{unknown}: {}", reply.text());
    }
}

#[test]
fn so_are_the_parts_of_what_both_know() {
    let test = "so_are_the_parts_of_what_both_know";
    let Some(account) = Account::start(test) else {
        return;
    };
    let id = account.nodes.owner("account_guid").to_owned();
    let (profile, _) = account.made("/v1/profiles", &json!({"name": "ops", "account_id": id}));
    let (group, _) = account.made("/v2/groups", &json!({"name": "team"}));
    let links = format!("{profile}/links");
    for number in 0..TRIES {
        let get = |path: &str| account.call(1, "GET", path, &Value::Null);
        let (made, _) = account.made(&links, &link(&number.to_string()));
        assert_eq!(get(&made).status, 200, "{made}");
        for (rules, rule) in [
            (format!("{profile}/rules"), profile_rule()),
            (format!("{group}/rules"), group_rule()),
        ] {
            let (made, _) = account.made(&rules, &rule);
            assert_eq!(get(&made).status, 200, "{made}");
            let (made, _) = account.made(&rules, &rule);
            let replaced = account.call(1, "PUT", &made, &rule);
            assert_eq!(replaced.status, 200, "{made}: {}", replaced.text());
        }
        let new = json!({"name": format!("job {number}"), "account_id": id});
        let (_, service) = account.made("/v1/serviceids", &new);
        let service = service.json()["iam_id"].clone();
        let body = json!({"members": [{"iam_id": service, "type": "service"}]});
        let added = account.call(0, "PUT", &format!("{group}/members"), &body);
        assert_eq!(added.status, 207, "{}", added.text());
        let member = format!("{group}/members/{}", service.as_str().unwrap());
        assert_eq!(get(&member).status, 204, "{member}");
    }
}

#[test]
fn the_newest_version_is_changed_at_each_node_in_turn() {
    let test = "the_newest_version_is_changed_at_each_node_in_turn";
    let Some(account) = Account::start(test) else {
        return;
    };
    let new = json!({"name": "ci", "account_id": account.nodes.owner("account_guid")});
    let (path, made) = account.made("/v1/serviceids", &new);
    let first = made.header("ETag").unwrap().to_owned();
    let mut newest = first.clone();
    for turn in 0..TRIES * 4 {
        let body = json!({"description": format!("change {turn}")});
        let changed = account.change((turn + 1) % 2, ("PUT", &path), &newest, &body);
        assert_eq!(changed.status, 200, "{turn}: {}", changed.text());
        changed.header("ETag").unwrap().clone_into(&mut newest);
    }
    for node in 0..2 {
        let body = json!({"description": "late"});
        let late = account.change(node, ("PUT", &path), &first, &body);
        assert_eq!(late.status, 409, "{}", late.text());
    }
}

/// A key of one node was refused by the other, which said that it was deleted.
#[test]
fn a_new_key_and_its_token_are_good_at_the_other_node() {
    let test = "a_new_key_and_its_token_are_good_at_the_other_node";
    let Some(account) = Account::start(test) else {
        return;
    };
    let info = account.call(0, "GET", "/identity/userinfo", &Value::Null);
    let new = json!({"name": "ci", "iam_id": info.json()["iam_id"]});
    let (here, there) = (account.nodes.url(0), account.nodes.url(1));
    for _ in 0..TRIES {
        let key = || {
            let (_, made) = account.made("/v1/apikeys", &new);
            made.json()["apikey"].as_str().unwrap().to_owned()
        };
        let asked = |path: &str, header: &str, credential: &str| {
            let request = Request::new(&there, "GET", path);
            let reply = request.header(header, credential).send();
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        };
        // At the token endpoint, which asserts that it is taken.
        token(&there, &key());
        let text = key();
        asked(
            "/v2/organizations",
            "X-Auth-User-Token",
            &format!("apikey {text}"),
        );
        let text = key();
        asked(
            "/v1/metrics/list?query=none",
            "X-Auth-User-Token",
            &format!("apikey {text}"),
        );
        let of_new = token(&here, &key());
        asked("/v1/apikeys", "Authorization", &format!("Bearer {of_new}"));
    }
    // One that nobody has made is refused at both.
    for url in [&here, &there] {
        let unknown = Request::new(url, "GET", "/v2/organizations");
        let unknown = unknown.header("X-Auth-User-Token", "apikey unknown").send();
        assert_eq!(unknown.status, 401, "{}", unknown.text());
    }
}

/// Of 42 changes at the other node 37 were refused, as if the role had not been given.
#[test]
fn a_role_that_was_given_or_taken_at_one_node_decides_changes_at_the_other() {
    let test = "a_role_that_was_given_or_taken_at_one_node_decides_changes_at_the_other";
    let Some(account) = Account::start(test) else {
        return;
    };
    let id = account.nodes.owner("account_guid");
    let new = json!({"name": "ops", "account_id": id, "apikey": {"name": "ops"}});
    let (_, made) = account.made("/v1/serviceids", &new);
    let made = made.json();
    let key = made["apikey"]["apikey"].as_str().unwrap();
    let there = account.nodes.url(1);
    let token = token(&there, key);
    let make = |turn: usize| {
        let new = json!({"name": format!("made-{turn}"), "account_id": id});
        let request = Request::new(&there, "POST", "/v1/serviceids").bearer(&token);
        request.json(&new).send()
    };
    let role = format!("/v2/accounts/{id}/roles/Administrator");
    let holder = json!({"username": made["iam_id"]});
    for turn in 0..TRIES {
        let given = account.call(0, "PUT", &role, &holder);
        assert_eq!(given.status, 204, "{}", given.text());
        let allowed = make(turn);
        assert_eq!(allowed.status, 201, "{turn}: {}", allowed.text());
        let taken = account.call(0, "DELETE", &role, &holder);
        assert_eq!(taken.status, 204, "{}", taken.text());
        let refused = make(turn);
        assert_eq!(refused.status, 403, "{turn}: {}", refused.text());
    }
}
