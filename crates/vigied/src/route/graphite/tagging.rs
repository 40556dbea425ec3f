//! `POST /tags/tagSeries` and `/tags/tagMultiSeries`: how a series with tags is written.
//!
//! The tags of a series are part of its name, so there is nothing to keep: a series has them with its first sample.

use super::parameters::{Parameters, invalid};
use super::request::JSON;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::request::form_body::FormBody;
use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Response};
use base::series::SeriesKey;
use http::header;
use serde_json::{Value, json};

/// `POST /tags/tagSeries`: the series as it is written.
pub(crate) async fn tag_series(
    _: Caller,
    RawQuery(url): RawQuery,
    FormBody(form): FormBody,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), &form)?;
    let path = parameters.last("path").ok_or_else(missing)?;
    Ok(json_answer(&json!(written(path)?)))
}

/// `POST /tags/tagMultiSeries`: the same for several.
pub(crate) async fn tag_multi_series(
    _: Caller,
    RawQuery(url): RawQuery,
    FormBody(form): FormBody,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), &form)?;
    let paths = parameters.all("path");
    if paths.is_empty() {
        return Err(missing());
    }
    let all: Vec<String> = paths.into_iter().map(written).collect::<Result<_, _>>()?;
    Ok(json_answer(&json!(all)))
}

fn missing() -> Refusal {
    let message = "`path` is missing: write a series, for example `cpu;host=web1`";
    invalid("path", message.to_owned())
}

fn written(path: &str) -> Result<String, Refusal> {
    let key = SeriesKey::parse_graphite(path).map_err(|error| {
        let path = wire::excerpt::beginning(path);
        invalid("path", format!("`{path}` names no series: {error}"))
    })?;
    Ok(key.graphite().into_owned())
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, JSON)], format!("{value}\n")).into_response()
}
