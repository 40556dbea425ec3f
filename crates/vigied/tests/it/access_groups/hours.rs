//! For how many hours a rule lets in after a login. The shortest time is an hour: so the session is made older, as its row says.

use super::{Account, Reply, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const BEA: &str = "bea@example.org";
const PASSWORD: &str = "of bea, their own";
const MINUTES_59: i64 = 59 * 60;

/// An account with a user who has no role in it.
struct World {
    account: Account,
}

impl World {
    fn start() -> Self {
        let account = Account::start();
        let world = Self { account };
        world.take_in();
        world
    }

    fn take_in(&self) {
        let path = format!("/v2/accounts/{}/users", self.account.server.owner.account);
        let reply = self
            .account
            .ask("POST", &path, &json!({"users": [{"email": BEA}]}));
        assert_eq!(reply.status, 202, "{}", reply.text());
        let invited = &reply.json()["resources"][0];
        let body = json!({
            "email": BEA, "one_time_code": invited["one_time_code"], "new_password": PASSWORD,
        });
        let redeemed = self.account.server.request("POST", "/v2/users/redeem");
        let reply = redeemed.json(&body).send();
        assert_eq!(reply.status, 204, "{}", reply.text());
    }

    fn tokens(&self, form: &[(&str, &str)]) -> Value {
        let request = self.account.server.request("POST", "/identity/token");
        let reply = request.basic("bx", "bx").form(form).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    fn log_in(&self) -> Value {
        self.tokens(&[
            ("grant_type", "password"),
            ("username", BEA),
            ("password", PASSWORD),
        ])
    }

    fn renewed(&self, tokens: &Value) -> Value {
        self.tokens(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &text(&tokens["refresh_token"])),
        ])
    }

    /// A query in the owner's space.
    fn query(&self, tokens: &Value) -> Reply {
        let request = self
            .account
            .server
            .request("GET", "/v1/metrics?target=group.seen")
            .bearer(&text(&tokens["access_token"]));
        let space = format!("s-{}", self.account.server.owner.space);
        request.header("X-Auth-Scope-Id", &space).send()
    }

    fn asks_by(&self, tokens: &Value) -> u16 {
        self.query(tokens).status
    }

    /// Makes an API key of their own.
    fn make_key(&self, tokens: &Value) -> Reply {
        let server = &self.account.server;
        let request = server.request("POST", "/v1/apikeys");
        let body = json!({
            "name": "beas", "iam_id": iam_id(tokens), "account_id": server.owner.account,
            "expires_at": "2096-01-31T12:00+0000",
        });
        let request = request.bearer(&text(&tokens["access_token"]));
        request.json(&body).send()
    }

    /// Gives their API key `id` a later end.
    fn extend_key(&self, tokens: &Value, id: &str) -> Reply {
        let path = format!("/v1/apikeys/{id}");
        let request = self.account.server.request("PUT", &path);
        let request = request.bearer(&text(&tokens["access_token"]));
        let request = request.header("If-Match", "*");
        request
            .json(&json!({"expires_at": "2097-01-31T12:00+0000"}))
            .send()
    }

    /// Disables their API key `id`, or enables it.
    fn switch_key(&self, tokens: &Value, method: &str, id: &str) -> Reply {
        let path = format!("/v1/apikeys/{id}/disable");
        let request = self.account.server.request(method, &path);
        request.bearer(&text(&tokens["access_token"])).send()
    }

    /// Whether a token with this body may query the owner's space, as decisions say.
    fn is_permitted(&self, tokens: &Value) -> bool {
        let token = text(&tokens["access_token"]);
        let body = token.split('.').nth(1).unwrap();
        let owner = &self.account.server.owner;
        let question = json!([{
            "subject": {"accessTokenBody": body},
            "resource": {"attributes": {
                "serviceName": "ibmcloud-monitoring", "accountId": owner.account, "spaceId": owner.space,
            }},
            "action": "domain.render",
        }]);
        let reply = self.account.ask("POST", "/v2/authz", &question);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["responses"][0]["authorizationDecision"]["permitted"] == true
    }

    /// Moves the login of a session so far into the past.
    fn make_older(&self, tokens: &Value, seconds: i64) {
        let file = self.account.server.data().join("iam.db");
        let id = text(&tokens["session_id"]);
        let guid = id.strip_prefix("C-").unwrap().to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let db = db::Db::open(file.to_str().unwrap()).await.unwrap();
            let sql = "UPDATE sessions SET proven_at = proven_at - $2 WHERE guid = $1";
            #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
            let changed = db
                .execute(sql, &[guid.into(), (seconds * 1000).into()])
                .await;
            assert_eq!(changed.unwrap(), 1);
            db.close().await;
        });
    }
}

