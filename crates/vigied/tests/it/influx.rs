//! Senders in InfluxDB's form, by raw requests as its clients send them: what lands is read back by token, what does not is told so
//! that clients drop or send again rightly, and no other credential or space gets in.

use crate::harness::{Reply, Request};
use crate::key_sender::KeySender;
use serde_json::json;
use std::io::Write as _;

impl KeySender {
    fn write(&self, path: &str, lines: &str) -> Request {
        self.server.request("POST", path).body(lines)
    }

    /// As InfluxDB 1's clients do.
    fn by_basic(&self, path: &str, lines: &str) -> Reply {
        self.write(path, lines).basic("apikey", &self.key).send()
    }

    /// As InfluxDB 2's clients do.
    fn by_token(&self, path: &str, lines: &str) -> Reply {
        let header = format!("Token {}", self.key);
        self.write(path, lines)
            .header("Authorization", &header)
            .send()
    }

    /// Another space of the same account, in the first organization.
    fn second_space(&self, name: &str) -> String {
        let body = json!({"name": name, "organization_guid": self.server.owner.org});
        let made = self
            .server
            .request("POST", "/v2/spaces")
            .bearer(&self.token);
        let made = made.json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["metadata"]["guid"].as_str().unwrap().to_owned()
    }
}

fn receipt(reply: &Reply) -> &str {
    reply.header("x-vigie-receipt").unwrap_or_default()
}

#[test]
fn both_interfaces_store_what_is_read_back_by_token() {
    let sender = KeySender::start();
    let space = format!("s-{}", sender.server.owner.space);
    let lines = "cpu,host=a usage=1.5,idle=3i,up=t 1519862400000000000\nload,host=a value=0.5 1519862400000000000\n";
    let reply = sender.by_basic(&format!("/write?db={space}"), lines);
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(
        receipt(&reply),
        "received=4 stored=4 overwritten=0 rejected=0 texts=0 renamed=0"
    );
    assert_eq!(reply.header("x-influxdb-version"), Some("1.8.10"));
    let path = format!("/api/v2/write?org=any&bucket={space}&precision=s");
    let reply = sender.by_token(&path, "cpu,host=b usage=2 1519862401");
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(
        sender.values("cpu.usage;host=a"),
        json!([[1.5, 1_519_862_400]])
    );
    assert_eq!(sender.values("cpu.up;host=a"), json!([[1, 1_519_862_400]]));
    assert_eq!(
        sender.values("load.value;host=a"),
        json!([[0.5, 1_519_862_400]])
    );
    assert_eq!(
        sender.values("cpu.usage;host=b"),
        json!([[2, 1_519_862_401]])
    );
    // `Token` with a name, as InfluxDB 1.8 has it, and packed.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"cpu,host=c usage=3 1519862402").unwrap();
    let reply = sender
        .server
        .request("POST", "/api/v2/write?precision=s")
        .header("Authorization", &format!("Token apikey:{}", sender.key))
        .header("Content-Encoding", "gzip")
        .body(packed.finish().unwrap())
        .send();
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(
        sender.values("cpu.usage;host=c"),
        json!([[3, 1_519_862_402]])
    );
}

