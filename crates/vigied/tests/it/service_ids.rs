//! Service IDs as IBM's clients know them: made, given roles and keys, listed, changed, deleted.

mod client_credentials;
mod command_line;
mod history;

use crate::harness::{Reply, Request, Server, token};
use crate::limits::hits;
use base::limit::{self, Limit};
use base64::Engine;
use serde_json::{Value, json};

/// Groups of service IDs, allowed addresses and keys of instances are tried with the groups of service IDs, and with the settings of accounts.
pub(crate) const LIMITS: [Limit; 7] = [
    limit::CRNS_PER_SERVICE_ID,
    limit::FILTER_BYTES,
    limit::HISTORY_ENTRIES,
    limit::HISTORY_ENTRIES_IN_LISTS,
    limit::SERVICE_ID_GROUPS_PER_ACCOUNT,
    limit::ALLOWED_ADDRESSES_BYTES,
    limit::RESOURCE_KEYS_PER_INSTANCE,
];

struct Account {
    server: Server,
    token: String,
    owner: String,
}

impl Account {
    fn start() -> Self {
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        let info = server.request("GET", "/identity/userinfo").bearer(&token);
        let owner = text(&info.send().json()["iam_id"]);
        Self {
            server,
            token,
            owner,
        }
    }

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn wish(&self, mut body: Value) -> Request {
        body["account_id"] = json!(self.server.owner.account);
        // As IBM's SDKs write the path.
        self.call("POST", "/v1/serviceids/").json(&body)
    }

