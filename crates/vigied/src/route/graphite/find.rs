//! `GET /metrics/find`, `/metrics/expand` and `/metrics/index.json`: the names of series.

use super::answering::{Asked, answer, json_type, write_json};
use super::glob::Glob;
use super::parameters::{Parameters, invalid, time};
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::admission::Admission;
use crate::request::caller::Caller;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::store::{FindQuery, Node};
use base::time::TimeRange;
use http::HeaderMap;
use std::sync::Arc;
use wire::code;
use wire::find::graphite::{self, Found};

/// `GET /metrics/find`.
pub(crate) async fn find(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: Admission,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    let media_type = json_type(&parameters)?;
    answer(&app, (caller, admission), &headers, parameters, media_type, write_found).await
}

/// `GET /metrics/expand`.
pub(crate) async fn expand(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: Admission,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    let media_type = json_type(&parameters)?;
    answer(&app, (caller, admission), &headers, parameters, media_type, write_expanded).await
}

/// `GET /metrics/index.json`.
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: Admission,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    let media_type = json_type(&parameters)?;
    answer(&app, (caller, admission), &headers, parameters, media_type, write_index).await
}

/// The nodes that fit a path.
fn nodes(
    asked: &Asked,
    answer: &Answer,
    path: &str,
    range: Option<TimeRange>,
) -> Result<Vec<Node>, Refusal> {
    let Some(glob) = Glob::parse(path) else {
        return Ok(Vec::new());
    };
    let context = answer.context();
    let query = FindQuery {
        selector: &glob.selector,
        range,
    };
    let mut nodes = asked.app.store.find(&asked.scope, &query, &context)?;
    nodes.retain(|node| glob.means(&node.path));
    Ok(nodes)
}

/// Each node as a branch, a leaf or both.
fn found(nodes: &[Node], leaves_only: bool) -> Vec<Found<'_>> {
    let mut found = Vec::with_capacity(nodes.len());
    for node in nodes {
        if node.branch && !leaves_only {
            found.push(Found { path: &node.path, is_leaf: false });
        }
        if node.leaf {
            found.push(Found { path: &node.path, is_leaf: true });
        }
    }
    found
}

fn write_found(asked: &Asked, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let clock = parameters.clock(&asked.app)?;
    let query = match parameters.last("query") {
        Some(query) if !query.is_empty() => query.to_owned(),
        _ => return Err(Refusal(code::QUERY_MISSING.problem("`query` is missing or empty").field("query"))),
    };
    // Times are read, and refused where they are none; branches have no interval, so they narrow nothing.
    for name in ["from", "until"] {
        match parameters.last(name) {
            None | Some("" | "-1") => {}
            Some(text) => {
                time(text, clock.now, &clock.zone, if name == "from" { "from" } else { "until" })?;
            }
        }
    }
    let leaves_only = parameters.integer("leavesOnly")?.unwrap_or(0) != 0;
    let with_wildcard = parameters.integer("wildcards")?.unwrap_or(0) != 0;
    let position = parameters.integer("position")?.unwrap_or(-1);
    let with_variants = parameters.integer("automatic_variants")?.unwrap_or(0) != 0;
    let format = parameters.last("format").unwrap_or("treejson");
    let path = match format {
        "completer" => graphite::completer_query(&query, with_variants),
        _ => query.clone(),
    };
    let nodes = nodes(asked, answer, &path, None)?;
    let mut found = found(&nodes, leaves_only);
    graphite::sort(&mut found);
    let shown = match format {
        "treejson" => graphite::tree(&found, &query, with_wildcard),
        "completer" => graphite::completer(&found, with_wildcard),
        "json" => graphite::nodes(&found, (0, clock.now.secs())),
        "nodelist" => graphite::node_list(&found, position),
        other => {
            let other = wire::excerpt::beginning(other);
            let formats = "treejson, completer, json or nodelist";
            return Err(invalid("format", format!("`format` is {formats}, not `{other}`")));
        }
    };
    write_json(asked, answer, &shown.to_string())
}

fn write_expanded(asked: &Asked, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let leaves_only = parameters.integer("leavesOnly")?.unwrap_or(0) != 0;
    let by_query = parameters.integer("groupByExpr")?.unwrap_or(0) != 0;
    let queries = parameters.all("query");
    let mut all = Vec::with_capacity(queries.len());
    for query in &queries {
        all.push((*query, nodes(asked, answer, query, None)?));
    }
    let queries = all.iter().map(|(query, nodes)| (*query, found(nodes, leaves_only)));
    let shown = graphite::expanded(queries, by_query);
    write_json(asked, answer, &shown.to_string())
}

fn write_index(asked: &Asked, answer: &mut Answer) -> Result<(), Refusal> {
    let nodes = nodes(asked, answer, "**", None)?;
    super::answering::open(asked, answer)?;
    answer.out.push(b'[');
    let mut is_first = true;
    for node in nodes.iter().filter(|node| node.leaf) {
        if !std::mem::take(&mut is_first) {
            answer.out.push(b',');
        }
        // Writing into memory can't fail.
        let _ = serde_json::to_writer(&mut answer.out, &node.path);
        answer.step().map_err(base::store::StoreError::Stopped)?;
    }
    answer.out.push(b']');
    super::answering::close(asked, answer)
}