#[test]
fn a_space_is_named_by_name_by_organization_or_by_id_in_the_reach_of_the_key_alone() {
    let sender = KeySender::start();
    let show = |path: &str| {
        let reply = sender
            .server
            .request("GET", path)
            .bearer(&sender.token)
            .send();
        reply.json()["entity"]["name"].as_str().unwrap().to_owned()
    };
    let owner = &sender.server.owner;
    let space = show(&format!("/v2/spaces/{}", owner.space));
    let org = show(&format!("/v2/organizations/{}", owner.org));
    let other = sender.second_space("beside");
    let line = "m x=1 1519862400000000000";
    for db in [
        space.clone(),
        format!("{org}/{space}"),
        format!("s-{}", owner.space),
    ] {
        let encoded = wire::query::encode(&[("db", &db), ("bucket", &db)]);
        assert_eq!(
            sender.by_basic(&format!("/write?{encoded}"), line).status,
            204,
            "{db}"
        );
        let path = format!("/api/v2/write?{encoded}");
        assert_eq!(sender.by_token(&path, line).status, 204, "{db}");
    }
    // A space beside it and one that is not there get the same answer by name.
    let refused = |db: &str| {
        let encoded = wire::query::encode(&[("db", db)]);
        let reply = sender.by_basic(&format!("/write?{encoded}"), line);
        (reply.status, reply.text().replace(db, "X"))
    };
    assert_eq!(refused("beside"), refused("nosuch"));
    let (status, text) = refused("beside");
    assert_eq!(status, 404);
    assert!(text.contains("\"error\":\"database not found: "), "{text}");
    assert_eq!(refused(&format!("nosuch/{space}")).0, 404);
    assert_eq!(refused(&format!("s-{other}")).0, 403);
    // Who reaches both names either.
    let token = format!("Bearer {}", sender.token);
    for (bucket, status) in [("beside", 204), (space.as_str(), 204), ("nosuch", 404)] {
        let encoded = wire::query::encode(&[("bucket", bucket)]);
        let reply = sender
            .write(&format!("/api/v2/write?{encoded}"), line)
            .header("Authorization", &token)
            .send();
        assert_eq!(reply.status, status, "{bucket}: {}", reply.text());
    }
    let reply = sender
        .write("/write?db=beside", line)
        .header("Authorization", &token)
        .header("X-Auth-Scope-Id", &format!("s-{}", owner.space))
        .send();
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[test]
fn what_is_not_stored_is_told_in_the_words_that_clients_look_for() {
    let sender = KeySender::start();
    let error = |reply: &Reply| reply.json()["error"].as_str().unwrap().to_owned();
    // A part of it.
    let lines = "m x=1 1519862400000000000\nm\nm x=2 1519862401000000000\nm y=nan 1\n";
    let reply = sender.by_basic("/write", lines);
    assert_eq!(reply.status, 400);
    let message = error(&reply);
    assert!(
        message.starts_with("partial write: unable to parse line 2: missing fields dropped=2"),
        "{message}"
    );
    assert!(
        receipt(&reply).starts_with("received=4 stored=2 "),
        "{}",
        receipt(&reply)
    );
    assert_eq!(sender.values("m.x").as_array().unwrap().len(), 2);
    // Nothing of it.
    let reply = sender.by_basic("/write", "m\n");
    assert_eq!(reply.status, 400);
    assert!(error(&reply).starts_with("unable to parse line 1: missing fields dropped=1"));
    let reply = sender.by_token("/api/v2/write", "m\n");
    let body = reply.json();
    assert_eq!((reply.status, &body["code"]), (400, &json!("invalid")));
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains("unable to parse")
    );
    // Texts beside numbers are counted, and no client is told to mend what it cannot.
    let reply = sender.by_basic("/write", "m x=1,version=\"5\" 1519862402000000000");
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(
        receipt(&reply).contains("rejected=1 texts=1"),
        "{}",
        receipt(&reply)
    );
    let reply = sender.by_basic("/write", "m version=\"5\" 1519862402000000000");
    assert_eq!(reply.status, 400, "{}", reply.text());
    let message = error(&reply);
    assert!(
        message.starts_with("unable to parse or store line 1: "),
        "{message}"
    );
    // The counters of the account know of all of it.
    let counters = sender
        .server
        .metrics(&sender.token, "GET", "/metrics")
        .send()
        .text();
    for counter in ["reason=\"value\"} 3", "reason=\"malformed\"} 3"] {
        assert!(counters.contains(counter), "{counter}: {counters}");
    }
    // A time without its unit.
    let reply = sender.by_basic("/write", "m x=1 1519862400");
    assert!(error(&reply).contains("`precision=s`"), "{}", reply.text());
    let reply = sender.by_basic("/write?precision=fortnight", "m x=1");
    assert_eq!(reply.status, 400);
    assert!(error(&reply).contains("`precision`"), "{}", reply.text());
    assert_eq!(sender.by_basic("/write", "").status, 204);
}

