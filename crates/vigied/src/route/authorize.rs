//! The authorization endpoint, which discovery names because old command lines read it there. No flow by redirects is served: a
//! person is led to the page with one-time codes, and a client gets OAuth's error.
//!
//! It redirects nowhere: no client has registered an address, and an unregistered one could be anybody's.

use super::oauth_error::with_word;
use super::passcode::{escape, html};
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::invisible::escaped;
use http::{HeaderMap, StatusCode, header};
use wire::excerpt::beginning;
use wire::home::prefers_html;

/// OAuth's word for it.
const UNSUPPORTED: &str = "unsupported_response_type";

pub(super) async fn authorize(
    own_url: UrlForCaller,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let passcode = format!("{}/identity/passcode", own_url.url);
    let response = match params.one("response_type")?.filter(|text| !text.is_empty()) {
        None => html(StatusCode::OK, "Log in", &way(&passcode)),
        Some(asked) if wants_page(&headers) => {
            let error = format!(
                "<p class=\"error\" role=\"alert\">{}</p>{}",
                escape(&format!("{UNSUPPORTED}: {}", not_served(asked))),
                way(&passcode)
            );
            html(StatusCode::BAD_REQUEST, "Log in", &error)
        }
        Some(asked) => {
            let message = format!("Property validation failed: {}", not_served(asked));
            let problem = Problem::new(Kind::Invalid, "BXNIM0106E", message);
            let hint = format!(
                "log in with a one-time code from {passcode}: `vigie login --sso`, or the grant `urn:ibm:params:oauth:grant-type:passcode`"
            );
            with_word(UNSUPPORTED, Refusal(problem.hint(hint)))
        }
    };
    Ok(own_url.mark(response))
}

fn wants_page(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    let accept: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    prefers_html(&accept.join(","))
}

fn not_served(asked: &str) -> String {
    let asked = beginning(asked);
    format!("response_type `{}` is not supported", escaped(&asked))
}

/// The way to the page with one-time codes.
fn way(passcode: &str) -> String {
    format!(
        "<p>Get a <a href=\"{}\">one-time code</a>, and type it where you ran <b>vigie login --sso</b>.</p>",
        escape(passcode)
    )
}
