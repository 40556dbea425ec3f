//! Invisible characters in a caller's input are shown as numbers in errors and receipts. A terminal, a log viewer or a chat that
//! shows the answer must not be controlled by them.

use super::known_members::keep_known;
use super::texts::{owner, with_key};
use crate::access::routes;
use crate::harness::{KeptConnection, Reply, Server};
use base::invisible::{escaped, is_invisible};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Moves the cursor, turns the line round, joins, is a C1 control, is a tag.
const UNSEEN: &str = "x\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{feff}\u{e0041}y";

/// The same text, percent-encoded for a path or a query.
const ESCAPED: &str = "x%1B%5B2J%7F%C2%9B%E2%80%AE%E2%80%8B%EF%BB%BF%F3%A0%81%81y";

/// As it comes back.
const SEEN: &str = r"\u{202e}";

/// Everything that some route reads from a query.
const PARAMETERS: &[&str] = &[
    "target",
    "query",
    "from",
    "until",
    "format",
    "tz",
    "dry_run",
    "maxDataPoints",
    "durability",
    "account_id",
    "iam_id",
    "pagesize",
    "pagetoken",
    "limit",
    "start",
    "page",
    "results-per-page",
    "q",
    "recursive",
    "organization_guid",
    "response_type",
    "search",
    "user_id",
    "filter",
    "sort",
    "order",
    "name",
    "include_history",
    "include_activity",
    "include_settings",
    "duration",
    "group_id",
    "serviceids_per_group",
    "apikeys_per_identity",
    "guid",
    "default",
    "resource_group_id",
    "resource_id",
    "resource_plan_id",
    "state",
    "type",
    "updated_from",
    "unknown",
];

/// The same of a form or a JSON body.
const FIELDS: &[&str] = &[
    "grant_type",
    "username",
    "password",
    "passcode",
    "apikey",
    "token",
    "refresh_token",
    "iam_token",
    "response_type",
    "client_id",
    "account",
    "name",
    "description",
    "iam_id",
    "account_id",
    "users",
    "email",
    "role",
    "roles",
    "organization_guid",
    "one_time_code",
    "new_password",
    "expires_at",
    "resolution_seconds",
    "retention_days",
    "aggregation",
    "reach",
    "value",
    "timestamp",
    "receiver_client_ids",
    "delegated_refresh_token_expiry",
    "mfa",
    "firstname",
    "value_string",
    "value_list_of_strings",
    "state",
    "language",
    "allowed_ip_addresses",
    "max_sessions_per_identity",
    "resource_group",
    "resource_plan_id",
    "source",
    "target",
    "cr_type",
    "realm_name",
    "identifier",
    "type",
    "profile_id",
    "profile_name",
    "profile_crn",
    "unknown",
];

/// Wherever there is something unseen in an answer that no page of ours has.
fn unseen_in(value: &Value, found: &mut Vec<String>) {
    let mut check = |text: &str| {
        if text.contains(is_invisible) {
            found.push(escaped(text).into_owned());
        }
    };
    match value {
        Value::String(text) => check(text),
        Value::Array(all) => all.iter().for_each(|item| unseen_in(item, found)),
        Value::Object(all) => {
            all.keys().for_each(|key| check(key));
            all.values().for_each(|item| unseen_in(item, found));
        }
        _ => {}
    }
}

struct Seen {
    wrongs: BTreeSet<String>,
    /// The forms of errors that have repeated it.
    forms: BTreeSet<&'static str>,
}

/// Which form an error has.
fn form(answer: &Value) -> &'static str {
    if answer["errorMessage"].is_string() {
        "token"
    } else if answer["status_code"].is_string() {
        "identity"
    } else if answer["error_description"].is_string() {
        "uaa"
    } else if answer["error_code"].is_string() {
        "cloud foundry"
    } else if answer["rejections"].is_array() {
        "receipt"
    } else {
        "monitoring"
    }
}

impl Seen {
    fn check(&mut self, what: &str, reply: &Reply) {
        assert!(
            reply.status < 500,
            "{what}: {} {}",
            reply.status,
            reply.text()
        );
        // A picture is bytes; what stands in it is drawn.
        let kind = reply.header("content-type").unwrap_or_default();
        if kind.starts_with("image/png") {
            return;
        }
        let text = reply.text();
        let Ok(answer) = serde_json::from_str::<Value>(&text) else {
            // A page; it has lines.
            let is_raw = text.contains(|character| character != '\n' && is_invisible(character));
            if is_raw {
                self.wrongs
                    .insert(format!("{what}: {}", text.escape_debug()));
            }
            return;
        };
        if reply.status < 300 && answer["openapi"].is_string() {
            return;
        }
        let mut found = Vec::new();
        unseen_in(&answer, &mut found);
        self.wrongs
            .extend(found.into_iter().map(|text| format!("{what}: {text}")));
        if text.contains(&SEEN.replace('\\', r"\\")) {
            self.forms.insert(form(&answer));
        }
    }
}

