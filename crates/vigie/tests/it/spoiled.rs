//! The answers of [`crate::fixture`], as a hostile server spoils them.

use crate::fixture::{Fixture, RecordedRequest};
use serde_json::{Value, json};

impl Fixture {
    /// The answer, as hostile as the knobs make it.
    pub(crate) fn twisted(&self, asked: &RecordedRequest) -> (u16, Value) {
        let (poison, refuse, patches) = {
            let behavior = self.behavior.lock().unwrap();
            (behavior.poison, behavior.refuse, behavior.patches.clone())
        };
        let mut asked = asked.clone();
        if !poison.is_empty() {
            // Names come back as they were shown.
            asked.query = asked.query.replace(poison, "");
        }
        let is_open = asked.header("authorization").is_empty()
            && asked.header("x-auth-user-token").is_empty();
        let (status, mut body) = match refuse {
            Some(status) if !is_open && asked.path != "/identity/token" => {
                (status, refusal(asked.path.len()))
            }
            _ => self.answer(&asked),
        };
        for (path, pointer, value) in patches {
            if path == asked.path {
                *body.pointer_mut(pointer).unwrap() = value;
            }
        }
        if !poison.is_empty() {
            spoil(&mut body, poison);
        }
        (status, body)
    }
}

/// A refusal in one of the shapes that the server's interfaces have.
fn refusal(which: usize) -> Value {
    let all = [
        json!({"errorCode": "C", "errorMessage": "m", "errorDetails": "h", "context": {}}),
        json!({"trace": "t", "errors": [{"code": "c", "message_code": "C", "message": "m", "details": "h"}]}),
        json!({"error": "C", "error_description": "m"}),
        json!({"code": 10000, "error_code": "C", "description": "m", "hint": "h"}),
    ];
    all[which % all.len()].clone()
}

/// Adds the poison to every text that is no token and no address that is to be asked next.
fn spoil(value: &mut Value, poison: &str) {
    const SPARED: [&str; 12] = [
        "access_token",
        "refresh_token",
        "uaa_token",
        "uaa_refresh_token",
        "issuer",
        "token_endpoint",
        "authorization_endpoint",
        "cf_api",
        "metrics_api",
        "next_url",
        "path",
        "jwks_uri",
    ];
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if !SPARED.contains(&name.as_str()) => {
                        text.push_str(poison);
                    }
                    Value::String(_) => {}
                    deeper => spoil(deeper, poison),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| match item {
            Value::String(text) => text.push_str(poison),
            deeper => spoil(deeper, poison),
        }),
        _ => {}
    }
}
