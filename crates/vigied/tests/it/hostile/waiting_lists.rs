//! Lists of one account wait for their turn: so few that its senders have room beside them, and none is answered whose key was deleted
//! while it waited.

use super::honest::answer;
use super::withdrawn::{further_key, manage, ok};
use crate::harness::{Server, Serving, init};
use crate::limits::{figure, hits};
use base::limit::{self, Limit};
use db::{Db, Value};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// The lists of an account that are worked out or wait.
const PLACES: u64 =
    limit::LISTS_AT_ONCE_PER_ACCOUNT.default + limit::LISTS_WAITING_PER_ACCOUNT.default;

/// So many that a list of them takes longer than any other request.
const SPACES: i64 = 20_000;

/// How often what happens beside waiting lists is tried: it counts if they still wait when it has happened.
const TRIES: u32 = 20;

/// How long an answer takes at most, however busy the machine is.
const LONG: Duration = Duration::from_secs(300);

/// A server with an account that has many spaces.
fn start(flags: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = init(&data);
    write_spaces(&data, &owner.org);
    let serving = Serving::start(&data, "127.0.0.1:0", flags);
    Server {
        serving,
        owner,
        folder,
    }
}

fn write_spaces(data: &Path, org: &str) {
    let file = data.join("iam.db");
    let sql = "WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < $2) \
               INSERT INTO spaces (guid, org, name, created_at, updated_at) \
               SELECT printf('00000000-0000-4000-8000-%012x', value), $1, 'space' || value, 0, 0 FROM number";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = Db::open(file.to_str().unwrap()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(sql, &[Value::from(org), Value::from(SPACES)])
            .await
            .unwrap();
        // A server that starts reads everything.
        tx.execute("DELETE FROM changes WHERE sequence IS NULL", &[])
            .await
            .unwrap();
        #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
        tx.commit().await.unwrap();
        db.close().await;
    });
}

/// Keys of as many identities as fill the places together: none of them has a whole share of those who wait.
fn colleagues(server: &Server) -> Vec<String> {
    let share = limit::LISTS_WAITING_PER_IDENTITY.default;
    let further = (1..PLACES.div_ceil(share)).map(|_| service_id(server));
    std::iter::once(server.owner.api_key.clone())
        .chain(further)
        .collect()
}

/// The key of a new service ID, which sees the spaces.
pub(super) fn service_id(server: &Server) -> String {
    let account = &server.owner.account;
    let body = json!({"account_id": account, "name": "ci", "apikey": {"name": "first"}});
    let made = ok(&manage(server, "POST", "/v1/serviceids").json(&body).send());
    let body = json!({
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": made["iam_id"]}]}],
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
        "resources": [{"attributes": [{"name": "accountId", "value": account}]}],
    });
    ok(&manage(server, "POST", "/v1/policies").json(&body).send());
    made["apikey"]["apikey"].as_str().unwrap().to_owned()
}

/// So many lists, asked for by these keys in turn.
fn asked_by_all(server: &Server, keys: &[String], number: u64) -> Vec<TcpStream> {
    let keys = (0..number).zip(keys.iter().cycle());
    keys.map(|(_, key)| asked(server, key)).collect()
}

/// A list that this key asks for, whose answer is still to come.
fn asked(server: &Server, key: &str) -> TcpStream {
    asked_for(server, key, "/v2/spaces?q=name:none")
}

