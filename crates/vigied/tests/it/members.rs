//! What a member who is no Administrator may do in an account.

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

const EMAIL: &str = "bea@example.org";

/// A server with a member beside its owner.
struct Account {
    server: Server,
    /// The owner's token.
    owner: String,
    password: String,
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

impl Account {
    fn start() -> Self {
        let server = Server::start();
        let owner = server.token();
        let account = Self {
            server,
            owner,
            password: "of Bea, her own".to_owned(),
        };
        account.invite(EMAIL, &account.password);
        account
    }

    fn users(&self) -> String {
        format!("/v2/accounts/{}/users", self.server.owner.account)
    }

    /// Invites somebody new, and accepts for them.
    fn invite(&self, email: &str, password: &str) {
        let body = json!({"users": [{"email": email, "account_role": "Viewer"}]});
        let reply = self.call("POST", &self.users()).json(&body).send();
        assert_eq!(reply.status, 202, "{}", reply.text());
        let code = text(&reply.json()["resources"][0]["one_time_code"]);
        let body = json!({"email": email, "one_time_code": code, "new_password": password});
        let redeem = self.server.request("POST", "/v2/users/redeem");
        let reply = redeem.json(&body).send();
        assert_eq!(reply.status, 204, "{}", reply.text());
    }

    /// As the owner.
    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.owner)
    }

    fn set(&self, settings: &Value) {
        let account = &self.server.owner.account;
        let path = format!("/v1/accounts/{account}/settings/identity");
        let request = self.call("PUT", &path).header("If-Match", "*");
        let reply = request.json(settings).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// The member's `POST /login` for senders to the first space.
    fn login(&self) -> Value {
        let form = [
            ("user", EMAIL),
            ("passwd", &self.password),
            ("space", "dev"),
            ("organization", "vigie"),
        ];
        let reply = self.server.request("POST", "/login").form(&form).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

fn ok(reply: &Reply) {
    assert!(reply.status < 300, "{}", reply.text());
}

/// It makes an API key that lasts a year, whatever it is called there.
#[test]
fn a_login_of_a_sender_makes_no_key_where_administrators_alone_make_them() {
    let account = Account::start();
    let path = format!("/v2/spaces/{}/developers", account.server.owner.space);
    ok(&account
        .call("PUT", &path)
        .json(&json!({"username": EMAIL}))
        .send());
    account.set(&json!({"restrict_create_platform_apikey": "RESTRICTED"}));
    let told = account.login();
    assert_eq!(told["space_id"], json!(account.server.owner.space));
    assert_eq!(told["logging_token"], json!(null), "{told}");
    let why = text(&told["message"]);
    assert!(why.contains("restrict_create_platform_apikey"), "{why}");

    account.set(&json!({"restrict_create_platform_apikey": "NOT_RESTRICTED"}));
    let made = account.login();
    let key = text(&made["logging_token"]);
    assert_eq!(made.get("message"), None, "{made}");
    // One that is there is not made.
    account.set(&json!({"restrict_create_platform_apikey": "RESTRICTED"}));
    assert_eq!(text(&account.login()["logging_token"]), key);
}