    fn make(&self, body: Value) -> Value {
        let reply = self.wish(body).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    /// Gives a service the role of a developer in the owner's space.
    fn appoint(&self, service: &Value) {
        let path = format!("/v2/spaces/{}/developers", self.server.owner.space);
        let body = json!({"username": service["iam_id"]});
        let reply = self.call("PUT", &path).json(&body).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
    }

    /// A request about metrics in the owner's space.
    fn metrics(&self, credential: &str, method: &str, path: &str) -> Request {
        self.server
            .request(method, path)
            .header("X-Auth-User-Token", credential)
            .header("X-Auth-Scope-Id", &format!("s-{}", self.server.owner.space))
    }

    fn list(&self, query: &str) -> Value {
        let reply = self.call("GET", &format!("/v1/serviceids{query}")).send();
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        reply.json()
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn path_of(service: &Value) -> String {
    format!("/v1/serviceids/{}", text(&service["id"]))
}

fn refused(reply: &Reply, status: u16, word: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

fn names(page: &Value) -> Vec<String> {
    let all = page["serviceids"].as_array().unwrap().iter();
    all.map(|entry| text(&entry["name"])).collect()
}

#[test]
fn a_service_id_has_these_fields_and_its_key_opens_what_its_roles_say() {
    let account = Account::start();
    let made = account.make(json!({
        "name": "ci", "description": "for the build", "unique_instance_crns": ["crn:v1:a"],
        "apikey": {"name": "first", "description": "of the build"},
    }));
    let mut fields: Vec<&String> = made.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "account_id",
            "apikey",
            "created_at",
            "crn",
            "description",
            "entity_tag",
            "iam_id",
            "id",
            "locked",
            "modified_at",
            "name",
            "unique_instance_crns"
        ]
    );
    let id = text(&made["id"]);
    let of = &account.server.owner.account;
    assert!(id.starts_with("ServiceId-") && id.len() == 46, "{id}");
    assert_eq!(made["iam_id"], format!("iam-{id}"));
    assert_eq!(
        made["crn"],
        format!("crn:v1:bluemix:public:iam-identity::a/{of}::serviceid:{id}")
    );
    assert_eq!(made["unique_instance_crns"], json!(["crn:v1:a"]));
    let key = &made["apikey"];
    assert_eq!(key["iam_id"], made["iam_id"]);
    assert_eq!(key["created_by"], json!(account.owner));
    let secret = text(&key["apikey"]);

    // Read again, it holds no key.
    let read = account.call("GET", &path_of(&made)).send().json();
    assert_eq!(read.get("apikey"), None);
    assert_eq!(read["entity_tag"], made["entity_tag"]);
    let by_iam_id = format!("/v1/serviceids/{}", text(&made["iam_id"]));
    assert_eq!(account.call("GET", &by_iam_id).send().json(), read);

    let list = |credential: &str| {
        let path = "/v1/metrics/list?query=*";
        account.metrics(credential, "GET", path).send().status
    };
    let by_key = format!("apikey {secret}");
    assert_eq!(list(&by_key), 404, "without a role there is no space");
    account.appoint(&made);
    assert_eq!(list(&by_key), 200);
    let path = format!("/v2/spaces/{}/developers", account.server.owner.space);
    // Its id, which lists begin with, names it as its IAM id does.
    let taken = format!("{path}?username={}", text(&made["id"]));
    assert_eq!(account.call("DELETE", &taken).send().status, 204);
    assert_eq!(list(&by_key), 404);
    let given = account
        .call("PUT", &path)
        .json(&json!({"username": made["id"]}));
    assert_eq!((given.send().status, list(&by_key)), (201, 200));
    let holders = account.call("GET", &path).send().json();
    let holders = holders["resources"].as_array().unwrap().iter();
    let mut held = holders.map(|holder| &holder["entity"]["username"]);
    assert!(held.any(|id| *id == made["iam_id"]));

    let token = token(&account.server.serving.url(), &secret);
    let claims = claims(&token);
    for (name, value) in [
        ("iam_id", json!(format!("iam-{id}"))),
        ("id", json!(format!("iam-{id}"))),
        ("realmid", json!("iam")),
        ("identifier", json!(id)),
        ("sub", json!(id)),
        ("sub_type", json!("ServiceId")),
        ("name", json!("ci")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims.get("email"), None);
    assert_eq!(list(&format!("iam {token}")), 200);
    let introspected = account.server.request("POST", "/identity/introspect");
    let introspected = introspected.form(&[("token", &token)]).send().json();
    assert_eq!(
        (&introspected["active"], &introspected["name"]),
        (&json!(true), &json!("ci"))
    );
    assert_eq!(introspected["sub_type"], "ServiceId");
    let info = account.server.request("GET", "/identity/userinfo");
    let info = info.bearer(&token).send().json();
    for name in [
        "active",
        "iam_id",
        "realmId",
        "identifier",
        "sub",
        "account",
        "name",
    ] {
        assert_eq!(info[name], introspected[name], "{name}: {info}");
    }
    assert_eq!((info.get("email"), info.get("given_name")), (None, None));

    // A second key, by the API of keys; of nobody's but a service's or one's own.
    let more = |iam_id: &Value| {
        let body = json!({"name": "second", "iam_id": iam_id, "account_id": of});
        account.call("POST", "/v1/apikeys").json(&body).send()
    };
    let second = more(&made["iam_id"]);
    assert_eq!(second.status, 201, "{}", second.text());
    assert_eq!(
        list(&format!("apikey {}", text(&second.json()["apikey"]))),
        200
    );
    let nobody = json!("iam-ServiceId-00000000-0000-4000-8000-000000000000");
    refused(&more(&nobody), 404, "not_found");
    let somebody = json!("IBMid-00000000-0000-4000-8000-000000000000");
    refused(&more(&somebody), 403, "insufficient_permissions");
    let query = format!(
        "?type=serviceid&scope=account&iam_id={}",
        text(&made["iam_id"])
    );
    let keys = account.call("GET", &format!("/v1/apikeys{query}")).send();
    assert_eq!(keys.json()["apikeys"].as_array().unwrap().len(), 2);
    let of_owner = format!("/v1/apikeys?scope=account&iam_id={}", account.owner);
    let of_owner = account.call("GET", &of_owner).send().json();
    let keys = of_owner["apikeys"].as_array().unwrap();
    assert!(!keys.is_empty() && keys.iter().all(|key| key["iam_id"] == json!(account.owner)));

    // It sees itself, and manages nothing.
    let by_service = |method: &str, path: &str| account.server.request(method, path).bearer(&token);
    assert_eq!(by_service("GET", &path_of(&made)).send().json(), read);
    refused(
        &by_service("DELETE", &path_of(&made)).send(),
        403,
        "insufficient_permissions",
    );
    refused(
        &by_service("GET", "/v1/serviceids").send(),
        403,
        "insufficient_permissions",
    );
}

#[test]
fn a_deleted_service_id_takes_its_keys_and_tokens_with_it() {
    let account = Account::start();
    let made = account.make(json!({"name": "ci", "apikey": {"name": "first"}}));
    account.appoint(&made);
    let secret = text(&made["apikey"]["apikey"]);
    let token = token(&account.server.serving.url(), &secret);
    let credentials = [format!("apikey {secret}"), format!("iam {token}")];
    let list = |credential: &str| {
        let path = "/v1/metrics/list?query=*";
        account.metrics(credential, "GET", path).send()
    };
    for credential in &credentials {
        assert_eq!(list(credential).status, 200);
    }
    let gone = account.call("DELETE", &path_of(&made)).send();
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for credential in &credentials {
        let reply = list(credential);
        assert_eq!(reply.status, 401, "{}", reply.text());
    }
    let inactive = account.server.request("POST", "/identity/introspect");
    let inactive = inactive.form(&[("token", &token)]).send();
    assert_eq!(inactive.json(), json!({"active": false}));
    for (method, path) in [
        ("GET", path_of(&made)),
        ("DELETE", path_of(&made)),
        (
            "GET",
            format!("/v1/apikeys/{}", text(&made["apikey"]["id"])),
        ),
    ] {
        let reply = account.call(method, &path).send();
        refused(&reply, 404, "not_found");
    }
    assert_eq!(names(&account.list("")), Vec::<String>::new());
    // What it was named by holds no role any more.
    let path = format!("/v2/spaces/{}/developers", account.server.owner.space);
    let body = json!({"username": made["iam_id"]});
    assert_eq!(account.call("PUT", &path).json(&body).send().status, 404);
}

#[test]
fn a_change_needs_the_tag_of_what_is_changed_and_no_lock() {
    let account = Account::start();
    let made = account.make(json!({"name": "before", "description": "stays"}));
    let path = path_of(&made);
    let agreed = |reply: &Reply| {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let tag = text(&reply.json()["entity_tag"]);
        assert_eq!(reply.header("etag"), Some(format!("\"{tag}\"").as_str()));
        tag
    };
    let rename = |name: &str, tag: &str| {
        let request = account.call("PUT", &path).header("If-Match", tag);
        request.json(&json!({"name": name})).send()
    };
    let first = agreed(&account.call("GET", &path).send());
    assert_eq!(made["entity_tag"], json!(first));
    let without = account.call("PUT", &path).json(&json!({"name": "x"}));
    refused(&without.send(), 400, "invalid_parameter");
    let changed = rename("after", &first);
    assert_ne!(agreed(&changed), first);
    assert_eq!(changed.json()["name"], "after");
    assert_eq!(changed.json()["description"], "stays");
    refused(&rename("late", &first), 409, "conflict");
    agreed(&rename("any", "*"));

    let lock = |method: &str| account.call(method, &format!("{path}/lock")).send().status;
    assert_eq!(lock("POST"), 204);
    assert_eq!(account.call("GET", &path).send().json()["locked"], true);
    refused(&rename("no", "*"), 409, "locked");
    refused(&account.call("DELETE", &path).send(), 409, "locked");
    let key = json!({"name": "k", "iam_id": made["iam_id"]});
    let key = account.call("POST", "/v1/apikeys").json(&key).send();
    refused(&key, 409, "locked");
    assert_eq!(lock("DELETE"), 204);
    agreed(&rename("again", "*"));
    let born = account.wish(json!({"name": "born so"}));
    let born = born.header("Entity-Lock", "true").send().json();
    assert_eq!(born["locked"], true);
}

#[test]
fn service_ids_are_listed_page_by_page_in_the_order_asked_for() {
    let account = Account::start();
    for (name, description) in [("b", "3"), ("a", "2"), ("c", "1"), ("a", "4")] {
        account.make(json!({"name": name, "description": description}));
    }
    assert_eq!(names(&account.list("")), ["a", "a", "b", "c"]);
    assert_eq!(names(&account.list("?order=desc"))[..2], ["c", "b"]);
    assert_eq!(
        names(&account.list("?sort=description"))[..3],
        ["c", "a", "b"]
    );
    assert_eq!(names(&account.list("?name=a")), ["a", "a"]);
    assert_eq!(names(&account.list("?name=A")), Vec::<String>::new());
    let filtered = |filter: &str| {
        let query = wire::query::encode(&[("filter", filter)]);
        account
            .call("GET", &format!("/v1/serviceids?{query}"))
            .send()
    };
    let some = filtered("(name sw \"a\" or name sw \"b\") and description co \"3\"");
    assert_eq!(names(&some.json()), ["b"]);
    let long = filtered(&format!("name sw \"{}\"", "a".repeat(1024)));
    refused(&long, 400, "invalid_parameter");
    assert!(long.text().contains(LIMITS[1].name), "{}", long.text());
    assert_eq!(hits(&account.server, LIMITS[1]), 1);
    let mut page = account.list("?name=a&pagesize=1&order=desc");
    assert_eq!((&page["offset"], &page["limit"]), (&json!(0), &json!(1)));
    let mut read = names(&page).len();
    while let Some(next) = page["next"].as_str() {
        let (_, path) = next.split_at(account.server.serving.url().len());
        assert!(path.contains("name=a") && path.contains("order=desc"));
        page = account.call("GET", path).send().json();
        read += names(&page).len();
    }
    assert_eq!(read, 2);
    let previous = text(&page["previous"]);
    let (_, path) = previous.split_at(account.server.serving.url().len());
    let before = account.call("GET", path).send().json();
    assert_eq!((&before["offset"], names(&before).len()), (&json!(0), 1));
    assert!(before["next"].is_string(), "{before}");
    for wrong in [
        "sort=x",
        "order=x",
        "pagesize=101",
        "filter=name%20eq%20%22a%22",
        "group_id=x",
        "show_group_id=yes",
        "include_history=yes",
    ] {
        let reply = account.call("GET", &format!("/v1/serviceids?{wrong}"));
        refused(&reply.send(), 400, "invalid_parameter");
    }
    let elsewhere = format!("/v1/serviceids?account_id={}", "0".repeat(32));
    refused(&account.call("GET", &elsewhere).send(), 404, "not_found");
}

#[test]
fn what_was_done_is_told_where_it_is_asked_for() {
    let account = Account::start();
    let made = account.make(json!({"name": "ci", "apikey": {"name": "first"}}));
    let path = path_of(&made);
    let request = account.call("PUT", &path).header("If-Match", "*");
    assert_eq!(request.json(&json!({"name": "renamed"})).send().status, 200);
    let history = |path: &str| {
        let reply = account.call("GET", &format!("{path}?include_history=true"));
        reply.send().json()["history"].clone()
    };
    let entries = history(&path);
    let actions: Vec<&Value> = (entries.as_array().unwrap().iter())
        .map(|entry| &entry["action"])
        .collect();
    assert_eq!(actions, ["service_id_changed", "service_id_made"]);
    for entry in entries.as_array().unwrap() {
        assert_eq!(entry["iam_id"], json!(account.owner));
        assert_eq!(entry["iam_id_account"], json!(account.server.owner.account));
        assert!(!text(&entry["message"]).is_empty());
    }
    assert!(
        entries[0]["params"]
            .as_array()
            .unwrap()
            .contains(&json!("name=renamed"))
    );
    let key = format!("/v1/apikeys/{}", text(&made["apikey"]["id"]));
    assert_eq!(history(&key)[0]["action"], "key_made");
    // Of several states, the one that it got.
    for (switch, message) in [
        ("disable", "an API key was disabled"),
        ("lock", "an API key was locked"),
    ] {
        let switched = account.call("POST", &format!("{key}/{switch}")).send();
        assert_eq!(switched.status, 204, "{}", switched.text());
        assert_eq!(history(&key)[0]["message"], message);
    }
    let locked = account.call("POST", &format!("{path}/lock")).send();
    assert!(locked.status < 300, "{}", locked.text());
    assert_eq!(history(&path)[0]["message"], "a service ID was locked");
    let without = account.call("GET", &path).send().json();
    assert_eq!(without.get("history"), None);
}

#[test]
fn a_wrong_service_id_is_not_made_and_neither_is_its_key() {
    let account = Account::start();
    let crns =
        |number: usize| json!({"name": "c", "unique_instance_crns": vec!["crn:v1:a"; number]});
    let many = account.wish(crns(33)).send();
    refused(&many, 400, "invalid_parameter");
    assert!(many.text().contains(LIMITS[0].name), "{}", many.text());
    assert_eq!(hits(&account.server, LIMITS[0]), 1);
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "a\u{200b}b"}), "name"),
        (
            json!({"name": "x", "description": "y".repeat(1025)}),
            "description",
        ),
        (json!({"name": "x", "group_id": "g"}), "group_id"),
        (
            json!({"name": "x", "unique_instance_crns": ["z".repeat(256)]}),
            "unique_instance_crns",
        ),
        (
            json!({"name": "x", "unique_instance_crns": ["crn:v1:a", "nope"]}),
            "unique_instance_crns",
        ),
        (json!({"name": "x", "apikey": {"name": ""}}), "name"),
        (
            json!({"name": "x", "apikey": {"name": "k", "apikey": "weak"}}),
            "apikey",
        ),
        (
            json!({"name": "x", "apikey": {"name": "k", "action_when_leaked": "delete"}}),
            "action_when_leaked",
        ),
        (
            json!({"name": "x", "apikey": {"name": "k", "expires_at": "2020-01-31T12:00+0000"}}),
            "expires_at",
        ),
    ] {
        let reply = account.wish(body).send();
        refused(&reply, 400, "invalid_parameter");
        assert!(reply.text().contains(field), "{field}: {}", reply.text());
    }
    let elsewhere = json!({"name": "x", "account_id": "0".repeat(32)});
    let elsewhere = account.call("POST", "/v1/serviceids").json(&elsewhere);
    refused(&elsewhere.send(), 404, "not_found");
    assert_eq!(names(&account.list("")), Vec::<String>::new());
    assert_eq!(account.wish(crns(32)).send().status, 201);
}
