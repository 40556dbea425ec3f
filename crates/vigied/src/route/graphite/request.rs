//! The common part of these routes: each request is a query of its own, whose answer has the requested media type.

use super::parameters::{Parameters, invalid};
use crate::app::App;
use crate::http::accept_encoding::{self, EncodingChoice};
use crate::http::problem::Refusal;
use crate::query::{self, answer::Answer};
use crate::request::caller::Caller;
use crate::request::presented_credential::CredentialHeader;
use crate::request::request_access::RequestAccess;
use axum::response::Response;
use base::scope::Scope;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use std::sync::Arc;

pub(super) const JSON: &str = "application/json";
pub(super) const SCRIPT: &str = "text/javascript";

/// A request and its caller.
pub(super) struct GraphiteRequest {
    pub(super) app: Arc<App>,
    pub(super) scope: Scope,
    pub(super) parameters: Parameters,
}

/// Writes the answer of a route.
pub(super) type Work = fn(&GraphiteRequest, &mut Answer) -> Result<(), Refusal>;

/// A route for GET, and the same for POST, whose parameters may be in a form as well.
macro_rules! routes {
    ($($(#[$doc:meta])* $get:ident, $post:ident: $media_type:expr => $work:expr;)*) => {
        $($(#[$doc])*
        pub(crate) async fn $get(
            axum::extract::State(app): axum::extract::State<std::sync::Arc<crate::app::App>>,
            caller: crate::request::caller::Caller,
            admission: crate::request::request_access::RequestAccess,
            headers: http::HeaderMap,
            axum::extract::RawQuery(url): axum::extract::RawQuery,
        ) -> Result<axum::response::Response, crate::http::problem::Refusal> {
            let parameters = Parameters::parse(url.as_deref(), b"")?;
            let media_type = $media_type(&parameters)?;
            answer(&app, (caller, admission), &headers, parameters, media_type, $work).await
        }

        /// The same with parameters that may be in a form.
        pub(crate) async fn $post(
            axum::extract::State(app): axum::extract::State<std::sync::Arc<crate::app::App>>,
            caller: crate::request::caller::Caller,
            admission: crate::request::request_access::RequestAccess,
            headers: http::HeaderMap,
            axum::extract::RawQuery(url): axum::extract::RawQuery,
            crate::request::form_body::FormBody(form): crate::request::form_body::FormBody,
        ) -> Result<axum::response::Response, crate::http::problem::Refusal> {
            let parameters = Parameters::parse(url.as_deref(), &form)?;
            let media_type = $media_type(&parameters)?;
            answer(&app, (caller, admission), &headers, parameters, media_type, $work).await
        })*
    };
}
pub(super) use routes;

/// A route for GET about the one thing that its path names, which becomes a parameter of this name; answered in JSON.
macro_rules! routes_of_one {
    ($($(#[$doc:meta])* $get:ident, $key:literal => $work:expr;)*) => {
        $($(#[$doc])*
        pub(crate) async fn $get(
            axum::extract::State(app): axum::extract::State<std::sync::Arc<crate::app::App>>,
            caller: crate::request::caller::Caller,
            admission: crate::request::request_access::RequestAccess,
            axum::extract::Path(named): axum::extract::Path<String>,
            headers: http::HeaderMap,
            axum::extract::RawQuery(url): axum::extract::RawQuery,
        ) -> Result<axum::response::Response, crate::http::problem::Refusal> {
            let parameters = Parameters::parse(url.as_deref(), b"")?.with($key, named);
            let media_type = json_type(&parameters)?;
            answer(&app, (caller, admission), &headers, parameters, media_type, $work).await
        })*
    };
}
pub(super) use routes_of_one;

/// Answers with the output of `work`, as `media_type`.
pub(super) async fn answer(
    app: &Arc<App>,
    (caller, admission): (Caller, RequestAccess),
    headers: &HeaderMap,
    parameters: Parameters,
    media_type: &'static str,
    work: Work,
) -> Result<Response, Refusal> {
    if caller.way == CredentialHeader::Basic && callback(&parameters)?.is_some() {
        // A browser sends such a credential by itself, and any page may load a script from this server.
        return Err(invalid(
            "jsonp",
            "`jsonp` is not answered to a credential that came by `Authorization: Basic`"
                .to_owned(),
        ));
    }
    let scope = caller.scope.with_implied_find();
    let asked = GraphiteRequest {
        app: Arc::clone(app),
        scope: scope.clone(),
        parameters,
    };
    let answered = query::answer(
        &app.queries,
        (&scope, Box::new(admission)),
        accepted(headers, media_type),
        move |answer| {
            // Other texts end their last line themselves.
            answer.is_text = matches!(media_type, JSON | SCRIPT);
            work(&asked, answer)
        },
    );
    let mut response = answered.await?;
    let headers_out = response.headers_mut();
    headers_out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers_out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers_out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Ok(response)
}

/// A picture is packed already, and packed again only for clients that take nothing else.
fn accepted(headers: &HeaderMap, media_type: &str) -> EncodingChoice {
    let is_packed = matches!(media_type, "image/png" | "application/x-pdf");
    match accept_encoding::of(headers) {
        EncodingChoice::Packed(_) if is_packed => EncodingChoice::Plain,
        accepted => accepted,
    }
}

/// The media type of JSON, which is a script where a callback is named.
pub(super) fn json_type(parameters: &Parameters) -> Result<&'static str, Refusal> {
    Ok(match callback(parameters)? {
        Some(_) => SCRIPT,
        None => JSON,
    })
}

/// The name of the function that the answer calls: a name, or several with dots between them.
pub(super) fn callback(parameters: &Parameters) -> Result<Option<&str>, Refusal> {
    let Some(name) = parameters.last("jsonp").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let is_name = |part: &str| {
        let mut characters = part.chars();
        let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
        characters.next().is_some_and(begins) && characters.all(|c| begins(c) || c.is_ascii_digit())
    };
    if name.len() > 100 || !name.split('.').all(is_name) {
        let name = wire::excerpt::beginning(name);
        return Err(invalid(
            "jsonp",
            format!("`jsonp` is the name of a function, not `{name}`"),
        ));
    }
    Ok(Some(name))
}

/// Whether JSON is asked for on several lines, by anything that `pretty` says.
pub(super) fn is_pretty(parameters: &Parameters) -> bool {
    parameters
        .last("pretty")
        .is_some_and(|parameter| !parameter.is_empty())
}

/// A value as JSON, on several lines where that is asked for.
pub(super) fn json_text(asked: &GraphiteRequest, value: &Value) -> String {
    if is_pretty(&asked.parameters) {
        format!("{value:#}")
    } else {
        value.to_string()
    }
}

/// Writes JSON in one piece, within the callback where one is named.
pub(super) fn write_json(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    json: &str,
) -> Result<(), Refusal> {
    open(asked, answer)?;
    answer.out.extend_from_slice(json.as_bytes());
    close(asked, answer)
}

/// Writes what stands before the JSON of an answer.
pub(super) fn open(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    if let Some(name) = callback(&asked.parameters)? {
        answer.out.extend_from_slice(name.as_bytes());
        answer.out.push(b'(');
    }
    Ok(())
}

/// Writes what follows it.
pub(super) fn close(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    if callback(&asked.parameters)?.is_some() {
        answer.out.push(b')');
    }
    Ok(())
}
