//! Preferences as IBM's clients keep them: set, read, listed, deleted; so many, and so long.

use crate::harness::{Reply, Request, Server};
use crate::limits::hits;
use base::limit;
use serde_json::{Value, json};

struct Account {
    server: Server,
    token: String,
    path: String,
}

impl Account {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(flags: &[&str]) -> Self {
        Self::on(Server::with(flags))
    }

    fn on(server: Server) -> Self {
        let token = server.token();
        let info = server.request("GET", "/identity/userinfo").bearer(&token);
        let owner = info.send().json()["iam_id"].as_str().unwrap().to_owned();
        let account = &server.owner.account;
        let path = format!("/v1/preferences/accounts/{account}/identities/{owner}");
        Self {
            server,
            token,
            path,
        }
    }

    fn call(&self, method: &str, path: &str) -> Request {
        self.server.request(method, path).bearer(&self.token)
    }

    fn set(&self, which: &str, body: &Value) -> Reply {
        let path = format!("{}/{which}", self.path);
        self.call("PUT", &path).json(body).send()
    }

    fn read(&self, which: &str) -> Reply {
        self.call("GET", &format!("{}/{which}", self.path)).send()
    }

    fn all(&self) -> Value {
        let reply = self.call("GET", &self.path).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["preferences"].clone()
    }
}

fn refused(reply: &Reply, status: u16, word: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert!(reply.text().contains(word), "{word}: {}", reply.text());
}

#[test]
fn a_preference_is_kept_until_it_is_deleted() {
    keep_and_delete(&Account::start());
}

#[test]
fn a_preference_is_kept_until_it_is_deleted_on_postgres() {
    let test = "a_preference_is_kept_until_it_is_deleted_on_postgres";
    if let Some(server) = Server::on_two_nodes(test) {
        keep_and_delete(&Account::on(server));
    }
}

fn keep_and_delete(account: &Account) {
    assert_eq!(account.all(), json!([]));
    let page = "console/landing_page";
    assert_eq!(account.read(page).status, 404);
    let set = account.set(page, &json!({"value_string": "/metrics"}));
    assert_eq!(set.status, 200, "{}", set.text());
    let expected = json!({
        "service": "console", "id": "landing_page", "account_id": account.server.owner.account,
        "scope": "account", "value_string": "/metrics",
    });
    assert_eq!(set.json(), expected);
    assert_eq!(account.read(page).json(), expected);
    let list = json!({"value_list_of_strings": ["a", "b"]});
    let bar = account.set("console/bar", &list).json();
    assert_eq!(bar["value_list_of_strings"], json!(["a", "b"]));
    assert_eq!(bar.get("value_string"), None);
    assert_eq!(account.all(), json!([bar, expected]), "by name");
    // The same one with another value, of another kind.
    account.set(page, &list);
    assert_eq!(
        account.read(page).json()["value_list_of_strings"],
        json!(["a", "b"])
    );
    assert_eq!(account.all().as_array().unwrap().len(), 2);

    let path = format!("{}/{page}", account.path);
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(account.call("DELETE", &path).send().status, 404);
    assert_eq!(account.all(), json!([bar]));

    for wrong in [
        json!({}),
        json!({"value_string": "a", "value_list_of_strings": []}),
    ] {
        refused(&account.set(page, &wrong), 400, "value_list_of_strings");
    }
    refused(&account.set(page, &json!({"value_string": 7})), 400, "JSON");
    refused(
        &account.set(page, &json!({"value_string": "a\u{0}"})),
        400,
        "value_string",
    );
    refused(&account.read("console/a%00b"), 400, "preference");
    let nobody = "iam-ServiceId-00000000-0000-4000-8000-000000000000";
    let (start, _) = account.path.rsplit_once('/').unwrap();
    for other in [nobody, "x"] {
        let reply = account.call("GET", &format!("{start}/{other}")).send();
        assert_eq!(reply.status, 404, "{}", reply.text());
    }
}

#[test]
fn there_are_so_many_and_each_is_so_long() {
    let account = Account::start();
    let limit = limit::PREFERENCE_BYTES;
    // With the quotes that JSON has around it.
    let longest = usize::try_from(limit.default).unwrap() - 2;
    let text = |length: usize| json!({"value_string": "x".repeat(length)});
    assert_eq!(account.set("console/a", &text(longest)).status, 200);
    refused(
        &account.set("console/a", &text(longest + 1)),
        400,
        limit.name,
    );
    let many = json!({"value_list_of_strings": vec!["x"; longest / 2]});
    refused(&account.set("console/a", &many), 400, limit.name);
    assert_eq!(hits(&account.server, limit), 2);
    let long = format!("console/{}", "x".repeat(129));
    refused(&account.set(&long, &text(1)), 400, limit::WORD_BYTES.name);

    let limit = limit::PREFERENCES_PER_IDENTITY;
    for number in 1..limit.default {
        let set = account.set(&format!("console/p{number}"), &text(1));
        assert_eq!(set.status, 200, "{}", set.text());
    }
    refused(&account.set("console/more", &text(1)), 409, limit.name);
    assert_eq!(hits(&account.server, limit), 1);
    assert_eq!(
        account.set("console/a", &text(2)).status,
        200,
        "another value"
    );
}

#[test]
fn an_account_has_so_many() {
    let account = Account::with(&["--set", "limits.preferences_per_account=1"]);
    let value = |text: &str| json!({ "value_string": text });
    assert_eq!(account.set("console/first", &value("a")).status, 200);
    let full = account.set("console/second", &value("a"));
    refused(&full, 409, limit::PREFERENCES_PER_ACCOUNT.name);
    assert_eq!(full.header("Retry-After"), None);
    assert_eq!(account.set("console/first", &value("b")).status, 200);
    let path = format!("{}/console/first", account.path);
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(account.set("console/second", &value("a")).status, 200);
}
