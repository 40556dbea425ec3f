//! The reference of the interfaces, as a page to read: the OpenAPI documents, route by route, with the guard that the
//! server's own table names.

use super::chapters::CHAPTERS;
use super::forms::form;
use crate::access::{Route, routes};
use crate::contract::schema::{Document, check};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const INTRODUCTION: &str = "\
# The interfaces

Generated from [`openapi/vigie.json`](../../openapi/vigie.json) and [`openapi/iam.json`](../../openapi/iam.json), which a
test holds against the running server.

A credential goes into one of two headers: `X-Auth-User-Token: iam TOKEN` (also `apikey KEY` or `uaa TOKEN`), or
`Authorization: Bearer TOKEN`. On routes of metrics `Authorization` may also be `Bearer KEY`, or `Basic` with `apikey` and a key as
user name and password; Graphite's routes may also stand behind the domain, as `/graphite/s-GUID/render`.
[Credentials and tokens](../concepts/tokens.md) explains what a credential opens; [errors](errors.md) explains the code of a refusal. Every answer
carries `Transaction-Id`: quote it when you ask about a request.
";

/// The requirements of a guard.
fn guard_text(guard: &str) -> &'static str {
    match guard {
        "public" => "everyone, without a credential",
        "credential" => {
            "a caller with the proof in the body; `Authorization: Basic` names the client (`bx:bx` for IAM, `cf:` for the UAA)"
        }
        "identity" => {
            "a caller with a valid token; their roles decide what they may see and change"
        }
        "domain.write" => "a caller who may send to the domain",
        "domain.render" => "a caller who may query the domain",
        "domain.find" => "a caller who may list the domain",
        "domain.names" => "a caller who may list or query the domain",
        "domain.delete" => "a caller who may delete from the domain",
        "domain.configure" => "a caller who may change the settings of the domain",
        other => panic!("teach this test what the guard `{other}` asks for"),
    }
}

/// The whole page.
pub(super) fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    let files = ["vigie.json", "iam.json"];
    let usual = usual_refusals(&files);
    push_usual(&mut text, &usual);
    let routes = routes();
    let mut documented = 0;
    for (title, file, begins) in CHAPTERS {
        let document = Document::committed(file);
        let _ = write!(text, "\n## {title}\n");
        for route in routes.iter().filter(|route| chapter(route) == Some(title)) {
            let operation = document.operation(&route.method, &route.path);
            let operation = operation
                .unwrap_or_else(|| panic!("{} {} is not in {file}", route.method, begins[0]));
            push_route(&mut text, &document, route, operation, &usual);
            documented += 1;
        }
    }
    assert_eq!(documented, routes.len(), "a route is in no chapter");
    text.push_str("\n## Types\n\nFields marked `*` are always there.\n");
    for file in files {
        let document = Document::committed(file);
        for (name, schema) in document.schemas() {
            push_type(&mut text, name, schema);
        }
    }
    text
}

fn chapter(route: &Route) -> Option<&'static str> {
    CHAPTERS
        .iter()
        .find(|(_, _, begins)| begins.iter().any(|begin| is_under(&route.path, begin)))
        .map(|(title, ..)| *title)
}

/// The front door is no room that all others lie in.
fn is_under(path: &str, begin: &str) -> bool {
    path == begin || (begin != "/" && path.starts_with(begin))
}

fn push_route(
    text: &mut String,
    document: &Document,
    route: &Route,
    operation: &Value,
    usual: &Usual,
) {
    let Route {
        method,
        path,
        guard,
    } = route;
    let summary = words(operation, "summary");
    let _ = write!(text, "\n### `{method} {path}`\n\n{summary}.\n\n");
    let _ = writeln!(text, "For: {}.", guard_text(guard));
    let parameters = operation["parameters"].as_array().unwrap();
    if !parameters.is_empty() {
        text.push_str("\n| parameter | in | meaning |\n|---|---|---|\n");
        for parameter in parameters {
            let needed = if parameter["required"] == true {
                "*"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "| `{}`{needed} | {} | {}{} |",
                words(parameter, "name"),
                words(parameter, "in"),
                cell(words(parameter, "description")),
                choices(&parameter["schema"]),
            );
        }
    }
    if let Some(body) = operation.get("requestBody") {
        for (kind, content) in body["content"].as_object().unwrap() {
            push_body(text, kind, &content["schema"], body["required"] == true);
        }
    }
    push_answers(text, operation["responses"].as_object().unwrap(), usual);
    push_example(text, document, route, operation);
}

