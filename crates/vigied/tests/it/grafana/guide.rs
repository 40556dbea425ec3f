//! The files of the guide to Grafana set up data sources that work: they are read as Grafana reads them, and what they name is
//! asked with.

use super::source::Source;
use crate::harness::Server;
use serde_json::{Value, json};
use std::path::Path;

/// Fields of a data source that Grafana reads, in a file or in its API.
const FIELDS: [&str; 16] = [
    "access",
    "basicAuth",
    "basicAuthUser",
    "database",
    "editable",
    "isDefault",
    "jsonData",
    "name",
    "orgId",
    "secureJsonData",
    "type",
    "uid",
    "url",
    "user",
    "version",
    "withCredentials",
];

/// The blocks of the guide in this language, in order.
fn blocks(language: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/grafana.md");
    let guide = std::fs::read_to_string(file).unwrap();
    let begin = format!("```{language}\n");
    let parts = guide.split(&begin).skip(1);
    parts
        .map(|part| part.split_once("\n```").unwrap().0.to_owned() + "\n")
        .collect()
}

/// As much of YAML as the guide uses: maps and lists by indentation, and plain, quoted, true, false and whole values.
fn yaml(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut lines: Vec<(usize, String)> = lines
        .map(|line| {
            let trimmed = line.trim_start();
            (line.len() - trimmed.len(), trimmed.to_owned())
        })
        .collect();
    let mut at = 0;
    let value = node(&mut lines, &mut at);
    assert_eq!(
        at,
        lines.len(),
        "a line is indented otherwise: {:?}",
        lines[at]
    );
    value
}

fn node(lines: &mut [(usize, String)], at: &mut usize) -> Value {
    let (indent, first) = lines[*at].clone();
    let is_here = |line: &(usize, String), is_list: bool| {
        line.0 == indent && line.1.starts_with("- ") == is_list
    };
    if first.starts_with("- ") {
        let mut list = Vec::new();
        while *at < lines.len() && is_here(&lines[*at], true) {
            let text = lines[*at].1[2..].to_owned();
            lines[*at] = (indent + 2, text);
            list.push(node(lines, at));
        }
        return Value::Array(list);
    }
    let mut map = serde_json::Map::new();
    while *at < lines.len() && is_here(&lines[*at], false) {
        let (key, value) = lines[*at].1.split_once(':').unwrap();
        let (key, value) = (key.to_owned(), value.trim().to_owned());
        *at += 1;
        let value = match value.as_str() {
            "" => node(lines, at),
            "true" | "false" => json!(value == "true"),
            quoted if quoted.starts_with('"') => json!(quoted.trim_matches('"')),
            plain => plain
                .parse::<i64>()
                .map_or_else(|_| json!(plain), |parsed| json!(parsed)),
        };
        assert!(map.insert(key.clone(), value).is_none(), "`{key}` twice");
    }
    Value::Object(map)
}

/// A data source that Grafana takes.
fn is_one(settings: &Value) {
    for (field, value) in settings.as_object().unwrap() {
        assert!(
            FIELDS.contains(&field.as_str()),
            "Grafana knows no `{field}`"
        );
        assert!(!value.is_null(), "{field}");
    }
    assert_eq!(settings["type"], "graphite");
    // So that the server of Grafana asks, not the browser, which would see the key.
    assert_eq!(settings["access"], "proxy");
    // A text: a number would be 1.1 to one reader, and something else to another.
    assert_eq!(settings["jsonData"]["graphiteVersion"], "1.1");
    assert_eq!(settings["jsonData"]["graphiteType"], "default");
    let open = settings["jsonData"].to_string() + &settings["url"].to_string();
    assert!(
        !open.contains("KEY"),
        "a key stands where everybody sees it: {open}"
    );
}

/// The settings with what their reader puts in.
fn filled(settings: &Value, replacements: &[(&str, &str)]) -> Value {
    let mut text = settings.to_string();
    for (from, to) in replacements {
        assert!(text.contains(from), "no `{from}` in {text}");
        text = text.replace(from, to);
    }
    serde_json::from_str(&text).unwrap()
}

