//! Names and patterns: what is stored can be named, by its own text, and by nothing else.

mod any_depth;
mod deletion;
mod long_patterns;

use crate::harness::{Reply, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;
use wire::query;

/// A server that keeps one sample of each name.
struct Fixture {
    server: Server,
    token: String,
}

impl Fixture {
    fn of(names: &[&str]) -> Self {
        let server = Server::start();
        let token = server.token();
        let kept = Self { server, token };
        for names in names.chunks(5000) {
            let reply = kept.send(names);
            assert_eq!(
                reply.json()["stored"],
                json!(names.len()),
                "{}",
                reply.text()
            );
        }
        kept
    }

    fn send(&self, names: &[&str]) -> Reply {
        let samples: Vec<_> = names
            .iter()
            .map(|name| json!({"name": name, "value": 1}))
            .collect();
        let post = self.server.metrics(&self.token, "POST", "/v1/metrics");
        post.json(&json!(samples)).send()
    }

    fn ask(&self, method: &str, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let path = format!("{path}?{}", query::encode(pairs));
        self.server.metrics(&self.token, method, &path).send()
    }

    /// The names of the series that `target` reads.
    fn get(&self, target: &str) -> Vec<String> {
        let reply = self.ask("GET", "/v1/metrics", &[("target", target)]);
        assert_eq!(reply.status, 200, "{target:.100}: {}", reply.text());
        texts(
            reply
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|row| &row["target"]),
        )
    }

    fn list(&self, pattern: &str) -> Vec<String> {
        let reply = self.ask("GET", "/v1/metrics/list", &[("query", pattern)]);
        assert_eq!(reply.status, 200, "{pattern:.100}: {}", reply.text());
        texts(reply.json().as_array().unwrap())
    }

    /// The answer to a deletion that deletes nothing.
    fn would_delete(&self, pattern: &str) -> Value {
        let pairs = [("query", pattern), ("dry_run", "true")];
        let reply = self.ask("DELETE", "/v1/metrics/list", &pairs);
        assert_eq!(reply.status, 200, "{pattern:.100}: {}", reply.text());
        reply.json()
    }
}

fn texts<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    values.into_iter().map(text).collect()
}

/// Every kind of character that is taken, where it could be mistaken for something else.
const NAMES: [&str; 31] = [
    "ab.<x>",
    "ac./x",
    "b.a|c",
    "b.a|c|d",
    "b.`c`",
    "cpu.load",
    "cpu.load;host=web1",
    "cpu.load;host=web2",
    "cpu.load;host=web2.example.org",
    "cpu.load;host=web2.example.org;mount=/var.log",
    "d.-1",
    "disk.|mnt|data",
    "e.x=1",
    "e.x=1;y=2=3",
    "f.é.ü→",
    "g.$z",
    "h.#1",
    "i.!w",
    "j.^x",
    "k.:80",
    "l.~x",
    "m.%41",
    "n.a&b=c",
    "o.a+b",
    "p.@",
    "q.123",
    "q.1e3",
    "r.now",
    "s.x;t=~u",
    "s.x;t=..",
    "t;t=a.b",
];

#[test]
fn regression_7_every_name_that_is_stored_can_be_named() {
    let kept = Fixture::of(&NAMES);
    for name in NAMES {
        assert_eq!(kept.get(name), [name], "get");
        assert_eq!(kept.list(name), [name], "list");
        let gone = kept.would_delete(name);
        assert_eq!(
            (&gone["deleted"], &gone["names"]),
            (&json!(1), &json!([name]))
        );
        let half: String = name.chars().take(name.chars().count() - 1).collect();
        if !half.ends_with(['.', ';', '=']) {
            let completed = kept.list(&format!("{half}*"));
            assert!(
                completed.contains(&name.to_owned()),
                "{half}: {completed:?}"
            );
        }
    }
    // And deleted, one after the other, and nothing beside it.
    for (at, name) in NAMES.iter().enumerate() {
        let gone = kept.ask("DELETE", "/v1/metrics/list", &[("query", name)]);
        assert_eq!(gone.json()["deleted"], json!(1), "{name}: {}", gone.text());
        let left = kept.would_delete("*");
        assert_eq!(left["deleted"], json!(NAMES.len() - at - 1), "{name}");
    }
}