#[test]
fn what_is_not_seen_comes_back_as_its_number_from_every_route() {
    let _kept = KeptConnection::of_this_thread();
    let server = Server::start();
    let owner = owner(&server);
    let mut seen = Seen {
        wrongs: BTreeSet::new(),
        forms: BTreeSet::new(),
    };
    let real = |path: &str| {
        path.replace("{account}", &server.owner.account)
            .replace(
                "{guid}",
                if path.contains("spaces/") {
                    &server.owner.space
                } else {
                    &server.owner.org
                },
            )
            .replace("{iam_id}", &owner.me)
            .replace("{id}", &owner.key)
            .replace("{rule}", &owner.key)
            .replace("{link}", &owner.key)
            .replace("{kind}", "user")
            .replace("{identifier}", &owner.me)
            .replace("{role}", "auditors")
            .replace("{service}", "console")
            .replace("{preference}", "page")
            .replace("{reference}", "latest")
    };
    let parameters: Vec<String> = PARAMETERS
        .iter()
        .map(|name| format!("{name}={ESCAPED}"))
        .collect();
    for route in routes() {
        let (method, path) = (&*route.method, &*route.path);
        // In the path, in all parts of it at once; and after it.
        let mut spoilt = String::new();
        let mut is_inside = false;
        for letter in path.chars() {
            match letter {
                '{' => is_inside = true,
                '}' => {
                    spoilt.push_str(ESCAPED);
                    is_inside = false;
                }
                _ if is_inside => {}
                _ => spoilt.push(letter),
            }
        }
        for path in [
            spoilt.clone(),
            format!("{path}/{ESCAPED}"),
            format!("{path}{ESCAPED}"),
        ] {
            let reply = with_key(&server, method, &path).json(&json!({})).send();
            seen.check(&format!("{method} {path}"), &reply);
        }
        // Deleted things would give no further answer, nor would a key that was disabled.
        let is_end = method == "DELETE" && path != "/v1/metrics/list";
        let path = if is_end || path.ends_with("/disable") {
            spoilt
        } else {
            real(path)
        };
        for query in &parameters {
            let asked = format!("{path}?{query}");
            let reply = with_key(&server, method, &asked).send();
            seen.check(&format!("{method} {asked}"), &reply);
        }
        let scoped = with_key(&server, method, &path).header("X-Auth-Scope-Id", "s-%1B");
        seen.check(&format!("{method} {path} scope"), &scoped.send());
        if matches!(method, "GET" | "DELETE") && !path.contains(ESCAPED) {
            continue;
        }
        for field in FIELDS {
            let what = format!("{method} {path} `{field}`");
            let as_form = with_key(&server, method, &path)
                .form(&[(field, UNSEEN), ("grant_type", "password")]);
            seen.check(&what, &as_form.send());
            let as_form = server.request(method, &path).form(&[(field, UNSEEN)]);
            seen.check(&what, &as_form.basic("bx", "bx").send());
            let mut body = json!({
                "name": "some name", "iam_id": owner.me, "organization_guid": server.owner.org,
            });
            keep_known(method, &route.path, &mut body);
            body[field] = json!(UNSEEN);
            for body in [
                body.clone(),
                json!({*field: UNSEEN}),
                json!([body]),
                json!({"users": [{*field: UNSEEN}]}),
            ] {
                let reply = with_key(&server, method, &path)
                    .header("If-Match", "*")
                    .json(&body)
                    .send();
                seen.check(&what, &reply);
            }
        }
        for body in [
            UNSEEN.to_owned(),
            format!("{{\"{UNSEEN}\":"),
            format!("\"{UNSEEN}\""),
            format!("[{{\"name\":{UNSEEN}"),
        ] {
            let reply = with_key(&server, method, &path)
                .header("Content-Type", "application/json")
                .body(body)
                .send();
            seen.check(&format!("{method} {path}: no JSON"), &reply);
        }
        let named = with_key(&server, method, &path).header("If-Match", "*");
        let reply = named.json(&json!({UNSEEN: "name"})).send();
        seen.check(&format!("{method} {path}: a field"), &reply);
    }
    let items = json!([
        {"name": UNSEEN, "value": 1},
        {"name": "a.b", "value": UNSEEN},
        {"name": "a.b", "value": 1, "timestamp": UNSEEN},
        {"name": "a.b", "value": 1, UNSEEN: 1},
        UNSEEN,
    ]);
    let receipt = with_key(&server, "POST", "/v1/metrics").json(&items).send();
    seen.check("a receipt", &receipt);
    let wrongs: Vec<_> = seen.wrongs.into_iter().collect();
    assert!(
        wrongs.is_empty(),
        "{} raw:\n{}",
        wrongs.len(),
        wrongs.join("\n")
    );
    // Those of the UAA repeat nothing that could be unseen.
    let forms: Vec<_> = seen.forms.into_iter().collect();
    assert_eq!(
        forms,
        [
            "cloud foundry",
            "identity",
            "monitoring",
            "receipt",
            "token"
        ]
    );
}
