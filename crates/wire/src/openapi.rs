//! The OpenAPI documents: what the monitoring and the identity interface are, in a form that machines check.
//!
//! Schemas come from the wire types themselves; routes are written down in `vigie`, `graphite`, `events`, `identity` and `cloud_foundry`, and the server's tests
//! compare them with its router. The committed files `openapi/vigie.json` and `openapi/iam.json` are these documents;
//! `VIGIE_UPDATE=1 cargo test -p wire openapi` rewrites them.

mod access_groups;
mod access_policies;
mod access_roles;
mod account_settings;
mod arrivals;
mod build;
mod caller;
mod closed;
mod cloud_foundry;
mod drawing;
mod events;
mod examples;
mod graphite;
mod guarded;
mod identity;
mod identity_limits;
mod influx;
mod invitation;
mod login;
mod mfa;
mod preferences;
mod refusals;
mod reports;
mod resource_groups;
mod resource_instances;
mod resource_keys;
mod service_id_groups;
mod service_ids;
mod sessions;
mod trusted_profiles;
mod user_profiles;
mod vigie;

use serde_json::Value;

/// The monitoring interface.
#[must_use]
pub fn vigie_document() -> Value {
    vigie::document()
}

/// The identity and Cloud Foundry interface.
#[must_use]
pub fn iam_document() -> Value {
    identity::document()
}

/// Every route of both documents: the method in capitals, and the path with its parameters in braces. Sorted.
#[must_use]
pub fn routes() -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for document in [vigie_document(), iam_document()] {
        let paths = document.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten() {
            for method in item.as_object().into_iter().flat_map(serde_json::Map::keys) {
                routes.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes.sort();
    routes
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParameter {
    /// Its name.
    pub name: String,
    /// Whether it may be given several times.
    pub is_list: bool,
}

/// The parameters that the queries of the identity interface may have: for each route the method in capitals, the path, and the
/// parameters.
#[must_use]
pub fn identity_queries() -> Vec<(String, String, Vec<QueryParameter>)> {
    let document = iam_document();
    let paths = document.get("paths").and_then(Value::as_object);
    let mut queries = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let parameters = query_parameters(operation).collect();
            queries.push((method.to_uppercase(), path.clone(), parameters));
        }
    }
    queries
}

/// The parameters that an operation has in its query.
fn query_parameters(operation: &Value) -> impl Iterator<Item = QueryParameter> {
    let all = operation.get("parameters").and_then(Value::as_array);
    let all = all.into_iter().flatten();
    let of_query = all.filter(|parameter| text_at(parameter, "/in") == Some("query"));
    of_query.filter_map(|parameter| {
        Some(QueryParameter {
            name: text_at(parameter, "/name")?.to_owned(),
            is_list: text_at(parameter, "/schema/type") == Some("array"),
        })
    })
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests;