#[test]
fn regression_7_what_no_pattern_could_name_is_not_stored() {
    let kept = Fixture::of(&[]);
    for name in [
        r"wmi.C:\x",
        r"a\b",
        r"a;b=\c",
        "a.*",
        "a?",
        "a[0]",
        "a{b}",
        "f(x)",
        "a,b",
        "a\"b",
        "a'b",
        "a b",
        "a\u{feff}",
        "a..b",
        ".a",
        "a.",
        ";a=b",
        "a;b=c d",
        "a;b=*",
    ] {
        let reply = kept.send(&[name]);
        assert_eq!(reply.status, 400, "{name}: {}", reply.text());
        let rejected = reply.json()["rejections"][0].clone();
        assert_eq!(rejected["code"], json!("name"), "{name}: {rejected}");
    }
    assert_eq!(kept.list("*"), Vec::<String>::new());
}

#[test]
fn regression_7_the_dots_of_a_tag_part_nothing() {
    let names = ["cpu.load;host=web1", "cpu.load;host=web2.example.org"];
    let kept = Fixture::of(&names);
    for pattern in [
        "cpu.*",
        "cpu.load;host=*",
        "*.*",
        "cpu.load*",
        "**",
        "cpu.load;host=web*",
    ] {
        assert_eq!(kept.get(pattern), names, "{pattern}");
    }
    assert_eq!(kept.list("cpu.*"), names);
    assert_eq!(kept.list("cpu.*.*"), Vec::<String>::new());
    assert_eq!(kept.get("cpu.load;host=*.example.org"), names[1..]);
    assert_eq!(
        kept.get("cpu.load;host=web?[.]{example.org,example.com}"),
        names[1..]
    );
    assert_eq!(kept.would_delete("cpu.*")["deleted"], json!(2));
    assert_eq!(kept.would_delete("cpu.load;host=web2")["deleted"], json!(0));
    let deep = format!("a;host={}", vec!["x"; 100].join("."));
    assert_eq!(kept.send(&[&deep]).status, 200, "one element");
    assert_eq!(kept.get(&deep), [deep]);
}

#[test]
fn regression_7_tags_are_found_in_the_order_in_which_they_were_sent() {
    let kept = Fixture::of(&["a.b;zone=eu.1;host=x"]);
    let stored = ["a.b;host=x;zone=eu.1"];
    for pattern in [
        "a.b;zone=eu.1;host=x",
        "a.b;zone=*;host=x",
        "a.*;zone=eu.{1,2};host=?",
    ] {
        assert_eq!(kept.get(pattern), stored, "{pattern}");
        assert_eq!(kept.list(pattern), stored, "{pattern}");
        assert_eq!(kept.would_delete(pattern)["deleted"], json!(1), "{pattern}");
    }
}

#[test]
fn regression_7_a_backslash_stands_for_what_follows_it() {
    let names = ["gc.app-prd.x", "gc.app_prd.x"];
    let kept = Fixture::of(&names);
    for (pattern, found) in [
        (r"gc.app[\-_]prd.x", &names[..]),
        (r"gc.app[_\-]prd.x", &names[..]),
        (r"gc.app\-prd.x", &names[..1]),
        (r"gc\.app\_prd.x", &names[1..]),
    ] {
        assert_eq!(kept.get(pattern), found, "{pattern}");
        assert_eq!(kept.list(pattern), found, "{pattern}");
        let gone = kept.would_delete(pattern);
        assert_eq!(gone["deleted"], json!(found.len()), "{pattern}");
    }
    // No name holds these, so nothing can be meant; and nothing must be deleted by mistake.
    for pattern in [r"gc.\*", r"gc.app\", r"gc.a\\b", r"gc.\{a}"] {
        for (method, path, key) in [
            ("GET", "/v1/metrics", "target"),
            ("GET", "/v1/metrics/list", "query"),
            ("DELETE", "/v1/metrics/list", "query"),
        ] {
            let reply = kept.ask(method, path, &[(key, pattern)]);
            assert_eq!(reply.status, 400, "{pattern}: {}", reply.text());
            assert!(reply.text().contains("column"), "{}", reply.text());
        }
    }
}

/// One text means the same in a target, in a listing and in a deletion.
#[test]
fn regression_7_the_three_questions_read_a_pattern_alike() {
    let kept = Fixture::of(&["a.b"]);
    for pattern in [
        "a.b|c",
        "a.`b`",
        "a.[b,c]",
        "a.{b,c}",
        "a,b",
        "a.(b)",
        "a.\"b\"",
        "a.'b'",
        "a.b\u{feff}",
        "a..b",
        "a.",
        ".a",
        "a.[",
        "a.{b",
        "a.b}",
        "a.[]",
        "a.{b.c}",
        "a;b",
        "a;b=c.d",
        "a.[b.c]",
        "**",
        "a.**b",
        "a.b c",
        "[{]",
        "a.{[b],c}",
    ] {
        let get = kept.ask("GET", "/v1/metrics", &[("target", pattern)]);
        let list = kept.ask("GET", "/v1/metrics/list", &[("query", pattern)]);
        let delete = [("query", pattern), ("dry_run", "true")];
        let delete = kept.ask("DELETE", "/v1/metrics/list", &delete);
        assert_eq!(
            get.status,
            list.status,
            "{pattern}: {} {}",
            get.text(),
            list.text()
        );
        assert_eq!(list.status, delete.status, "{pattern}");
    }
}

