//! One-time codes: a page for people, a route for programs.

use super::cross_site::{self, FormToken};
use super::login_grant::{grant, name_and_password};
use super::reply::json;
use super::token_client::client;
use super::token_form::form;
use super::token_refusal::{missing, wrong};
use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::source::Source;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use iam::flow::grant::{Grant, TokenRequest};
use std::sync::Arc;
use wire::iam::form::Form;
use wire::iam::token::PasscodeReply;
use wire::secret::SecretText;

/// The page loads nothing from anywhere, runs no script, and may not be framed.
const HEADERS: [(header::HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
];

const HEADING: &str = "One-time code";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem;color:#1b2430;background:#f7f8fa}\
label{display:block;margin:1rem 0 .2rem}input{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #98a2b3;border-radius:6px}\
button{margin-top:1.5rem;font:inherit;padding:.5rem 1.2rem;border:0;border-radius:6px;background:#0b5cad;color:#fff}a{color:#0b5cad}\
code{font-size:1.6rem;letter-spacing:.08em}.error{color:#a4161a}\
@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181f}input{background:#1d232d;color:inherit}a{color:#7db4ee}.error{color:#ff8a8a}}";

/// The login page, with a token that later proves that a form was sent from it.
fn login_page(app: &App, status: StatusCode, error: Option<&str>) -> Response {
    let token = FormToken::new();
    let mut response = html(status, HEADING, &login(error, &token));
    let secure = app.public_url.starts_with("https://");
    if let Ok(cookie) = HeaderValue::from_str(&token.cookie(secure)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A page with this heading; `body` is HTML.
pub(super) fn html(status: StatusCode, heading: &str, body: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{heading} · Vigie</title><style>{STYLE}</style></head><body><main><h1>{heading}</h1>{body}</main></body></html>"
    );
    (status, HEADERS, text).into_response()
}

fn login(error: Option<&str>, token: &FormToken) -> String {
    let error = error.map_or_else(String::new, |text| {
        format!("<p class=\"error\" role=\"alert\">{}</p>", escape(text))
    });
    format!(
        "<p>Log in to get the code that <b>vigie login --sso</b> asks for.</p>{error}<form method=\"post\">\
         <label for=\"username\">E-mail</label><input id=\"username\" name=\"username\" autocomplete=\"username\" required autofocus>\
         <label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\
         <input type=\"hidden\" name=\"{}\" value=\"{}\"><button>Get the code</button></form>",
        cross_site::FIELD,
        escape(token.text())
    )
}

/// Escapes a text for HTML, including attribute values.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

pub(super) async fn page(State(app): State<Arc<App>>) -> Response {
    login_page(&app, StatusCode::OK, None)
}

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Result<Response, Refusal> {
    cross_site::form_is_sent_as_one(&headers)?;
    let form = form(&headers, &body)?;
    if let Err(reason) = cross_site::check(&headers, &form, &app.public_url) {
        return Ok(login_page(&app, StatusCode::FORBIDDEN, Some(reason)));
    }
    if form.get("grant_type").is_none() {
        return from_page(&app, source, &form).await;
    }
    let grant = grant(&form)?;
    if !matches!(grant, Grant::RefreshToken(_)) {
        return Err(wrong("grant_type must be `refresh_token` here"));
    }
    let client = client(&app, &headers, &form)?;
    let passcode = app
        .iam
        .passcode(TokenRequest {
            grant,
            client,
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source,
        })
        .await?;
    json(
        StatusCode::OK,
        &PasscodeReply {
            passcode: SecretText::new(passcode.expose().clone()),
        },
    )
}

async fn from_page(app: &App, source: Source, form: &Form) -> Result<Response, Refusal> {
    if form.get("username").is_none() || form.get("password").is_none() {
        return Err(missing("username or password"));
    }
    let grant = name_and_password(form)?;
    let request = TokenRequest {
        grant,
        client: None,
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source,
    };
    match app.iam.passcode(request).await {
        Ok(passcode) => {
            let body = format!(
                "<p>Type this code where you ran <b>vigie login</b>. It works once, for five minutes.</p><p><code>{}</code></p>",
                escape(passcode.expose())
            );
            Ok(html(StatusCode::OK, HEADING, &body))
        }
        Err(error) => match crate::failure::refused::of(&error) {
            Some(problem) => {
                let status =
                    StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
                Ok(login_page(app, status, Some(&problem.message)))
            }
            None => Err(error.into()),
        },
    }
}
