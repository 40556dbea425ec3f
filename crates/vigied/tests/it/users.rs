//! One user of an account as IBM's clients know them: read, renamed, removed; and settings, of which there are none.

mod invited;

use crate::harness::{Reply, Request, Server};
use serde_json::{Value, json};

struct Account {
    server: Server,
    token: String,
    path: String,
    owner: String,
}

impl Account {
    fn start() -> Self {
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        let path = format!("/v2/accounts/{}/users", server.owner.account);
        let info = server.request("GET", "/identity/userinfo").bearer(&token);
        let owner = text(&info.send().json()["iam_id"]);
        Self {
            server,
            token,
            path,
            owner,
        }
    }

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn one(&self, id: &str) -> String {
        format!("{}/{id}", self.path)
    }

    fn read(&self, path: &str) -> Value {
        let reply = self.call("GET", path).send();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    fn change(&self, path: &str, body: &Value) -> Reply {
        self.call("PATCH", path).json(body).send()
    }

    /// Invites somebody, who is not in the account yet: the id, and the code.
    fn invite(&self, email: &str) -> (String, String) {
        let body = json!({"users": [{"email": email, "account_role": "Viewer"}]});
        let reply = self.call("POST", &self.path).json(&body).send();
        assert_eq!(reply.status, 202, "{}", reply.text());
        let invited = &reply.json()["resources"][0];
        (text(&invited["id"]), text(&invited["one_time_code"]))
    }

    /// Accepts for somebody; their token.
    fn accept(&self, email: &str, code: &str) -> String {
        let password = format!("of {email}, their own");
        let body = json!({"email": email, "one_time_code": code, "new_password": password});
        let redeem = self.server.request("POST", "/v2/users/redeem");
        let reply = redeem.json(&body).send();
        assert_eq!(reply.status, 204, "{}", reply.text());
        let form = [
            ("grant_type", "password"),
            ("username", email),
            ("password", &password),
        ];
        let login = self.server.request("POST", "/identity/token");
        let login = login.basic("bx", "bx").form(&form).send();
        text(&login.json()["access_token"])
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_else(|| panic!("{value}"));
    text.to_owned()
}

fn refused(reply: &Reply, status: u16, word: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(reply.text().contains(word), "{word}: {}", reply.text());
}

#[test]
fn a_user_is_read_by_their_id_before_and_after_they_accept() {
    let account = Account::start();
    let user = account.read(&account.one(&account.owner));
    let listed = account.read(&account.path);
    assert_eq!(user, listed["resources"][0]);
    assert_eq!(user["state"], "ACTIVE");

    let email = "bea@example.org";
    let (id, code) = account.invite(email);
    let path = account.one(&id);
    let waiting = account.read(&path);
    assert_eq!(
        (&waiting["id"], &waiting["iam_id"]),
        (&json!(id), &json!(id))
    );
    assert_eq!(
        (&waiting["state"], &waiting["account_roles"]),
        (&json!("PENDING"), &json!(["Viewer"]))
    );
    let named = json!({"firstname": "Bea"});
    refused(&account.change(&path, &named), 409, "accepted");
    let active = |query: &str| account.read(&format!("{path}{query}"));
    assert_eq!(
        active("?include_activity=true")["activity"]["authn_count"],
        0
    );

    let token = account.accept(email, &code);
    let seen = active("?include_activity=true");
    assert_eq!(
        (&seen["state"], &seen["email"]),
        (&json!("ACTIVE"), &json!(email))
    );
    assert_eq!(seen["activity"]["authn_count"], 1);
    assert_eq!(seen["iam_id"], active("")["iam_id"]);
    assert_eq!(active("").get("activity"), None);

    // Everybody sees themself, and nobody else; whether there is somebody is not told.
    let by_bea = |id: &str| {
        let request = account.server.request("GET", &account.one(id));
        request.bearer(&token).send()
    };
    assert_eq!(by_bea(&text(&seen["iam_id"])).status, 200);
    let nobody = "IBMid-00000000-0000-4000-8000-000000000000";
    for other in [account.owner.as_str(), nobody] {
        refused(&by_bea(other), 403, "Administrator");
    }
    assert_eq!(account.call("GET", &account.one(nobody)).send().status, 404);
    assert_eq!(account.call("GET", &account.one("x")).send().status, 404);
}

#[test]
fn a_user_of_one_account_is_renamed_by_its_administrator() {
    let account = Account::start();
    let email = "bea@example.org";
    let (id, code) = account.invite(email);
    let token = account.accept(email, &code);
    let path = account.one(&id);
    let named = json!({"firstname": "Beatrix", "lastname": "Field"});
    assert_eq!(account.change(&path, &named).status, 204);
    let seen = account.read(&path);
    assert_eq!(
        (&seen["firstname"], &seen["lastname"]),
        (&json!("Beatrix"), &json!("Field"))
    );
    let last = json!({"lastname": "Meadow"});
    assert_eq!(
        account.change(&account.one(&account.owner), &last).status,
        204
    );
    let user = account.read(&account.one(&account.owner));
    assert_eq!(user["lastname"], "Meadow");

    // A rule of an access group may compare names: nobody gives themself one.
    let request = account
        .server
        .request("PATCH", &account.one(&text(&seen["iam_id"])));
    refused(
        &request.bearer(&token).json(&last).send(),
        403,
        "Administrator",
    );
    let long = json!({"firstname": "x".repeat(256)});
    refused(&account.change(&path, &long), 400, "label_bytes");
    refused(
        &account.change(&path, &json!({"firstname": "a\u{202e}b"})),
        400,
        "firstname",
    );
    for (field, value) in [
        ("state", "VPN_ONLY"),
        ("email", "other@example.org"),
        ("phonenumber", "1"),
        ("altphonenumber", "1"),
        ("photo", "https://example.org/p.png"),
    ] {
        let mut body = named.clone();
        body[field] = json!(value);
        refused(&account.change(&path, &body), 400, field);
    }
    let as_it_is = json!({"state": "ACTIVE", "email": email, "photo": ""});
    assert_eq!(account.change(&path, &as_it_is).status, 204);
    assert_eq!(account.read(&path), seen);
}

#[test]
fn settings_are_none_and_none_are_kept() {
    let account = Account::start();
    let path = format!("{}/settings", account.one(&account.owner));
    let none = json!({
        "language": "", "notification_language": "", "allowed_ip_addresses": "", "self_manage": false,
    });
    assert_eq!(account.read(&path), none);
    assert_eq!(account.change(&path, &none).status, 204);
    for (field, value) in [
        ("language", json!("French")),
        ("notification_language", json!("English")),
        ("allowed_ip_addresses", json!("192.0.2.1")),
        ("self_manage", json!(true)),
    ] {
        let mut body = json!({});
        body[field] = value;
        refused(&account.change(&path, &body), 400, field);
    }
    let listed = account.read(&format!("{}?include_settings=true", account.path));
    assert_eq!(listed["resources"][0]["settings"], none);
    let plain = account.read(&account.path);
    assert_eq!(plain["resources"][0].get("settings"), None);
}

#[test]
fn an_invitation_puts_into_access_groups_with_the_acceptance() {
    let account = Account::start();
    let group = |name: &str| {
        let made = account.call("POST", "/v2/groups");
        let made = made.json(&json!({ "name": name })).send();
        text(&made.json()["id"])
    };
    let members = |group: &str| {
        let listed = account.read(&format!("/v2/groups/{group}/members"));
        listed["members"].clone()
    };
    let (team, other) = (group("team"), group("other"));
    let email = "bea@example.org";
    let invite = |groups: &Value| {
        let body = json!({"users": [{"email": email}], "access_groups": groups});
        account.call("POST", &account.path).json(&body).send()
    };
    let nothing = "AccessGroupId-00000000-0000-4000-8000-000000000000";
    for wrong in [
        json!([nothing]),
        json!(["x"]),
        json!(["AccessGroupId-PublicAccess"]),
    ] {
        refused(&invite(&wrong), 400, "access_groups");
    }
    let many = json!(vec![nothing; 51]);
    assert_eq!(invite(&many).status, 400);
    let waiting = account.read(&format!("{}?search=bea", account.path));
    assert_eq!(waiting["total_results"], 0, "nobody was invited");

    let reply = invite(&json!([team, other, team]));
    assert_eq!(reply.status, 202, "{}", reply.text());
    let code = text(&reply.json()["resources"][0]["one_time_code"]);
    assert_eq!(members(&team), json!([]), "not before the acceptance");
    let gone = account.call("DELETE", &format!("/v2/groups/{other}"));
    assert_eq!(
        gone.send().status,
        204,
        "an invitation does not hold a group"
    );
    let token = account.accept(email, &code);
    let info = account.server.request("GET", "/identity/userinfo");
    let bea = text(&info.bearer(&token).send().json()["iam_id"]);
    let listed = members(&team);
    assert_eq!(listed[0]["iam_id"], json!(bea));
    assert_eq!(listed[0]["membership_type"], "static");
    assert_eq!(listed[0]["created_by_id"], json!(account.owner));
}

#[test]
fn the_later_way_to_remove_a_user_does_the_same() {
    let account = Account::start();
    let email = "bea@example.org";
    let (id, code) = account.invite(email);
    let token = account.accept(email, &code);
    let path = account.one(&id).replace("/v2/", "/v3/");
    assert_eq!(account.call("DELETE", &path).send().status, 202);
    assert_eq!(account.call("DELETE", &path).send().status, 404);
    let info = account.server.request("GET", "/identity/userinfo");
    assert_eq!(info.bearer(&token).send().status, 401);
}

#[test]
fn a_service_id_that_invites_is_told_why_it_cannot() {
    let account = Account::start();
    let of = &account.server.owner.account;
    let body = json!({"name": "ci", "account_id": of, "apikey": {"name": "k"}});
    let made = account.call("POST", "/v1/serviceids").json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let path = format!("/v2/accounts/{of}/roles/Administrator");
    let given = account.call("PUT", &path);
    let given = given.json(&json!({"username": made["iam_id"]})).send();
    assert_eq!(given.status, 204, "{}", given.text());
    let key = text(&made["apikey"]["apikey"]);
    let form = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", key.as_str()),
    ];
    let login = account.server.request("POST", "/identity/token");
    let token = text(&login.form(&form).send().json()["access_token"]);
    let invite = account.server.request("POST", &account.path).bearer(&token);
    let reply = invite.json(&json!({"users": [{"email": "bea@example.org"}]}));
    let reply = reply.send();
    refused(&reply, 403, "tells the e-mail address of who invites");
    refused(&reply, 403, "log in with your password");
}
