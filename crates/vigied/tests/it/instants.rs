//! The form of times: for the identity service's API keys as IBM writes them, to the minute with `+0000`; elsewhere RFC 3339.

use crate::harness::{Request, Server};
use serde_json::{Value, json};

/// Every text in it that is the time of something.
fn times(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|item| times(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let is_time = key.ends_with("_at") || key == "added_on";
                if let (true, Some(text)) = (is_time, value.as_str()) {
                    found.push(text.to_owned());
                }
                times(value, found);
            }
        }
        _ => {}
    }
}

#[test]
fn each_protocol_writes_times_in_its_own_form() {
    let server = Server::start();
    let (owner, token) = (&server.owner, server.token());
    let ask = |path: &str| {
        let reply = server.request("GET", path).bearer(&token).send();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let mut found = Vec::new();
        times(&reply.json(), &mut found);
        assert!(!found.is_empty(), "{path}: {}", reply.text());
        found
    };
    let users = format!("/v2/accounts/{}/users", owner.account);
    let invited = Request::new(&server.serving.url(), "POST", &users)
        .bearer(&token)
        .json(&json!({"users": [{"email": "bea@example.org"}]}))
        .send();
    assert!(invited.status < 300, "{}", invited.text());
    for text in ask("/v1/apikeys") {
        assert!(text.ends_with("+0000") && text.len() == 21, "{text}");
    }
    for path in [
        "/v2/organizations",
        "/v2/spaces",
        &format!("/v2/spaces/{}/managers", owner.space),
        "/coe/v2/accounts",
        &users,
    ] {
        for text in ask(path) {
            let is_read = text.parse::<jiff::Timestamp>().is_ok();
            assert!(is_read && text.ends_with('Z'), "{path}: {text}");
        }
    }
}
