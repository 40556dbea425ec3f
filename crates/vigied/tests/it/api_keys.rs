//! `/v1/apikeys` to the letter: fields, pages, tags, switches.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

struct Keys {
    server: Server,
    token: String,
    iam_id: String,
}

impl Keys {
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

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn create(&self, name: &str, description: &str) -> Value {
        let body = json!({"name": name, "iam_id": self.iam_id, "description": description});
        let reply = self.call("POST", "/v1/apikeys").json(&body).send();
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        reply.json()
    }
}

fn code(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert_eq!(body["status_code"], json!(reply.status.to_string()));
    assert_eq!(body["trace"].as_str(), reply.header("transaction-id"));
    let code = body["errors"][0]["message_code"]
        .as_str()
        .unwrap()
        .to_owned();
    (reply.status, code)
}

fn names(page: &Value) -> Vec<&str> {
    let keys = page["apikeys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_key_has_these_fields_and_shows_its_text_once() {
    let keys = Keys::start();
    let made = keys.create("ci", "for the build");
    let mut fields: Vec<&String> = made.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "account_id",
            "action_when_leaked",
            "apikey",
            "created_at",
            "created_by",
            "crn",
            "description",
            "disabled",
            "entity_tag",
            "iam_id",
            "id",
            "locked",
            "modified_at",
            "name",
            "support_sessions"
        ]
    );
    let id = made["id"].as_str().unwrap();
    let account = &keys.server.owner.account;
    assert!(id.starts_with("ApiKey-") && id.len() == 43, "{id}");
    assert_eq!(
        made["crn"],
        json!(format!(
            "crn:v1:bluemix:public:iam-identity::a/{account}::apikey:{id}"
        ))
    );
    assert_eq!(made["account_id"], json!(account));
    assert_eq!(made["created_by"], json!(keys.iam_id));
    let at = made["created_at"].as_str().unwrap();
    assert!(at.len() == 21 && at.ends_with("+0000"), "{at}");
    let (number, hex) = made["entity_tag"]
        .as_str()
        .unwrap()
        .split_once('-')
        .unwrap();
    assert!(number == "1" && hex.len() == 32, "{number}-{hex}");
    let text = made["apikey"].as_str().unwrap();
    let mut hidden = made.clone();
    hidden["apikey"] = json!("");
    let read = keys.call("GET", &format!("/v1/apikeys/{id}")).send();
    assert_eq!(read.json(), hidden);
    let details = keys.call("GET", "/v1/apikeys/details");
    assert_eq!(details.header("IAM-ApiKey", text).send().json(), hidden);
    let missing = keys.call("GET", "/v1/apikeys/details").send();
    assert_eq!(code(&missing), (400, "invalid_parameter".to_owned()));
    let expiring =
        json!({"name": "e", "iam_id": keys.iam_id, "expires_at": "2096-01-31T12:00+0000"});
    let expiring = keys
        .call("POST", "/v1/apikeys")
        .json(&expiring)
        .send()
        .json();
    assert_eq!(expiring["expires_at"], "2096-01-31T12:00+0000");
    let expired = json!({"name": "e", "iam_id": keys.iam_id, "expires_at": "2020-01-31T12:00Z"});
    let expired = keys.call("POST", "/v1/apikeys").json(&expired).send();
    assert_eq!(code(&expired), (400, "invalid_parameter".to_owned()));
    for (header, field) in [("Entity-Lock", "locked"), ("Entity-Disable", "disabled")] {
        let body = json!({"name": "born so", "iam_id": keys.iam_id});
        let born = keys.call("POST", "/v1/apikeys").header(header, "true");
        assert_eq!(born.json(&body).send().json()[field], true);
    }
}

#[test]
fn a_change_needs_the_tag_of_what_is_changed() {
    let keys = Keys::start();
    let made = keys.create("before", "");
    let path = format!("/v1/apikeys/{}", made["id"].as_str().unwrap());
    let rename = |name: &str| keys.call("PUT", &path).json(&json!({"name": name}));
    let tag = made["entity_tag"].as_str().unwrap();
    assert_eq!(
        code(&rename("x").send()),
        (400, "invalid_parameter".to_owned())
    );
    let changed = rename("after").header("If-Match", tag).send();
    assert_eq!(
        (changed.status, &changed.json()["name"]),
        (200, &json!("after"))
    );
    assert_ne!(changed.json()["entity_tag"], json!(tag));
    let stale = rename("late").header("If-Match", tag).send();
    assert_eq!(code(&stale), (409, "conflict".to_owned()));
    assert_eq!(rename("any").header("If-Match", "*").send().status, 200);
    for (method, switch, locked) in [
        ("POST", "/lock", true),
        ("POST", "/lock", true),
        ("DELETE", "/lock", false),
        ("POST", "/disable", false),
        ("DELETE", "/disable", false),
    ] {
        let done = keys.call(method, &format!("{path}{switch}")).send();
        assert_eq!(
            (done.status, done.body.len()),
            (204, 0),
            "{method} {switch}"
        );
        assert_eq!(done.header("content-type"), None);
        assert_eq!(keys.call("GET", &path).send().json()["locked"], locked);
    }
    let disabled = || keys.call("GET", &path).send().json()["disabled"].clone();
    keys.call("POST", &format!("{path}/disable")).send();
    assert_eq!(disabled(), true);
    let gone = keys.call("DELETE", &path).send();
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        let again = keys.call(method, &path).send();
        assert_eq!(code(&again), (404, "not_found".to_owned()), "{method}");
    }
}

