//! The members that bodies of the management interface have: any other is refused before what a test is about.

use serde_json::{Map, Value};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(wire::openapi::iam_document);

/// Whether a path is that of a route, whose parameters stand in braces.
fn is_of(route: &str, path: &str) -> bool {
    let parts = |text: &str| text.split('/').count();
    let mut both = route.split('/').zip(path.split('/'));
    parts(route) == parts(path) && both.all(|(known, part)| known == part || known.starts_with('{'))
}

/// The members that the route takes, where its body is an object of the management interface.
fn of_route(method: &str, path: &str) -> Option<&'static Map<String, Value>> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut operations = paths.iter().filter_map(|(route, item)| {
        let operation = item.get(method.to_lowercase())?;
        is_of(route, path).then_some(operation)
    });
    let body = operations.find_map(|operation| {
        operation.pointer("/requestBody/content/application~1json/schema/$ref")
    })?;
    let schema = body.as_str().unwrap().trim_start_matches('#');
    DOCUMENT.pointer(schema)?["properties"].as_object()
}

/// Takes the members out of a body that the route does not have.
pub(super) fn keep_known(method: &str, path: &str, body: &mut Value) {
    if let (Some(known), Some(members)) = (of_route(method, path), body.as_object_mut()) {
        members.retain(|name, _| known.contains_key(name));
    }
}

#[test]
fn members_are_those_of_the_route() {
    for (method, path, kept) in [
        ("POST", "/v1/apikeys", "name iam_id"),
        ("PUT", "/v1/apikeys/{key}", "name"),
        ("PUT", "/v2/spaces/{space}/developers", "username"),
        ("PATCH", "/v2/accounts/a/users/b", ""),
        ("POST", "/v1/metrics", "name iam_id username"),
    ] {
        let mut body = serde_json::json!({"name": "a", "iam_id": "b", "username": "c"});
        keep_known(method, path, &mut body);
        let expected: Vec<&str> = kept.split_whitespace().collect();
        let members = body.as_object().unwrap();
        assert_eq!(members.len(), expected.len(), "{path}: {body}");
        assert!(
            expected.iter().all(|name| members.contains_key(*name)),
            "{path}: {body}"
        );
    }
}