#[test]
fn every_row_of_the_reference_is_true() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/patterns.md"
    );
    let text = std::fs::read_to_string(page).unwrap();
    let begin = text.find("| pattern | finds | does not find |").unwrap();
    let rows: Vec<[String; 3]> = text[begin..]
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.strip_suffix("` |"))
        .map(|row| {
            let mut cells = row.split("` | `").map(|cell| cell.replace(r"\|", "|"));
            std::array::from_fn(|_| cells.next().unwrap())
        })
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    let names: BTreeSet<&str> = rows.iter().flat_map(|[_, a, b]| [a.as_str(), b]).collect();
    let kept = Fixture::of(&names.into_iter().collect::<Vec<_>>());
    for [pattern, fits, other] in &rows {
        let found = kept.get(pattern);
        assert!(
            found.contains(fits) && !found.contains(other),
            "{pattern}: {found:?}"
        );
    }
}

/// By arguments, Graphite lines and CSV, and read, listed and deleted by the command line.
#[test]
fn regression_7_a_name_is_the_same_whichever_way_it_comes_and_goes() {
    let kept = Fixture::of(&[]);
    let desk = kept.server.folder.path();
    let vigie = |arguments: &[&str], input: &str| {
        let mut command = kept.server.vigie();
        let command = command.args(arguments).env("VIGIE_HOME", desk.join("home"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // It may end without reading.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (url, key) = (kept.server.serving.url(), &kept.server.owner.api_key);
    vigie(&["login", "-a", &url, "--apikey", key, "-s", "dev"], "");
    let lines: String = NAMES.map(|name| format!("{name} 1\n")).concat();
    let table: String = NAMES.map(|name| format!("{name},2\n")).concat();
    let arguments = NAMES.map(|name| format!("{name}=3"));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    vigie(&["metrics", "send", "--format", "graphite", "-"], &lines);
    assert_eq!(
        kept.list("**")
            .iter()
            .filter(|name| NAMES.contains(&name.as_str()))
            .count(),
        NAMES.len()
    );
    vigie(
        &["metrics", "send", "--format", "csv", "-"],
        &format!("name,value\n{table}"),
    );
    vigie(
        &[&["metrics", "send", "--"], arguments.as_slice()].concat(),
        "",
    );
    assert_eq!(
        kept.would_delete("*")["deleted"],
        json!(NAMES.len()),
        "no name is two"
    );
    for name in NAMES {
        let read = vigie(&["metrics", "get", "--format", "csv", "--", name], "");
        let rows: Vec<&str> = read.lines().skip(1).collect();
        assert!(
            rows.len() > 1 && rows.iter().all(|row| row.starts_with(&format!("{name},"))),
            "{name}: {read}"
        );
        let listed = vigie(
            &[
                "metrics", "list", "--format", "plain", "--depth", "1", "--", name,
            ],
            "",
        );
        assert_eq!(listed, format!("{name}\n"));
        let gone = vigie(&["metrics", "delete", "--dry-run", "--", name], "");
        assert_eq!(gone, format!("1 metric would be deleted:\n  {name}\n"));
    }
}

/// A `|` is part of a name, unless a function is called after it.
#[test]
fn a_pipe_leads_to_a_function() {
    let kept = Fixture::of(&["a.b", "a.b|c"]);
    for (target, answered) in [
        ("a.b|scale(2)", "scale(a.b,2)"),
        ("a.b\\|c|scale(2)", "scale(a.b|c,2)"),
        ("a.b|c", "a.b|c"),
    ] {
        let reply = kept.ask("GET", "/v1/metrics", &[("target", target)]);
        assert_eq!(reply.status, 200, "{target}: {}", reply.text());
        assert_eq!(reply.json()[0]["target"], answered, "{}", reply.text());
    }
    let reply = kept.ask("GET", "/v1/metrics", &[("target", "a.b|c|scale(2)")]);
    assert_eq!((reply.status, reply.code().as_str()), (400, "BXNMSMT05E"));
    let expected = "a function call behind `|` at column 5";
    assert!(reply.text().contains(expected), "{}", reply.text());
}