fn asked_for(server: &Server, key: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.serving.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let ask =
        format!("GET {path} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    stream
}

fn in_flight(server: &Server) -> u64 {
    figure(server, "vigie_http_requests_in_flight")
}

fn is_answered(list: &TcpStream) -> bool {
    list.set_nonblocking(true).unwrap();
    let has_come = list.peek(&mut [0]).is_ok();
    list.set_nonblocking(false).unwrap();
    has_come
}

/// Waits until so many requests are in flight; `false` if one of the lists is answered first.
fn are_in_flight(server: &Server, number: u64, lists: &[TcpStream]) -> bool {
    while in_flight(server) < number {
        if lists.iter().any(is_answered) {
            return false;
        }
    }
    true
}

/// Whether every list had a place, and so its turn in the end. One that was in flight and did not wait yet may have lost its place to a
/// request that came later, and is refused for that.
fn had_places(lists: Vec<TcpStream>, limit: &Limit) -> bool {
    let answers = lists.into_iter().map(|mut list| answer(&mut list).unwrap());
    answers.fold(true, |all, (status, text)| {
        assert!(status == 200 || text.contains(limit.name), "{text}");
        all && status == 200
    })
}

#[test]
fn a_list_whose_key_is_deleted_while_it_waits_is_refused() {
    let server = start(&[]);
    let keys = colleagues(&server);
    let was_seen = (0..TRIES).any(|_| {
        let (key, path) = further_key(&server);
        let lists = asked_by_all(&server, &keys, PLACES - 1);
        let wait = are_in_flight(&server, PLACES - 1, &lists);
        let mut last = asked(&server, &key);
        let wait = wait && are_in_flight(&server, PLACES, &lists);
        ok(&manage(&server, "DELETE", &path).send());
        // Its turn comes after those of the others.
        let waited = wait && in_flight(&server) > PLACES / 2;
        let (status, text) = answer(&mut last).unwrap();
        let waited = had_places(lists, &limit::LISTS_WAITING_PER_ACCOUNT) && waited;
        if waited {
            assert_eq!(status, 401, "{text}");
            assert!(text.contains("its API key was deleted"), "{text}");
        }
        waited
    });
    assert!(was_seen, "the lists were too quick");
}

#[test]
fn lists_that_wait_leave_room_to_the_senders_of_their_account() {
    // Half of the places are for one account: a few more than its lists may have.
    let server = start(&["--set", "limits.concurrent_requests=80"]);
    let key = &server.owner.api_key;
    let keys = colleagues(&server);
    let limit = &limit::LISTS_WAITING_PER_ACCOUNT;
    let send = || {
        let request = server.request("POST", "/v1/metrics");
        let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
        request.body(r#"[{"name":"a","value":1}]"#).send()
    };
    let was_seen = (0..TRIES).any(|_| {
        let lists = asked_by_all(&server, &keys, PLACES);
        let wait = are_in_flight(&server, PLACES, &lists);
        // Whatever takes a turn waits in the same places.
        let further: Vec<(u16, String)> = ["/v2/spaces", "/v1/sessions", "/metrics"]
            .map(|path| answer(&mut asked_for(&server, key, path)).unwrap())
            .into();
        let refused = further.iter().filter(|(status, _)| *status == 429);
        let refused: Vec<&String> = refused.map(|(_, text)| text).collect();
        for text in &refused {
            assert!(text.contains(limit.name), "{text}");
            assert!(text.contains("retry-after: 1"), "{text}");
        }
        for _ in 0..5 {
            let sent = send();
            assert_eq!(sent.status, 200, "{}", sent.text());
        }
        let waited = wait && refused.len() == further.len() && in_flight(&server) > PLACES / 2;
        // One of the others that came first may have had the place of a list that was in flight and did not wait yet.
        had_places(lists, limit) && waited
    });
    assert!(was_seen, "the lists were too quick");
    assert!(hits(&server, *limit) > 0);
}

#[test]
fn one_identity_leaves_waiting_places_to_its_colleagues() {
    let server = start(&[]);
    let limit = limit::LISTS_WAITING_PER_IDENTITY;
    let share = limit::LISTS_AT_ONCE_PER_ACCOUNT.default + limit.default;
    let (key, colleague) = (server.owner.api_key.clone(), service_id(&server));
    let was_seen = (0..TRIES).any(|_| {
        // Another key of the same user is of the same identity.
        let (other_key, path) = further_key(&server);
        let mut lists: Vec<TcpStream> = (0..share).map(|_| asked(&server, &key)).collect();
        let wait = are_in_flight(&server, share, &lists);
        let (status, text) = answer(&mut asked(&server, &other_key)).unwrap();
        lists.push(asked(&server, &colleague));
        let waited = wait && status == 429 && in_flight(&server) > share / 2;
        let waited = had_places(lists, &limit) && waited;
        if waited {
            assert!(text.contains(limit.name), "{text}");
            assert!(text.contains("retry-after: 1"), "{text}");
        }
        ok(&manage(&server, "DELETE", &path).send());
        waited
    });
    assert!(was_seen, "the lists were too quick");
    assert!(hits(&server, limit) > 0);
}
