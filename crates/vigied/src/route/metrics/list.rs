//! `GET /v1/metrics/list`.

use super::question::{invalid, parameter, pattern, query_of, times};
use super::terms::terms;
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Refusal;
use crate::route::reply::{blocking, json_bytes};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::store::FindQuery;
use http::StatusCode;
use std::sync::Arc;

/// `GET /v1/metrics/list`: the nodes of the tree that fit the query.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    let pattern = pattern(
        parameter(&query, "query")?
            .filter(|text| !text.is_empty())
            .unwrap_or("*"),
    )?;
    let range = times(&app, &query)?.range;
    let as_nodes = match parameter(&query, "format")? {
        None | Some("paths" | "json") => false,
        Some("nodes") => true,
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `paths` or `nodes`, not `{other}`"),
            ));
        }
    };
    let terms = terms(&app);
    let nodes = blocking(move || {
        app.store.find(
            &caller.scope,
            &FindQuery {
                pattern: &pattern,
                range,
            },
            &terms,
        )
    })
    .await?;
    let body = if as_nodes {
        wire::find::list::write_nodes(&nodes)
    } else {
        wire::find::list::write(&nodes)
    };
    Ok(json_bytes(StatusCode::OK, body))
}