/// IBM's SDKs take an end back with an empty text.
#[test]
fn the_end_of_a_key_is_set_kept_and_taken_back() {
    let keys = Keys::start();
    let made = keys.create("ends", "");
    let path = format!("/v1/apikeys/{}", made["id"].as_str().unwrap());
    let change = |body: &Value| {
        let request = keys.call("PUT", &path).header("If-Match", "*");
        request.json(body).send()
    };
    let end = "2096-01-31T12:00+0000";
    for nothing in [json!(""), json!(null)] {
        let set = change(&json!({"expires_at": end}));
        assert_eq!(set.json()["expires_at"], end, "{}", set.text());
        let kept = change(&json!({"description": nothing.to_string()})).json();
        assert_eq!(kept["expires_at"], end);
        let past = change(&json!({"expires_at": "2020-01-31T12:00+0000"}));
        assert_eq!(code(&past), (400, "invalid_parameter".to_owned()));
        assert!(past.text().contains("expires_at"), "{}", past.text());
        let freed = change(&json!({"expires_at": nothing}));
        assert_eq!(freed.status, 200, "{}", freed.text());
        assert_eq!(freed.json().get("expires_at"), None);
        assert_ne!(freed.json()["entity_tag"], kept["entity_tag"]);
        assert_eq!(keys.call("GET", &path).send().json(), freed.json());
    }
}

/// IBM's SDKs take the version from either place.
#[test]
fn the_version_of_a_key_is_in_a_header_too_and_taken_from_either() {
    let keys = Keys::start();
    let body = json!({"name": "tagged", "iam_id": keys.iam_id});
    let made = keys.call("POST", "/v1/apikeys").json(&body).send();
    let path = format!("/v1/apikeys/{}", made.json()["id"].as_str().unwrap());
    let text = made.json()["apikey"].as_str().unwrap().to_owned();
    let agreed = |reply: &Reply| {
        let quoted = reply.header("etag").unwrap_or_default().to_owned();
        let tag = quoted.trim_matches('"').to_owned();
        assert_eq!(quoted, format!("\"{tag}\""));
        assert_eq!(reply.json()["entity_tag"], json!(tag));
        tag
    };
    let tag = agreed(&made);
    assert_eq!(agreed(&keys.call("GET", &path).send()), tag);
    let details = keys.call("GET", "/v1/apikeys/details");
    assert_eq!(agreed(&details.header("IAM-ApiKey", &text).send()), tag);
    let change = |if_match: &str| {
        let request = keys.call("PUT", &path).header("If-Match", if_match);
        request.json(&json!({"description": if_match})).send()
    };
    let mut now = tag.clone();
    for form in ["{}", "\"{}\"", "W/\"{}\"", "\"1-x\", \"{}\"", "*"] {
        let changed = change(&form.replace("{}", &now));
        assert_eq!(changed.status, 200, "{form}: {}", changed.text());
        let next = agreed(&changed);
        assert_ne!(next, now, "{form}");
        now = next;
    }
    for stale in [tag.clone(), format!("\"{tag}\"")] {
        let refused = change(&stale);
        assert_eq!(code(&refused), (409, "conflict".to_owned()), "{stale}");
    }
    let without_tag = change("\"\"");
    assert_eq!(without_tag.status, 400, "{}", without_tag.text());
    assert_eq!(agreed(&keys.call("GET", &path).send()), now);
}

