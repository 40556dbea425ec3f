//! Signing keys that follow one another by `tokens.signing_key_days`, while everybody goes on working. Days and minutes are not
//! waited for: the times of the keys are moved in the database.

use crate::harness::{Server, Serving, init};
use base64::Engine as _;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// Far more than a server takes to learn of a change.
const LONG: Duration = Duration::from_secs(300);

/// Has the named key sign that much earlier, also on a server that runs: in one transaction, since the server numbers changes, too.
pub(crate) fn bring_forward(data: &Path, kid: &str, milliseconds: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = db::Db::open(data.join("iam.db").to_str().unwrap())
            .await
            .unwrap();
        let mut tx = db.begin().await.unwrap();
        let sql = "UPDATE signing_keys SET signs_from = signs_from - $2 WHERE kid = $1";
        let values = [kid.into(), milliseconds.into()];
        assert_eq!(tx.execute(sql, &values).await.unwrap(), 1);
        for sql in [
            "UPDATE counters SET value = value + 1 WHERE name = 'changes'",
            "UPDATE changes SET sequence = (SELECT value FROM counters WHERE name = 'changes') WHERE sequence IS NULL",
        ] {
            tx.execute(sql, &[]).await.unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
        tx.commit().await.unwrap();
        db.close().await;
    });
}

/// The key that has signed a token.
fn kid(token: &str) -> String {
    let (header, _) = token.split_once('.').unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header);
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// The names of the public keys.
fn published(server: &Server) -> Vec<String> {
    let reply = server.request("GET", "/identity/keys").send().json();
    let keys = reply["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn check_accepted(server: &Server, token: &str) {
    let reply = server.metrics(token, "GET", "/v1/metrics/list").send();
    assert_eq!(reply.status, 200, "{}: {}", kid(token), reply.text());
}

/// A session of the owner, which is renewed again and again.
struct Session {
    refresh: String,
}

impl Session {
    fn ask(server: &Server, form: &[(&str, &str)]) -> Self {
        let request = server.request("POST", "/identity/token").basic("bx", "bx");
        let reply = request.form(form).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        let tokens = reply.json();
        check_accepted(server, tokens["access_token"].as_str().unwrap());
        Self {
            refresh: tokens["refresh_token"].as_str().unwrap().to_owned(),
        }
    }

    fn begin(server: &Server) -> Self {
        let form = [
            ("grant_type", "password"),
            ("username", server.owner.user.as_str()),
            ("password", server.owner.password.as_str()),
        ];
        Self::ask(server, &form)
    }

    fn renew(&mut self, server: &Server) {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh.as_str()),
        ];
        *self = Self::ask(server, &form);
    }
}

#[test]
fn a_key_gets_a_successor_by_schedule_and_no_request_fails_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    let first = {
        let serving = Serving::start(&data, "127.0.0.1:0", &[]);
        kid(&crate::harness::token(&serving.url(), &owner.api_key))
    };
    bring_forward(&data, &first, 2 * 86_400_000);
    let serving = Serving::start(
        &data,
        "127.0.0.1:0",
        &["--set", "tokens.signing_key_days=1"],
    );
    let server = Server {
        serving,
        owner,
        folder,
    };
    let old = server.token();
    assert_eq!(kid(&old), first);
    let mut session = Session::begin(&server);
    // What goes on meanwhile: the old token, new ones, and a login that is renewed. Returns a new token.
    let mut go_on = || {
        check_accepted(&server, &old);
        session.renew(&server);
        let token = server.token();
        check_accepted(&server, &token);
        token
    };

    let begun = Instant::now();
    let second = loop {
        go_on();
        if let [one, next] = published(&server).as_slice() {
            assert_eq!(*one, first);
            break next.clone();
        }
        assert!(begun.elapsed() < LONG, "no successor was made");
    };
    // It is announced two minutes before it signs.
    bring_forward(&data, &second, 120_000);
    let begun = Instant::now();
    let new = loop {
        let token = go_on();
        if kid(&token) != first {
            break token;
        }
        assert!(begun.elapsed() < LONG, "the successor never signed");
    };
    assert_eq!(kid(&new), second);
    assert_eq!(published(&server), [first, second]);
    check_accepted(&server, &old);
    check_accepted(&server, &new);
}
