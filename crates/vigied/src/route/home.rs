//! The server's home page, the same links as JSON, and the OpenAPI documents.

use super::passcode::escape;
use super::reply::json;
use crate::http::advertised_address::UrlForCaller;
use crate::http::bytes_in_two::BytesInTwo;
use crate::http::problem::Refusal;
use crate::text::shell::word;
use axum::body::{Body, Bytes};
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use std::sync::LazyLock;
use wire::code;
use wire::home::{Home, Links, prefers_html};
use wire::query::Query;

/// The page loads nothing from anywhere, runs no script, and may not be framed.
const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;color:#1b2430;background:#f7f8fa}\
pre{padding:.8rem 1rem;overflow-x:auto;border-radius:6px;background:#e9ecf1}a{color:#0b5cad}dt{margin-top:.8rem}dd{margin:0}\
footer{margin-top:3rem;font-size:.9rem;opacity:.7}\
@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181f}pre{background:#1d232d}a{color:#7db4ee}}";

pub(super) async fn home(
    own_url: UrlForCaller,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    check_no_parameters(url.as_deref())?;
    let lines = headers.get_all(header::ACCEPT).iter();
    let accept: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let home = home_document(&own_url.url);
    let mut response = if prefers_html(&accept.join(",")) {
        (StatusCode::OK, HEADERS, page(&home)).into_response()
    } else {
        json(StatusCode::OK, &home)?
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(own_url.mark(response))
}

/// Whoever sends a parameter has another route in mind.
fn check_no_parameters(url: Option<&str>) -> Result<(), Refusal> {
    let refused = |message: String| {
        let problem = code::PARAMETER_INVALID.problem(message);
        Refusal(problem.hint(
            "ask for `/` without parameters; `/openapi.json` names the routes that have some",
        ))
    };
    let query = Query::parse(url.unwrap_or_default());
    let query = query.map_err(|error| refused(error.to_string()))?;
    match query.unknown(&[]) {
        None => Ok(()),
        Some(other) => {
            let other = wire::excerpt::beginning(other);
            Err(refused(format!("the home page has no parameter `{other}`")))
        }
    }
}

fn home_document(url: &str) -> Home {
    let at = |path: &str| format!("{url}{path}");
    Home {
        name: "Vigie".to_owned(),
        description: "Metrics of many teams, each behind a token that expires.".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        login: format!("vigie login -a {}", word(url)),
        links: Links {
            documentation: format!("{}#readme", env!("CARGO_PKG_REPOSITORY")),
            openapi: at("/openapi.json"),
            identity_openapi: at("/identity/openapi.json"),
            discovery: at("/identity/.well-known/openid-configuration"),
            passcode: at("/identity/passcode"),
            health: at("/health/ready"),
        },
    }
}

fn page(home: &Home) -> String {
    let links = &home.links;
    let rows = [
        (
            &links.documentation,
            "Documentation",
            "guides, concepts and a reference",
        ),
        (
            &links.openapi,
            "Monitoring interface",
            "send, read, list and delete metrics (OpenAPI)",
        ),
        (
            &links.identity_openapi,
            "Identity interface",
            "tokens, keys, accounts and roles (OpenAPI)",
        ),
        (
            &links.passcode,
            "One-time code",
            "for a login with <code>vigie login --sso</code>",
        ),
        (&links.health, "Health", "whether the server is ready"),
    ];
    let rows: String = rows
        .iter()
        .map(|(to, name, what)| {
            format!(
                "<dt><a href=\"{}\">{name}</a></dt><dd>{what}</dd>",
                escape(to)
            )
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Vigie</title><style>{STYLE}</style></head><body><main><h1>Vigie</h1><p>{}</p>\
         <p>Log in from a terminal:</p><pre><code>{}</code></pre><dl>{rows}</dl></main>\
         <footer>Version {}</footer></body></html>",
        escape(&home.description),
        escape(&home.login),
        escape(&home.version),
    )
}

/// An OpenAPI document without its opening brace, serialized once: it is large, and anyone may request it.
fn written(document: &Value) -> Bytes {
    let text = document.to_string();
    Bytes::from(format!("{}\n", text.strip_prefix('{').unwrap_or(&text)))
}

static MONITORING: LazyLock<Bytes> = LazyLock::new(|| written(&wire::openapi::vigie_document()));
static IDENTITY: LazyLock<Bytes> = LazyLock::new(|| written(&wire::openapi::iam_document()));

/// The document with this server's address prepended. The rest is not copied: somebody may ask a thousand times, and read no answer.
fn document(own_url: &UrlForCaller, rest: &Bytes) -> Response {
    let servers = serde_json::json!([{ "url": own_url.url }]);
    let begin = format!("{{\"servers\":{servers},");
    let body = BytesInTwo::new(begin.into(), rest.clone());
    let headers = [(header::CONTENT_TYPE, "application/json")];
    own_url.mark((StatusCode::OK, headers, Body::new(body)).into_response())
}

pub(super) async fn monitoring(own_url: UrlForCaller) -> Response {
    document(&own_url, &MONITORING)
}

pub(super) async fn identity(own_url: UrlForCaller) -> Response {
    document(&own_url, &IDENTITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_page_has_no_parameters() {
        for none in [None, Some("")] {
            assert!(check_no_parameters(none).is_ok(), "{none:?}");
        }
        for some in ["q=a", "q", "a=1&b=2"] {
            let Refusal(problem) = check_no_parameters(Some(some)).unwrap_err();
            assert_eq!(problem.code, code::PARAMETER_INVALID.code, "{some}");
        }
    }

    #[test]
    fn every_link_leads_somewhere() {
        let home = serde_json::to_value(home_document("http://a")).unwrap();
        for (name, link) in home["links"].as_object().unwrap() {
            let link = link.as_str().unwrap();
            assert!(link.starts_with("http"), "{name}: `{link}`");
        }
    }

    #[test]
    fn whatever_stands_in_the_page_is_text() {
        let mut home = home_document("http://a");
        home.login = "<script>'\"&".to_owned();
        home.links.openapi = "\"><b>".to_owned();
        let page = page(&home);
        assert!(page.contains("&lt;script&gt;&#39;&quot;&amp;"), "{page}");
        assert!(page.contains("href=\"&quot;&gt;&lt;b&gt;\""), "{page}");
    }
}