/// Options of the original that are not served are refused: a caller who relies on one would be deceived.
#[test]
fn what_is_not_served_of_keys_is_refused_and_not_dropped() {
    let keys = Keys::start();
    let made = keys.create("plain", "");
    assert_eq!(made["action_when_leaked"], "none");
    assert_eq!(made["support_sessions"], true);
    let path = format!("/v1/apikeys/{}", made["id"].as_str().unwrap());
    let create = |field: &str, value: &Value| {
        let mut body = json!({"name": "k", "iam_id": keys.iam_id});
        body[field] = value.clone();
        keys.call("POST", "/v1/apikeys").json(&body).send()
    };
    let update = |field: &str, value: &Value| {
        let mut body = json!({"name": "k"});
        body[field] = value.clone();
        let request = keys.call("PUT", &path).header("If-Match", "*");
        request.json(&body).send()
    };
    for (field, served, refused) in [
        ("action_when_leaked", json!("none"), json!("disable")),
        ("action_when_leaked", json!(""), json!("delete")),
        ("support_sessions", json!(true), json!(false)),
        ("store_value", json!(false), json!(true)),
    ] {
        let reply = create(field, &served);
        assert_eq!(reply.status, 201, "{field}: {}", reply.text());
        let mut wrongs = vec![create(field, &refused)];
        if field != "store_value" {
            let reply = update(field, &served);
            assert_eq!(reply.status, 200, "{field}: {}", reply.text());
            wrongs.push(update(field, &refused));
        }
        for wrong in wrongs {
            assert_eq!(
                code(&wrong),
                (400, "invalid_parameter".to_owned()),
                "{field}"
            );
            assert!(wrong.text().contains(field), "{}", wrong.text());
        }
    }
    for (path, parameter) in [
        ("/v1/apikeys", "group_id=x"),
        ("/v1/apikeys", "include_history=perhaps"),
        (path.as_str(), "include_activity=perhaps"),
    ] {
        let name = parameter.split('=').next().unwrap();
        let reply = keys.call("GET", &format!("{path}?{parameter}")).send();
        assert_eq!(
            code(&reply),
            (400, "invalid_parameter".to_owned()),
            "{parameter}"
        );
        assert!(reply.text().contains(name), "{}", reply.text());
    }
    let nothing = keys.call(
        "GET",
        &format!("{path}?include_history=false&include_activity="),
    );
    assert_eq!(nothing.send().status, 200);
}

