//! A server with one user in two accounts, and the credentials that user may send.

use crate::harness::{Reply, Server, VIGIED, until};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::process::Command;

/// The kinds of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::hostile) enum Kind {
    Password,
    Passcode,
    RefreshBx,
    RefreshCf,
    Iam,
    Uaa,
    Key,
}

impl Kind {
    /// The grant type that takes it at `/identity/token`.
    pub(in crate::hostile) fn grant(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passcode => "urn:ibm:params:oauth:grant-type:passcode",
            Self::RefreshBx | Self::RefreshCf => "refresh_token",
            Self::Iam | Self::Uaa => "iam_token",
            Self::Key => "urn:ibm:params:oauth:grant-type:apikey",
        }
    }

    /// The form's field that holds it.
    pub(in crate::hostile) fn field(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passcode => "passcode",
            Self::RefreshBx | Self::RefreshCf => "refresh_token",
            Self::Iam | Self::Uaa => "iam_token",
            Self::Key => "apikey",
        }
    }

    /// The word before it in `X-Auth-User-Token`, where it goes there.
    pub(in crate::hostile) fn word(self) -> Option<&'static str> {
        match self {
            Self::Iam => Some("iam"),
            Self::Uaa => Some("uaa"),
            Self::Key => Some("apikey"),
            _ => None,
        }
    }
}

pub(in crate::hostile) fn text(value: &Value, key: &str) -> String {
    let text = value[key].as_str();
    text.unwrap_or_else(|| panic!("no `{key}` in {value}"))
        .to_owned()
}

/// The claims of a token, unverified.
pub(in crate::hostile) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// An instant as the API of keys writes it.
pub(in crate::hostile) fn time(seconds: i64) -> String {
    wire::iam::api_key::time_text(base::time::Millis::from_secs(seconds))
}

/// The server, its owner's second account, and the owner's identity.
pub(in crate::hostile) struct Fixture {
    pub(in crate::hostile) server: Server,
    pub(in crate::hostile) second: String,
    pub(in crate::hostile) iam_id: String,
}

impl Fixture {
    pub(in crate::hostile) fn start() -> Self {
        Self::on(Server::start())
    }

    pub(in crate::hostile) fn on(server: Server) -> Self {
        let made = Command::new(VIGIED)
            .args(["account", "create", "Second", "--output", "json", "--owner"])
            .arg(&server.owner.user)
            .arg("--data")
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        let second = text(&made, "account_guid");
        let iam_id = text(&claims(&server.token()), "iam_id");
        let place = Self {
            server,
            second,
            iam_id,
        };
        // The account was made beside the server, which sees it within a second.
        until("the account is seen", || place.accounts() >= 2);
        place
    }

    fn accounts(&self) -> usize {
        let list = self.server.request("GET", "/coe/v2/accounts");
        let list = list.bearer(&self.server.token()).send().json();
        list["resources"].as_array().unwrap().len()
    }

    pub(in crate::hostile) fn token(&self, fields: &[(&str, &str)]) -> Reply {
        let request = self.server.request("POST", "/identity/token");
        request.basic("bx", "bx").form(fields).send()
    }

    pub(in crate::hostile) fn oauth(&self, fields: &[(&str, &str)]) -> Reply {
        let request = self.server.request("POST", "/oauth/token");
        request.basic("cf", "").form(fields).send()
    }

    /// A login by password, to the account.
    pub(in crate::hostile) fn login(&self, account: Option<&str>) -> Value {
        let owner = &self.server.owner;
        let mut fields = vec![
            ("grant_type", "password"),
            ("username", &owner.user),
            ("password", &owner.password),
        ];
        fields.extend(account.map(|account| ("account", account)));
        let reply = self.token(&fields);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// A login by key, with a client's session or without.
    pub(in crate::hostile) fn by_key(&self, key: &str, with_client: bool) -> Value {
        let request = self.server.request("POST", "/identity/token");
        let request = if with_client {
            request.basic("bx", "bx")
        } else {
            request
        };
        let reply = request.form(&[("grant_type", Kind::Key.grant()), ("apikey", key)]);
        let reply = reply.send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// The UAA's answer to an IAM token.
    pub(in crate::hostile) fn exchange(&self, token: &str) -> Reply {
        self.oauth(&[("grant_type", "iam_token"), ("iam_token", token)])
    }

    pub(in crate::hostile) fn log_out(&self, token: &str) {
        let request = self.server.request("POST", "/identity/revoke");
        let reply = request.form(&[("token", token)]).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// A new key of the first account; its id and its text.
    pub(in crate::hostile) fn key(&self, expires: Option<i64>) -> (String, String) {
        let mut body = json!({"name": "made", "iam_id": self.iam_id});
        if let Some(expires) = expires {
            body["expires_at"] = json!(time(expires));
        }
        let request = self.server.request("POST", "/v1/apikeys");
        let header = format!("apikey {}", self.server.owner.api_key);
        let made = request.header("X-Auth-User-Token", &header).json(&body);
        let made = made.send().json();
        (text(&made, "id"), text(&made, "apikey"))
    }
}