fn push_body(text: &mut String, kind: &str, schema: &Value, required: bool) {
    let may = if required { "" } else { ", may be left out" };
    // One sample or a list of them: the fields are those of the one.
    let one = schema["oneOf"]
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| kind["type"] == "object"));
    let what = match (one, schema["properties"].is_object()) {
        (Some(_), _) => "a list of objects with these fields, or one such object".to_owned(),
        (None, true) => "these fields".to_owned(),
        (None, false) => type_text(schema),
    };
    let _ = write!(text, "\nBody (`{kind}`{may}): {what}.\n");
    push_fields(text, one.unwrap_or(schema));
}

fn push_fields(text: &mut String, schema: &Value) {
    let Some(fields) = schema["properties"].as_object() else {
        return;
    };
    let needed = required(schema);
    text.push_str("\n| field | type | meaning |\n|---|---|---|\n");
    for (name, field) in fields {
        let mark = if needed.contains(name.as_str()) {
            "*"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| `{name}`{mark} | {} | {}{} |",
            type_text(field),
            cell(description(field)),
            choices(field),
        );
    }
}

/// Refusals that many routes share, as (status, meaning).
type Usual = BTreeSet<(String, String)>;

fn usual_refusals(files: &[&str]) -> Usual {
    let mut counts = BTreeMap::new();
    for file in files {
        let document = Document::committed(file);
        for operation in document.operations() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let refusal = (status.clone(), words(response, "description").to_owned());
                *counts.entry(refusal).or_insert(0) += 1;
            }
        }
    }
    counts.retain(|(status, _), count| *count > 3 && status.as_str() >= "4");
    counts.into_keys().collect()
}

fn push_usual(text: &mut String, usual: &Usual) {
    text.push_str("\nMost routes share these refusals; below, a route lists their statuses, and tells the others. A method that a path does not have is answered with 405, in the form of its interface.\n\n| status | meaning |\n|---|---|\n");
    for (status, meaning) in usual {
        let _ = writeln!(text, "| {status} | {} |", cell(meaning));
    }
}

fn push_answers(text: &mut String, responses: &Map<String, Value>, usual: &Usual) {
    text.push_str("\n| status | answer | body |\n|---|---|---|\n");
    let mut refusals: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (status, response) in responses {
        let meaning = words(response, "description");
        let contents = response.get("content").and_then(Value::as_object);
        let body: Vec<String> = contents
            .into_iter()
            .flatten()
            .map(|(kind, content)| match kind.as_str() {
                "application/json" => type_text(&content["schema"]),
                other => format!("`{other}`"),
            })
            .collect();
        let body = if body.is_empty() {
            "none".to_owned()
        } else {
            body.join(" or ")
        };
        if usual.contains(&(status.clone(), meaning.to_owned())) {
            refusals.entry(body).or_default().push(status);
        } else {
            let _ = writeln!(text, "| {status} | {} | {body} |", cell(meaning));
        }
    }
    for (body, statuses) in refusals {
        let _ = writeln!(text, "| {} | a refusal | {body} |", statuses.join(", "));
    }
}

