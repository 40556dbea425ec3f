//! `/query` of InfluxDB 1, for the statements that senders send before they write: `CREATE DATABASE`, which changes nothing,
//! because spaces are made by `vigie account space-create`, and `SHOW DATABASES`, which lists none. Only a write tells whether a
//! space exists.

use super::answer::mark;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::request::form_body::FormBody;
use crate::route::reply::json;
use axum::extract::RawQuery;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use wire::code;
use wire::excerpt;
use wire::query::Query;

/// The most statements of a request.
const STATEMENTS_MAX: usize = 16;

/// `GET /query`.
pub(crate) async fn query(_: Caller, RawQuery(raw): RawQuery) -> Result<Response, Refusal> {
    answered(raw.as_deref().unwrap_or_default().as_bytes(), b"")
}

/// `POST /query`: the statement stands in the URL or in a form.
pub(crate) async fn query_post(
    _: Caller,
    RawQuery(raw): RawQuery,
    FormBody(form): FormBody,
) -> Result<Response, Refusal> {
    answered(raw.as_deref().unwrap_or_default().as_bytes(), &form)
}

fn answered(url: &[u8], form: &[u8]) -> Result<Response, Refusal> {
    let mut text = None;
    for raw in [url, form] {
        let query = Query::parse_bytes(raw)
            .map_err(|error| code::REQUEST_MALFORMED.problem(error.to_string()))?;
        let value = query.one("q").map_err(|error| {
            code::PARAMETER_INVALID
                .problem(error.to_string())
                .field("q")
        })?;
        text = text.or_else(|| value.map(str::to_owned));
    }
    let Some(text) = text else {
        let problem = code::QUERY_MISSING.problem("missing required parameter \"q\"");
        return Err(Refusal(problem.field("q")));
    };
    let statements = text.split(';').map(str::trim);
    let statements: Vec<&str> = statements
        .filter(|statement| !statement.is_empty())
        .collect();
    if statements.len() > STATEMENTS_MAX {
        let message = format!("more than {STATEMENTS_MAX} statements at once");
        return Err(Refusal(code::PARAMETER_INVALID.problem(message).field("q")));
    }
    let results: Result<Vec<Value>, Refusal> = (0..)
        .zip(statements)
        .map(|(id, statement)| result(id, statement))
        .collect();
    let mut response = json(StatusCode::OK, &json!({ "results": results? }))?;
    mark(response.headers_mut());
    Ok(response)
}

fn result(id: usize, statement: &str) -> Result<Value, Refusal> {
    let mut words = statement.split_whitespace();
    let mut next_is = |word: &str| {
        words
            .next()
            .is_some_and(|next| next.eq_ignore_ascii_case(word))
    };
    let is_create = next_is("create");
    let is_database = next_is("database");
    if is_create && is_database {
        return Ok(json!({ "statement_id": id }));
    }
    let mut words = statement.split_whitespace();
    let mut next_is = |word: &str| {
        words
            .next()
            .is_some_and(|next| next.eq_ignore_ascii_case(word))
    };
    if next_is("show") && next_is("databases") {
        let none = json!({ "name": "databases", "columns": ["name"], "values": [] });
        return Ok(json!({ "statement_id": id, "series": [none] }));
    }
    let shortened = excerpt::beginning(statement);
    let problem = code::PARAMETER_INVALID.problem(format!(
        "`{shortened}` is not answered: InfluxDB's interface is for writing here"
    ));
    Err(Refusal(
        problem
            .hint("read with `GET /v1/metrics`, `/render` or `vigie metrics get`")
            .field("q"),
    ))
}
