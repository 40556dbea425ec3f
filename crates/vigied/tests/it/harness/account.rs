//! An account on a server of its own, which its owner administers with a token. What else the tests of one subject ask of it is in their
//! file.

use super::{Reply, Request, Server, token};
use serde_json::{Value, json};

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) server: Server,
    /// The owner's IAM token.
    pub(crate) token: String,
}

impl Account {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        let server = Server::with(flags);
        let token = server.token();
        Self { server, token }
    }

    /// A request of the owner.
    pub(crate) fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.call(method, path).json(body).send()
    }

    pub(crate) fn read(&self, path: &str) -> Value {
        let reply = self.call("GET", path).send();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    pub(crate) fn make(&self, path: &str, body: &Value) -> Value {
        let reply = self.ask("POST", path, body);
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
        reply.json()
    }

    /// A service ID without any role: its IAM id, and the text of its key.
    pub(crate) fn service(&self, name: &str) -> (String, String) {
        let body = json!({
            "account_id": self.server.owner.account, "name": name, "description": "of the build",
            "apikey": {"name": "first"},
        });
        let made = self.make("/v1/serviceids", &body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&made["iam_id"]), text(&made["apikey"]["apikey"]))
    }

    /// An IAM token of an API key.
    pub(crate) fn token_of(&self, key: &str) -> String {
        token(&self.server.serving.url(), key)
    }
}