/// `partial write` was said where nothing was stored at all.
#[test]
fn regression_7_what_is_not_stored_at_all_is_no_partial_write() {
    let sender = KeySender::start();
    let refusal = |lines: &str| {
        let reply = sender.by_basic("/write", lines);
        assert_eq!(reply.status, 400, "{lines}: {}", reply.text());
        assert!(
            receipt(&reply).contains(" stored=0 "),
            "{}",
            receipt(&reply)
        );
        reply.json()["error"].as_str().unwrap().to_owned()
    };
    let old = refusal("m x=1 1000000000000000000\nm x=2 1000000001000000000\n");
    assert!(
        old.starts_with("points beyond retention policy, the first in line 1: "),
        "{old}"
    );
    assert!(old.contains(" dropped=2 ("), "{old}");
    // One day more than clocks can disagree.
    let ahead = (crate::harness::now() + 2 * 86_400) * 1_000_000_000;
    let new = refusal(&format!("m x=1 {ahead}\n"));
    assert!(
        new.starts_with("unable to parse or store line 1: "),
        "{new}"
    );
    assert!(new.contains(" dropped=1 ("), "{new}");
    for text in [old, new] {
        assert!(!text.contains("partial write"), "{text}");
    }
}

/// Samples refused for now were dropped by Telegraf's output for InfluxDB 1, as everything that is answered with 400 to 499.
#[test]
fn what_may_be_stored_later_is_told_so_that_senders_keep_it() {
    let sender = KeySender::with(&["--set", "limits.new_series_per_hour=2"]);
    let reply = sender.by_basic("/write", "m a=1,b=2 1519862400000000000");
    assert_eq!(reply.status, 204, "{}", reply.text());
    let line = "m c=3 1519862400000000000";
    for (reply, status) in [
        (sender.by_basic("/write", line), 503),
        (sender.by_token("/api/v2/write", line), 429),
    ] {
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.header("retry-after").is_some());
        assert!(receipt(&reply).starts_with("received=1 stored=0 "));
        let body = reply.text();
        assert!(body.contains("new_series_per_hour"), "{body}");
    }
    // What has its series goes on.
    let reply = sender.by_basic("/write", "m a=4 1519862401000000000");
    assert_eq!(reply.status, 204, "{}", reply.text());
}

#[test]
fn nobody_gets_in_without_a_credential_and_none_by_the_url() {
    let sender = KeySender::start();
    let line = "m x=1 1519862400000000000";
    for (method, path) in [
        ("POST", "/write?db=x"),
        ("POST", "/api/v2/write?bucket=x"),
        ("GET", "/query?q=SHOW+DATABASES"),
        ("POST", "/query?q=CREATE+DATABASE+x"),
    ] {
        let bare = || sender.server.request(method, path);
        let with = |request: Request| {
            if method == "POST" {
                request.body(line)
            } else {
                request
            }
        };
        assert_eq!(with(bare()).send().status, 401, "{path}");
        for wrong in [
            "Token",
            "Token ",
            "Token x",
            "Token apikey:x",
            "Token iam:x",
            "Tokens x",
        ] {
            let reply = with(bare()).header("Authorization", wrong).send();
            assert_eq!(reply.status, 401, "{path} {wrong}: {}", reply.text());
        }
        // A key in the URL counts for nothing, and the answer says why and does not repeat it.
        let in_url = format!("{path}&u=apikey&p={}", sender.key);
        let reply = with(sender.server.request(method, &in_url)).send();
        assert_eq!(reply.status, 401, "{}", reply.text());
        assert!(reply.text().contains("in the URL"), "{}", reply.text());
        assert!(!reply.text().contains(&sender.key));
        let reply = with(sender.server.request(method, &in_url)).basic("apikey", &sender.key);
        assert_eq!(reply.send().status, 401);
    }
    // `Token` opens nothing that manages.
    let header = format!("Token {}", sender.server.owner.api_key);
    let reply = sender
        .server
        .request("GET", "/v1/apikeys")
        .header("Authorization", &header);
    assert_eq!(reply.send().status, 401);
    // The key can send and nothing else; and nothing once it is deleted.
    let read = sender
        .server
        .request("GET", "/v1/metrics?target=m.x")
        .bearer(&sender.key);
    assert_eq!(read.send().status, 403);
    assert!(!sender.server.serving.log().contains(&sender.key));
}