#[test]
fn a_list_is_read_page_by_page_in_the_order_asked_for() {
    let keys = Keys::start();
    for (name, description) in [("b", "3"), ("a", "2"), ("c", "1")] {
        keys.create(name, description);
    }
    let list = |query: &str| {
        let reply = keys.call("GET", &format!("/v1/apikeys{query}")).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    assert_eq!(names(&list("")), ["a", "b", "c", "owner"]);
    assert_eq!(names(&list("?order=desc")), ["owner", "c", "b", "a"]);
    assert_eq!(
        names(&list("?sort=description&order=asc"))[..3],
        ["c", "a", "b"]
    );
    assert_eq!(
        names(&list("?sort=name&order=asc")),
        ["a", "b", "c", "owner"]
    );
    assert!(names(&list("?type=serviceid")).is_empty());
    for (filter, expected) in [
        ("name sw \"a\" or description ew \"3\"", vec!["a", "b"]),
        ("name co_ci \"WNE\"", vec!["owner"]),
        ("description co \"1\" and name sw \"a\"", vec![]),
    ] {
        let query = wire::query::encode(&[("filter", filter)]);
        assert_eq!(names(&list(&format!("?{query}"))), expected, "{filter}");
    }
    for wrong in [
        "sort=x",
        "order=x",
        "type=x",
        "scope=x",
        "pagesize=x",
        "iam_id=x",
        "filter=name%20eq%20%22a%22",
        "filter=a",
        "order=asc&order=desc",
    ] {
        let reply = keys.call("GET", &format!("/v1/apikeys?{wrong}")).send();
        assert_eq!(
            code(&reply),
            (400, "invalid_parameter".to_owned()),
            "{wrong}"
        );
    }

    // Following `next` gives every key once, in the order and of the choice of the first page.
    let query = format!(
        "?pagesize=3&scope=account&order=desc&iam_id={}",
        keys.iam_id
    );
    let mut page = list(&query);
    assert_eq!((&page["offset"], &page["limit"]), (&json!(0), &json!(3)));
    assert_eq!(page.get("previous"), None);
    let mut read: Vec<String> = names(&page).into_iter().map(str::to_owned).collect();
    let mut pages = 1;
    while let Some(next) = page
        .get("next")
        .map(|next| next.as_str().unwrap().to_owned())
    {
        let (base, path) = next.split_at(keys.server.serving.url().len());
        assert_eq!(base, keys.server.serving.url());
        for kept in [
            "scope=account",
            "order=desc",
            &format!("iam_id={}", keys.iam_id),
        ] {
            assert!(path.contains(kept), "{next}");
        }
        page = keys.call("GET", path).send().json();
        read.extend(names(&page).into_iter().map(str::to_owned));
        pages += 1;
    }
    assert_eq!(
        (pages, read),
        (2, ["owner", "c", "b", "a"].map(str::to_owned).to_vec())
    );
    let previous = page["previous"].as_str().unwrap();
    let (_, path) = previous.split_at(keys.server.serving.url().len());
    let before = keys.call("GET", path).send().json();
    assert_eq!(names(&before), ["owner", "c", "b"]);
    assert_eq!(before["offset"], 0);
    // A place is one in the order of its list.
    let (_, token) = path.split_once("pagetoken=").unwrap();
    let token = token.split('&').next().unwrap();
    for wrong in ["99", token] {
        let path = format!("/v1/apikeys?pagetoken={wrong}");
        let reply = keys.call("GET", &path).send();
        assert_eq!(code(&reply), (400, "invalid_parameter".to_owned()));
        assert!(reply.text().contains("pagetoken"), "{}", reply.text());
    }
}

/// The rights that a sender needs, and no others.
#[test]
fn a_key_that_sends_to_one_space_opens_nothing_else() {
    let keys = Keys::start();
    let server = &keys.server;
    let space = format!("s-{}", server.owner.space);
    let org = format!("o-{}", server.owner.org);
    let make = |reach: Value| {
        let body = json!({"name": "sender", "iam_id": keys.iam_id, "reach": reach});
        keys.call("POST", "/v1/apikeys").json(&body).send()
    };
    for (wrong, field) in [
        (json!({}), "reach"),
        (json!({"only": "read"}), "reach.only"),
        (json!({"domain": "prod"}), "reach.domain"),
    ] {
        let reply = make(wrong.clone());
        assert_eq!(
            code(&reply),
            (400, "invalid_parameter".to_owned()),
            "{wrong}"
        );
        assert!(reply.text().contains(field), "{wrong}: {}", reply.text());
    }
    let none = make(json!({"domain": "s-00000000-0000-4000-8000-000000000000"}));
    assert_eq!(code(&none), (404, "not_found".to_owned()));
    for expected in ["reach.domain", "vigie account space NAME --guid"] {
        assert!(none.text().contains(expected), "{}", none.text());
    }
    assert_eq!(make(json!({"domain": space, "read": true})).status, 400);
    let wished = json!({"domain": space, "only": "send"});
    let made = make(wished.clone());
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(made["reach"], wished);
    let id = made["id"].as_str().unwrap();
    let seen = keys.call("GET", &format!("/v1/apikeys/{id}")).send().json();
    assert_eq!(seen["reach"], wished);
    let long = make(json!({"domain": format!("s-{}", "1".repeat(200))}));
    assert_eq!(long.status, 400);
    assert!(long.text().contains("word_bytes"), "{}", long.text());
    // A body that was read can be sent back; an unsupported wish is refused, not ignored.
    let put = |reach: Value| {
        let body = json!({"name": "sender", "reach": reach});
        let request = keys.call("PUT", &format!("/v1/apikeys/{id}"));
        request.header("If-Match", "*").json(&body).send()
    };
    assert_eq!(put(wished.clone()).status, 200);
    let changed = put(json!({"only": "send"}));
    assert_eq!(code(&changed), (400, "invalid_parameter".to_owned()));

    let text = made["apikey"].as_str().unwrap();
    let token = crate::harness::token(&server.serving.url(), text);
    for credential in [format!("apikey {text}"), format!("iam {token}")] {
        let ask = |method: &str, path: &str, scope: &str| {
            let request = server.request(method, path);
            request
                .header("X-Auth-User-Token", &credential)
                .header("X-Auth-Scope-Id", scope)
        };
        let sample = json!([{"name": "a.b", "value": 1}]);
        let send = |scope: &str| ask("POST", "/v1/metrics", scope).json(&sample).send();
        assert_eq!(send(&space).status, 200, "{}", send(&space).text());
        let elsewhere = send(&org);
        assert_eq!(
            (elsewhere.status, elsewhere.code()),
            (403, "BXNMSRI17E".to_owned())
        );
        for path in ["/v1/metrics?target=a.b", "/v1/metrics/list"] {
            let read = ask("GET", path, &space).send();
            assert_eq!((read.status, read.code()), (403, "BXNMSRI19E".to_owned()));
            assert!(read.text().contains("--only"), "{}", read.text());
        }
        let gone = ask("DELETE", "/v1/metrics/list?query=a.b", &space).send();
        assert_eq!(gone.status, 403);
        for path in ["/v1/apikeys", "/v2/organizations", "/coe/v2/accounts"] {
            let managed = ask("GET", path, &space).send();
            assert_eq!(managed.status, 403, "{path}: {}", managed.text());
        }
        // It cannot make a key with more rights either.
        let body = json!({"name": "more", "iam_id": keys.iam_id});
        let more = ask("POST", "/v1/apikeys", &space).json(&body).send();
        assert_eq!(more.status, 403);
    }
}
