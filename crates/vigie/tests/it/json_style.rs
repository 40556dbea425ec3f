//! JSON of the commands that the original does not have, or has no JSON for: keys in one style, `null` for none.

use crate::terminal::Terminal;
use serde_json::{Value, json};

fn check(line: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let is_snake = |b: u8| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit();
                assert!(key.bytes().all(is_snake), "`{line}` has the key `{key}`");
                check(line, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check(line, item)),
        other => assert_ne!(*other, json!(""), "`{line}` has an empty text"),
    }
}

fn json_of(terminal: &mut Terminal, line: &str) -> Value {
    let ran = terminal.run(&format!("vigie {line} --output json"));
    assert_eq!(ran.code, 0, "`{line}`: {ran:?}");
    let value = serde_json::from_str(&ran.stdout).unwrap();
    check(line, &value);
    value
}

#[test]
fn keys_are_snake_case_and_none_is_null() {
    let mut terminal = Terminal::new();
    for line in ["api", "config --list", "version", "logout", "account roles"] {
        json_of(&mut terminal, line);
    }
    assert_eq!(json_of(&mut terminal, "api")["api_endpoint"], Value::Null);
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.invitations = 1;
        let path = "/v2/users/self/invitations";
        behavior.patches = vec![
            (path, "/resources/0/account_name", "".into()),
            (path, "/resources/0/invited_by", "".into()),
        ];
    });
    for line in [
        "status",
        "account invitations",
        "account org-users field-org -a",
        "account space-users dev",
        "account role-set bo@example.org Viewer",
        "account space-rename dev main",
        "account accept IBMid-0",
        "metrics settings",
        "metrics send a.b=1",
        "metrics list",
        "metrics find *",
        "metrics delete a.b --dry-run",
        "update",
        "account space-delete dev -f",
        "account org-delete field-org -f --recursive",
    ] {
        json_of(&mut terminal, line);
    }
}

/// Account, organization and space are told alike: by id and name, or as `null`.
#[test]
fn the_status_names_every_place_alike() {
    let mut terminal = Terminal::logged_in();
    let status = json_of(&mut terminal, "status");
    for place in ["account", "org", "space"] {
        assert!(status[place]["guid"].is_string(), "{place}: {status}");
        assert!(status[place]["name"].is_string(), "{place}: {status}");
    }
    terminal.run("vigie target --unset-region");
    let status = json_of(&mut terminal, "status");
    for none in ["region", "org", "space"] {
        assert_eq!(status[none], Value::Null, "{status}");
    }
}
