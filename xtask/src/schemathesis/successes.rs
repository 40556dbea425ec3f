//! Which operations of a document were never answered with success. Behind the refusals of these nothing was tried, and no check of
//! schemathesis says so.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The operations of `document` that are not among the lines of `succeeded`, and how many it has.
pub(super) fn without_success(document: &Value, succeeded: &str) -> (Vec<String>, usize) {
    let succeeded: BTreeSet<&str> = succeeded.lines().collect();
    let paths = document.get("paths").and_then(Value::as_object);
    let mut all: Vec<String> = paths
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flat_map(Map::keys);
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let count = all.len();
    all.retain(|operation| !succeeded.contains(operation.as_str()));
    (all, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_without_success_is_listed_and_what_is_no_operation_counts_for_none() {
        let document = json!({"paths": {
            "/a/{id}": {"get": {}, "delete": {}},
            "/b": {"post": {}},
        }});
        let without = |succeeded| without_success(&document, succeeded);
        let expected = ["DELETE /a/{id}", "POST /b"].map(str::to_owned).to_vec();
        assert_eq!(without("GET /a/{id}\nHEAD /a/{id}\n"), (expected, 3));
        assert_eq!(without("GET /a/{id}\nDELETE /a/{id}\nPOST /b\n").0.len(), 0);
        assert_eq!(without("").0.len(), 3);
    }
}
