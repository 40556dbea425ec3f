//! Texts with invisible characters are refused before they are stored or searched for.

use super::known_members::keep_known;
use super::texts::{owner, with_key};
use crate::harness::Server;
use serde_json::json;

/// The texts that are stored, or looked for among the stored: the route, the field.
const STORED: &[(&str, &str, &str)] = &[
    ("POST", "/v1/apikeys", "name"),
    ("POST", "/v1/apikeys", "description"),
    ("PUT", "/v1/apikeys/{key}", "name"),
    ("PUT", "/v1/apikeys/{key}", "description"),
    ("POST", "/v2/organizations", "name"),
    ("PUT", "/v2/organizations/{org}", "name"),
    ("POST", "/v2/spaces", "name"),
    ("PUT", "/v2/spaces/{space}", "name"),
    ("POST", "/v2/accounts/{account}/users", "email"),
    ("PUT", "/v2/accounts/{account}/roles/Viewer", "username"),
    ("DELETE", "/v2/accounts/{account}/roles/Viewer", "username"),
    ("PUT", "/v2/organizations/{org}/managers", "username"),
    ("DELETE", "/v2/organizations/{org}/managers", "username"),
    ("PUT", "/v2/spaces/{space}/developers", "username"),
    ("DELETE", "/v2/spaces/{space}/developers", "username"),
];

/// PostgreSQL can't store a NUL, and a name that moves the cursor, or reads as another, is nobody's wish.
#[test]
fn no_stored_text_holds_what_is_not_seen() {
    let server = Server::start();
    let owner = owner(&server);
    let mut wrongs = Vec::new();
    for (method, path, field) in STORED {
        for unseen in [
            '\0', '\u{1}', '\n', '\u{7f}', '\u{9b}', '\u{200b}', '\u{202e}',
        ] {
            // A description may have lines.
            if (*field, unseen) == ("description", '\n') {
                continue;
            }
            let text = format!("so{unseen}me@example.org");
            let mut body = json!({
                "name": "some name", "iam_id": owner.me, "organization_guid": server.owner.org,
                "one_time_code": "vgc-0123-4567-89ab-cdef-ghjk", "new_password": "correct horse battery",
            });
            body[field] = json!(text);
            keep_known(method, path, &mut body);
            if path.ends_with("/users") {
                body = json!({"users": [{"email": text}]});
            }
            let path = path
                .replace("{account}", &server.owner.account)
                .replace("{org}", &server.owner.org)
                .replace("{space}", &server.owner.space)
                .replace("{key}", &owner.key);
            let reply = with_key(&server, method, &path)
                .header("If-Match", "*")
                .json(&body)
                .send();
            let answer = reply.text().trim_end().to_owned();
            if reply.status != 400
                || !(answer.contains(field) || answer.contains("e-mail address"))
                || answer.contains(unseen)
            {
                wrongs.push(format!(
                    "{method} {path} `{field}` {unseen:?}: {} {answer}",
                    reply.status
                ));
            }
        }
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

/// Two metrics that look alike are one to who reads a list or a chart.
#[test]
fn no_metric_has_a_name_that_looks_like_another() {
    let server = Server::start();
    let token = server.token();
    let unseen = [
        '\u{ad}',
        '\u{34f}',
        '\u{115f}',
        '\u{200b}',
        '\u{202e}',
        '\u{2066}',
        '\u{fe0f}',
        '\u{e0041}',
    ];
    for character in unseen {
        let body = json!([
            {"name": "a.b", "value": 1},
            {"name": format!("a{character}.b"), "value": 1},
            {"name": format!("a.b;tag=x{character}"), "value": 1},
        ]);
        let reply = server
            .metrics(&token, "POST", "/v1/metrics")
            .json(&body)
            .send();
        let body = reply.text();
        assert!(body.contains("\"rejected\":2"), "{character:?}: {body}");
        let number = format!("U+{:04X}", u32::from(character));
        assert_eq!(body.matches(&number).count(), 2, "{body}");
    }
    let listed = server
        .metrics(&token, "GET", "/v1/metrics/list?query=*")
        .send();
    assert_eq!(listed.json(), json!(["a"]));
}
