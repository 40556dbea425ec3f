//! `GET /v1/metrics/list`.

use super::parameters::{
    NoticeSlot, Times, invalid, parameter, query_of, reserve_tables, selector, times,
};
use super::reading::reading;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::scope::Scope;
use base::store::{FindQuery, StoreError};
use http::HeaderMap;
use std::sync::Arc;
use wire::excerpt::beginning;

/// `GET /v1/metrics/list`: the nodes of the tree that fit the query.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    reading(&app, (caller, admission), &headers, raw, find).await
}

fn find(
    app: &App,
    scope: &Scope,
    raw: Option<&str>,
    notice_slot: &NoticeSlot,
    answer: &mut Answer,
) -> Result<(), Refusal> {
    let query = query_of(raw)?;
    let selector = selector(
        parameter(&query, "query")?
            .filter(|text| !text.is_empty())
            .unwrap_or("*"),
    )?;
    let Times { range, notice, .. } = times(app, &query)?;
    notice_slot.set(notice);
    let as_nodes = match parameter(&query, "format")? {
        None | Some("paths" | "json") => false,
        Some("nodes") => true,
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `paths` or `nodes`, not `{}`", beginning(other)),
            ));
        }
    };
    let find = FindQuery {
        selector: &selector,
        range,
        labelled: true,
    };
    let context = answer.context();
    reserve_tables(&context, &selector)?;
    let nodes = app.store.find(scope, &find, &context)?;
    answer.out.push(b'[');
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            answer.out.push(b',');
        }
        if as_nodes {
            wire::find::list::write_node(&mut answer.out, node);
        } else {
            wire::find::list::write(&mut answer.out, node);
        }
        answer.step().map_err(StoreError::Stopped)?;
    }
    answer.out.push(b']');
    Ok(())
}
