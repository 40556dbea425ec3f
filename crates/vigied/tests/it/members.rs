//! What a member who is no Administrator may do in an account.

use crate::audit::entries;
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
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
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

    /// A login by password: the answer, which has a token if the password is right.
    fn sign_in(&self, email: &str, password: &str) -> Value {
        let form = [
            ("grant_type", "password"),
            ("username", email),
            ("password", password),
        ];
        let request = self.server.request("POST", "/identity/token");
        request.basic("bx", "bx").form(&form).send().json()
    }

    /// A token of the member, and their IAM id.
    fn member(&self) -> (String, String) {
        let token = text(&self.sign_in(EMAIL, &self.password)["access_token"]);
        let id = self.iam_id(&token);
        (token, id)
    }

    fn iam_id(&self, token: &str) -> String {
        let info = self.server.request("GET", "/identity/userinfo");
        text(&info.bearer(token).send().json()["iam_id"])
    }

    fn remove(&self, by: &str, version: &str, id: &str) -> Reply {
        let account = &self.server.owner.account;
        let path = format!("/{version}/accounts/{account}/users/{id}");
        self.server.request("DELETE", &path).bearer(by).send()
    }

    /// Gives an account role to somebody, or takes it from them.
    fn role(&self, by: &str, method: &str, email: &str) {
        let account = &self.server.owner.account;
        let path = format!("/v2/accounts/{account}/roles/Administrator");
        let request = self.server.request(method, &path).bearer(by);
        ok(&request.json(&json!({"username": email})).send());
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
    let body = account.login();
    assert_eq!(body["space_id"], json!(account.server.owner.space));
    assert_eq!(body["logging_token"], json!(null), "{body}");
    let why = text(&body["message"]);
    assert!(why.contains("restrict_create_platform_apikey"), "{why}");

    account.set(&json!({"restrict_create_platform_apikey": "NOT_RESTRICTED"}));
    let made = account.login();
    let key = text(&made["logging_token"]);
    assert_eq!(made.get("message"), None, "{made}");
    // One that is there is not made.
    account.set(&json!({"restrict_create_platform_apikey": "RESTRICTED"}));
    assert_eq!(text(&account.login()["logging_token"]), key);
}

#[test]
fn a_member_leaves_by_themselves_and_removes_nobody_else() {
    leave(&Account::start());
}

#[test]
fn a_member_leaves_two_nodes_by_themselves_and_removes_nobody_else() {
    let test = "a_member_leaves_two_nodes_by_themselves_and_removes_nobody_else";
    if let Some(server) = Server::on_two_nodes(test) {
        leave(&Account::on(server));
    }
}

fn leave(account: &Account) {
    let (token, id) = account.member();
    let owner = account.iam_id(&account.owner);
    let reply = account.remove(&token, "v2", &owner);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(reply.text().contains("Administrator"), "{}", reply.text());
    // A program that has a key of theirs does not do it.
    let body = json!({"name": "ci", "iam_id": id});
    let made = account.server.request("POST", "/v1/apikeys").bearer(&token);
    let made = made.json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let key = text(&made.json()["apikey"]);
    let by_key = crate::harness::token(&account.server.serving.url(), &key);
    let reply = account.remove(&by_key, "v2", &id);
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(
        reply.text().contains("login of your own"),
        "{}",
        reply.text()
    );

    let reply = account.remove(&token, "v2", &id);
    assert_eq!(reply.status, 204, "{}", reply.text());
    for left in [&token, &by_key] {
        let info = account.server.request("GET", "/identity/userinfo");
        assert_eq!(info.bearer(left).send().status, 401);
    }
    let listed = account.call("GET", &account.users()).send().json();
    assert_eq!(listed["total_results"], 1, "{listed}");
    // They were in no other account.
    let answer = account.sign_in(EMAIL, &account.password);
    assert_eq!(answer["errorCode"], "BXNIM0602E", "{answer}");
    let found = entries(&account.server.data(), &[]);
    let removed: Vec<&Value> = found
        .iter()
        .filter(|row| row["event"] == "user_removed")
        .collect();
    assert_eq!(removed.len(), 1, "{found:#?}");
    assert_eq!(removed[0]["who"], json!(id));
    assert_eq!(removed[0]["target"], json!(id));

    // The later version of the interface, and the command.
    let carl = "carl@example.org";
    account.invite(carl, "of Carl, his own");
    let answer = account.sign_in(carl, "of Carl, his own");
    let token = text(&answer["access_token"]);
    let reply = account.remove(&token, "v3", &account.iam_id(&token));
    assert_eq!(reply.status, 202, "{}", reply.text());
    account.invite(carl, "of Carl, a new one");
    let run = |arguments: &[&str]| {
        let output = account.server.vigie().args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
    };
    let url = account.server.serving.url();
    run(&["login", "-a", &url, "-u", carl, "-p", "of Carl, a new one"]);
    run(&["account", "user-remove", "Carl@example.org", "--yes"]);
    let listed = account.call("GET", &account.users()).send().json();
    assert_eq!(listed["total_results"], 1, "{listed}");
}

#[test]
fn who_owns_an_account_does_not_leave_it_without_an_owner() {
    let account = Account::start();
    let (bea, _) = account.member();
    let owner = account.iam_id(&account.owner);
    let reply = account.remove(&account.owner, "v2", &owner);
    assert_eq!(reply.status, 409, "{}", reply.text());
    account.role(&account.owner, "PUT", EMAIL);
    account.role(&bea, "DELETE", &account.server.owner.user);
    let login = account.sign_in(&account.server.owner.user, &account.server.owner.password);
    let token = text(&login["access_token"]);
    let reply = account.remove(&token, "v2", &owner);
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert!(reply.text().contains("own the account"), "{}", reply.text());
    // The other Administrator removes them, and owns it.
    assert_eq!(account.remove(&bea, "v2", &owner).status, 204);
}
