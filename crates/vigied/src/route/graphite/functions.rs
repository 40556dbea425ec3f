//! `GET /functions` and `/functions/{name}`: the functions of targets.

use super::parameters::Parameters;
use super::request::{GraphiteRequest, answer, is_pretty, json_type, routes_of_one, write_json};
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use query::table::{self, describe, pie};
use serde_json::Value;
use std::sync::Arc;
use wire::code;

/// `GET /functions`.
pub(crate) async fn functions(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    let media_type = json_type(&parameters)?;
    answer(
        &app,
        (caller, admission),
        &headers,
        parameters,
        media_type,
        write,
    )
    .await
}

fn write(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let is_grouped = parameters.is_set("grouped");
    let group = parameters.last("group");
    let description = match is_of_pies(parameters) {
        true => pie::list(group, is_grouped),
        false => describe::list(group, is_grouped),
    };
    write_json(asked, answer, &text(parameters, &description))
}

/// Whether the functions of pies are asked for, which make one number of a series, and not those of targets.
fn is_of_pies(parameters: &Parameters) -> bool {
    parameters.last("type") == Some("pie")
}

fn text(parameters: &Parameters, document: &Value) -> String {
    if is_pretty(parameters) {
        describe::pretty(document)
    } else {
        describe::text(document)
    }
}

routes_of_one! {
    /// `GET /functions/{name}`.
    function, "name" => write_one;
}

fn write_one(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let name = parameters.last("name").unwrap_or_default();
    let found = match is_of_pies(parameters) {
        true => pie::one(name),
        false => describe::one(name),
    };
    let Some(description) = found else {
        let message = format!("there is no function `{}`", wire::excerpt::beginning(name));
        let problem = code::FUNCTION_UNKNOWN.problem(message).field("name");
        return Err(Refusal(match table::nearest(name) {
            Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
            None => problem,
        }));
    };
    write_json(asked, answer, &text(parameters, &description))
}