/// A key of the owner that reaches one domain.
fn key(server: &Server, domain: &str) -> String {
    let token = server.token();
    let who = server.request("GET", "/identity/userinfo").bearer(&token);
    let body = json!({
        "name": "grafana", "iam_id": who.send().json()["iam_id"], "reach": {"domain": domain},
    });
    let made = server.request("POST", "/v1/apikeys").bearer(&token);
    let made = made.json(&body).send();
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["apikey"].as_str().unwrap().to_owned()
}

fn store(server: &Server, domain: &str, name: &str) {
    let sent = server
        .request("POST", "/v1/metrics")
        .header("X-Auth-User-Token", &format!("iam {}", server.token()))
        .header("X-Auth-Scope-Id", domain)
        .json(&json!([{"name": name, "value": 1}]))
        .send();
    assert_eq!(sent.status, 200, "{}", sent.text());
}

/// Grafana's requests after a click on *Save & test*, and for the first names.
fn works(source: &Source, names: &[&str]) {
    let form = "target=constantLine(100)&from=-1h&until=now&format=json&maxDataPoints=100";
    let answer = source.json("POST", "/render", Some(form));
    assert_eq!(answer[0]["datapoints"][0][0], 100, "{answer}");
    let version = source.ask("GET", "/version", None);
    assert_eq!(version.status, 200, "{}", version.text());
    assert_eq!(source.names("*"), names);
}

#[test]
fn a_data_source_of_the_guide_reads_its_domain() {
    let server = Server::start();
    let (url, domain) = (server.serving.url(), format!("s-{}", server.owner.space));
    let key = key(&server, &domain);
    store(&server, &domain, "shop.eu.orders");
    let file = yaml(&blocks("yaml")[0]);
    assert_eq!(file["apiVersion"], 1);
    let of_file = &file["datasources"][0];
    let of_api: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    for (settings, placeholder) in [(of_file, "$VIGIE_KEY"), (&of_api, "KEY")] {
        is_one(settings);
        let settings = filled(
            settings,
            &[
                ("http://127.0.0.1:8080", &url),
                (placeholder, &key),
                ("s-SPACE", &domain),
            ],
        );
        works(&Source::of_settings(&settings), &["shop"]);
    }
    let by_path: Value = serde_json::from_str(&blocks("json")[1]).unwrap();
    is_one(&by_path);
    let by_path = filled(
        &by_path,
        &[
            ("http://127.0.0.1:8080", &url),
            ("s-SPACE", &domain),
            ("KEY", &key),
        ],
    );
    works(&Source::of_settings(&by_path), &["shop"]);
    // What the API takes is what the file says.
    let mut of_file = of_file.clone();
    of_file.as_object_mut().unwrap().remove("editable");
    assert_eq!(filled(&of_file, &[("$VIGIE_KEY", "KEY")]), of_api);
}

#[test]
fn each_team_of_the_guide_reads_its_own_domain_alone() {
    let server = Server::start();
    let url = server.serving.url();
    let (shop, warehouse) = (
        format!("s-{}", server.owner.space),
        format!("o-{}", server.owner.org),
    );
    store(&server, &shop, "shop.orders");
    store(&server, &warehouse, "warehouse.stock");
    let file = yaml(&blocks("yaml")[1]);
    let keys = [key(&server, &shop), key(&server, &warehouse)];
    let all = file["datasources"].as_array().unwrap();
    let [first, second] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_ne!(first["uid"], second["uid"]);
    assert_ne!(first["orgId"], second["orgId"]);
    let address = ("http://127.0.0.1:8080", url.as_str());
    let sources = [
        filled(
            first,
            &[address, ("$VIGIE_KEY_SHOP", &keys[0]), ("s-SPACE", &shop)],
        ),
        filled(
            second,
            &[
                address,
                ("$VIGIE_KEY_WAREHOUSE", &keys[1]),
                ("s-OTHER", &warehouse),
            ],
        ),
    ];
    for (settings, name) in sources.iter().zip(["shop", "warehouse"]) {
        is_one(settings);
        works(&Source::of_settings(settings), &[name]);
    }
    // The key of one with the domain of the other.
    let crossed = Source::by_headers(&server, &keys[0], &warehouse);
    let refused = crossed.ask("POST", "/metrics/find", Some("query=*"));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "BXNMSRI17E")
    );
}