#[test]
fn what_clients_ask_first_is_answered() {
    let sender = KeySender::start();
    for method in ["GET", "HEAD"] {
        for path in ["/ping", "/ping?verbose=false", "/api/v2/ping"] {
            let reply = sender.server.request(method, path).send();
            assert_eq!(
                (reply.status, reply.text().as_str()),
                (204, ""),
                "{method} {path}"
            );
            assert_eq!(reply.header("x-influxdb-version"), Some("1.8.10"));
        }
    }
    let health = sender.server.request("GET", "/health").send();
    assert_eq!(
        (health.status, &health.json()["status"]),
        (200, &json!("pass"))
    );
    let ready = sender.server.request("GET", "/ready").send();
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (200, &json!("ready"))
    );
    // Our own stay what they were.
    assert_eq!(
        sender.server.request("GET", "/health/live").send().json()["status"],
        "live"
    );
    let ask = |q: &str| {
        let path = format!("/query?{}", wire::query::encode(&[("q", q)]));
        let reply = sender
            .server
            .request("POST", &path)
            .basic("apikey", &sender.key)
            .send();
        (reply.status, reply.json())
    };
    let done = json!({"results": [{"statement_id": 0}]});
    assert_eq!(ask("CREATE DATABASE \"telegraf\""), (200, done.clone()));
    assert_eq!(
        ask("create database x with duration 1d;"),
        (200, done.clone())
    );
    let form = sender
        .server
        .request("POST", "/query")
        .basic("apikey", &sender.key);
    let form = form.form(&[("q", "CREATE DATABASE x")]).send();
    assert_eq!((form.status, form.json()), (200, done));
    let (status, body) = ask("SHOW DATABASES");
    assert_eq!(
        (status, &body["results"][0]["series"][0]["name"]),
        (200, &json!("databases"))
    );
    for q in [
        "SELECT * FROM m",
        "DROP DATABASE x",
        "CREATE USER x",
        "CREATE",
        &";CREATE DATABASE x".repeat(17),
    ] {
        let (status, body) = ask(q);
        assert_eq!(status, 400, "{q}: {body}");
        assert!(body["error"].as_str().is_some(), "{q}: {body}");
    }
}

#[test]
fn a_line_that_makes_many_times_its_size_of_names_is_stored_in_portions_or_refused() {
    let sender = KeySender::start();
    // Many bytes of tags before each of many short fields.
    let tags: String = (0..3)
        .map(|at| format!(",t{at}={}", "v".repeat(250)))
        .collect();
    let line = |count: usize, value: &str| {
        let fields: Vec<String> = (0..count)
            .map(|at| format!("f{}={value}", at % 100))
            .collect();
        format!("m{tags} {} 1519862400000000000\n", fields.join(","))
    };
    let reply = sender.by_basic("/write", &line(2000, "1").repeat(4));
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(
        receipt(&reply).starts_with("received=8000 stored="),
        "{}",
        receipt(&reply)
    );
    let reply = sender.by_basic("/write", &line(4000, "\"\"").repeat(60));
    assert_eq!(reply.status, 413, "{}", reply.text());
    assert!(
        reply.text().contains("names of the body's values"),
        "{}",
        reply.text()
    );
}
