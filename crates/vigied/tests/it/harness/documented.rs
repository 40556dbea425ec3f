//! Every answer that a test gets has a status that the OpenAPI documents name for its operation.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A path of a document, with the statuses by the method.
#[derive(Debug)]
struct Template {
    /// Its parts; none for a parameter.
    parts: Vec<Option<String>>,
    statuses: BTreeMap<String, BTreeSet<String>>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let documents = [
        wire::openapi::vigie_document(),
        wire::openapi::iam_document(),
    ];
    documents.iter().flat_map(templates).collect()
});

fn templates(document: &Value) -> Vec<Template> {
    let paths = document["paths"].as_object().unwrap().iter();
    let statuses = |operation: &Value| {
        let responses = operation["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    };
    paths
        .map(|(path, item)| Template {
            parts: path.split('/').map(fixed).collect(),
            statuses: (item.as_object().unwrap().iter())
                .map(|(method, operation)| (method.to_uppercase(), statuses(operation)))
                .collect(),
        })
        .collect()
}

/// The part of a path, if it is no parameter.
fn fixed(part: &str) -> Option<String> {
    (!part.starts_with('{')).then(|| part.to_owned())
}

impl Template {
    fn fits(&self, path: &[&str]) -> bool {
        let mut pairs = self.parts.iter().zip(path);
        self.parts.len() == path.len()
            && pairs.all(|(part, given)| match part {
                Some(part) => part == given,
                None => !given.is_empty(),
            })
    }

    /// Where its parameters are: of two that fit, the router takes the one with its first parameter further behind.
    fn parameters(&self) -> Vec<bool> {
        self.parts.iter().map(Option::is_none).collect()
    }
}

/// The statuses that the documents name, of the path of an address. None of what they do not have: there is no such route, or it does
/// not answer to the method.
fn named(method: &str, url: &str) -> Option<&'static BTreeSet<String>> {
    let (_, rest) = url.split_once("://")?;
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path: Vec<&str> = path.split('/').collect();
    let fitting = TEMPLATES.iter().filter(|template| template.fits(&path));
    fitting
        .min_by_key(|template| template.parameters())?
        .statuses
        .get(method)
}

/// Fails where the server answers with another status than the documents name.
pub(super) fn check(method: &str, url: &str, status: u16) {
    if let Some(named) = named(method, url) {
        assert!(
            named.contains(&status.to_string()),
            "{method} {url} answers {status}, and its operation names {named:?}: see `crates/wire/src/openapi`"
        );
    }
}

#[test]
fn an_address_is_of_the_operation_that_the_router_takes() {
    let has = |method: &str, path: &str, status: &str| {
        let named = named(method, &format!("http://127.0.0.1:1{path}"));
        named.map(|named| named.contains(status))
    };
    assert_eq!(has("GET", "/", "200"), Some(true));
    assert_eq!(has("GET", "/v1/apikeys/x?a=/b", "404"), Some(true));
    assert_eq!(has("GET", "/v1/apikeys/details", "200"), Some(true));
    // A path of its own, which does not answer to this.
    assert_eq!(has("DELETE", "/v1/apikeys/details", "204"), None);
    assert_eq!(has("DELETE", "/v1/apikeys/x", "204"), Some(true));
    assert_eq!(has("DELETE", "/v1/apikeys/x", "200"), Some(false));
    assert_eq!(has("GET", "/v1/apikeys/", "404"), None);
    assert_eq!(has("GET", "/v2/spaces/x/managers", "200"), Some(true));
    assert_eq!(has("GET", "/nowhere", "404"), None);
}