fn claims(tokens: &Value) -> Value {
    let token = text(&tokens["access_token"]);
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

fn auth_time(tokens: &Value) -> i64 {
    claims(tokens)["auth_time"].as_i64().unwrap()
}

fn iam_id(tokens: &Value) -> String {
    text(&claims(tokens)["iam_id"])
}

#[test]
fn a_rule_lets_in_for_its_hours_after_the_login() {
    let world = World::start();
    let account = &world.account;
    let group = account.group("team");
    let given = account.give(super::last_part(&group));
    assert_eq!(given.status, 201, "{}", given.text());
    let rule = json!({
        "expiration": 1, "realm_name": "IBMid",
        "conditions": [{"claim": "email", "operator": "EQUALS", "value": format!("\"{BEA}\"")}],
    });
    let rules = format!("{group}/rules");
    let made = account.make(&rules, &rule);
    assert_eq!(made["expiration"], 1);

    let login = world.log_in();
    assert_eq!(world.asks_by(&login), 200);
    let key = world.make_key(&login);
    assert_eq!(key.status, 201, "{}", key.text());
    let key = text(&key.json()["id"]);
    let disabled = world.switch_key(&login, "POST", &key);
    assert_eq!(disabled.status, 204, "{}", disabled.text());
    world.make_older(&login, MINUTES_59);
    let second = world.renewed(&login);
    assert_eq!(auth_time(&second), auth_time(&login) - MINUTES_59);
    assert_eq!(world.asks_by(&second), 200);
    assert!(world.is_permitted(&second));
    world.make_older(&login, 70);
    let third = world.renewed(&second);
    let refused = world.query(&third);
    assert_eq!(refused.status, 404);
    assert!(
        refused.text().contains("or log in again"),
        "{}",
        refused.text()
    );
    assert!(!world.is_permitted(&third));
    let membership = format!("{group}/members/{}", iam_id(&third));
    let own = account.server.request("HEAD", &membership);
    let own = own.bearer(&text(&third["access_token"])).send();
    assert_eq!(own.status, 204, "as in the list of their groups");
    // A key would prove anew who they are, with every request.
    for refused in [
        world.make_key(&third),
        world.switch_key(&third, "DELETE", &key),
        world.extend_key(&third, &key),
    ] {
        assert_eq!(refused.status, 403, "{}", refused.text());
        let text = refused.text();
        assert!(text.contains("your login is too old"), "{text}");
    }
    let again = world.log_in();
    assert_eq!(world.asks_by(&again), 200);
    for (taken, status) in [
        (world.make_key(&again), 201),
        (world.extend_key(&again, &key), 200),
        (world.switch_key(&again, "DELETE", &key), 204),
    ] {
        assert_eq!(taken.status, status, "{}", taken.text());
    }

    let mut longer = rule;
    longer["expiration"] = json!(12);
    let one = format!("{rules}/{}", text(&made["id"]));
    let replaced = account.call("PUT", &one).header("If-Match", "*");
    let replaced = replaced.json(&longer).send();
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    assert_eq!(world.asks_by(&third), 200);
}