/// A request that the document allows, with the least it needs.
fn push_example(text: &mut String, document: &Document, route: &Route, operation: &Value) {
    let mut path = route.path.clone();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().unwrap() {
        let name = words(parameter, "name");
        match words(parameter, "in") {
            "path" => {
                let value = match parameter["schema"]["enum"].get(0) {
                    Some(word) => word.as_str().unwrap().to_owned(),
                    None => name.to_uppercase(),
                };
                path = path.replace(&format!("{{{name}}}"), &value);
            }
            "query" if parameter["required"] == true => {
                // What writes takes a series; what reads takes a pattern of them.
                let value = match route.guard.as_str() {
                    "domain.write" => "shop.orders;country=fr",
                    _ => "shop.*",
                };
                query.push(format!("{name}={value}"));
            }
            _ => {}
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let _ = write!(text, "\n```http\n{} {path}\n", route.method);
    match route.guard.as_str() {
        "public" | "watcher" => {}
        "credential" if route.path.starts_with("/oauth") => {
            text.push_str("Authorization: Basic Y2Y6\n");
        }
        "credential" => text.push_str("Authorization: Basic Yng6Yng=\n"),
        guard => {
            text.push_str("X-Auth-User-Token: iam TOKEN\n");
            if guard.starts_with("domain.") {
                text.push_str("X-Auth-Scope-Id: s-SPACE\n");
            }
        }
    }
    let contents = operation["requestBody"]["content"].as_object();
    if let Some((kind, content)) = contents.and_then(|contents| contents.iter().next()) {
        let schema = &content["schema"];
        let _ = write!(text, "Content-Type: {kind}\n\n");
        if kind == "application/json" {
            let body = match content.get("example") {
                Some(body) => body.clone(),
                None => example(document, schema, ""),
            };
            check(document, schema, &body, "the example").unwrap();
            let _ = writeln!(text, "{body}");
        } else {
            let _ = writeln!(text, "{}", form(route, schema));
        }
    }
    text.push_str("```\n");
}

/// A value of a schema: of an object what is required, or all of it where nothing is.
fn example(document: &Document, schema: &Value, name: &str) -> Value {
    if let Some(pointer) = schema["$ref"].as_str() {
        return example(document, document.resolve(pointer), name);
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        return example(document, &kinds[0], name);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap_or_default(),
    };
    match kind {
        "object" => {
            let needed = required(schema);
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields
                .filter(|(field, _)| needed.is_empty() || needed.contains(field.as_str()))
                .map(|(field, schema)| (field.clone(), example(document, schema, field)))
                .collect::<Map<String, Value>>()
                .into()
        }
        "array" => json!([example(document, &schema["items"], name)]),
        "number" => json!(48.6),
        "integer" => json!(60),
        "boolean" => json!(true),
        _ => text_example(name).into(),
    }
}

fn text_example(name: &str) -> &'static str {
    match name {
        "name" => "shop",
        "email" | "username" | "user" => "ada@example.org",
        "iam_id" => "IBMid-GUID",
        "organization_guid" => "ORG",
        "region" | "region_guid" => "local",
        "account_id" => "ACCOUNT",
        "current_password" => "OLD-PASSWORD",
        "new_password" => "NEW-PASSWORD",
        _ => "TEXT",
    }
}

fn push_type(text: &mut String, name: &str, schema: &Value) {
    let _ = write!(text, "\n### {name}\n");
    let description = description(schema);
    if !description.is_empty() {
        let _ = write!(text, "\n{description}\n");
    }
    if schema["properties"].is_object() {
        push_fields(text, schema);
    } else {
        let _ = write!(text, "\n{}\n", type_text(schema));
    }
}

/// A type in words, linked where it has a name.
fn type_text(schema: &Value) -> String {
    if let Some(pointer) = schema["$ref"].as_str() {
        let name = pointer.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    let several = schema["oneOf"]
        .as_array()
        .or_else(|| schema["anyOf"].as_array());
    if let Some(kinds) = several {
        let kinds: Vec<String> = kinds.iter().map(type_text).collect();
        return kinds.join(" or ");
    }
    let one = |kind: &str| match kind {
        "array" => match &schema["prefixItems"] {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(type_text).collect();
                format!("pair of {}", items.join(" and "))
            }
            _ => format!("list of {}", type_text(&schema["items"])),
        },
        "object" => match schema["properties"].as_object() {
            Some(fields) if !fields.is_empty() => {
                let fields: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
                format!("object with {}", fields.join(", "))
            }
            _ => "object".to_owned(),
        },
        "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|kind| one(kind.as_str().unwrap()))
                .collect();
            kinds.join(" or ")
        }
        Value::String(kind) => one(kind),
        _ => "anything".to_owned(),
    }
}

/// The remaining facts of a value: its permitted words, and its default.
fn choices(schema: &Value) -> String {
    let mut text = String::new();
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap()))
            .collect();
        let _ = write!(text, "; one of {}", words.join(", "));
    }
    match &schema["default"] {
        Value::Null => {}
        Value::String(word) if word.is_empty() => {}
        Value::String(word) => {
            let _ = write!(text, "; `{word}` by default");
        }
        other => {
            let _ = write!(text, "; `{other}` by default");
        }
    }
    text
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn description(schema: &Value) -> &str {
    let of_one = || schema["oneOf"][0]["description"].as_str();
    schema["description"]
        .as_str()
        .or_else(of_one)
        .unwrap_or_default()
        .trim_end_matches('.')
}

fn words<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// A text that does not end the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
