//! The server's description of itself at `GET /`.

use serde::{Deserialize, Serialize};

/// The answer of `GET /` a program; a browser gets the same as a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Home {
    /// `Vigie`.
    pub name: String,
    /// The product, in a sentence.
    pub description: String,
    /// The server's version.
    pub version: String,
    /// The command that logs in here.
    pub login: String,
    /// Where to go on.
    pub links: Links,
}

/// Addresses of what describes the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Links {
    /// The documentation.
    pub documentation: String,
    /// The monitoring interface, as an OpenAPI document.
    pub openapi: String,
    /// The identity interface, as an OpenAPI document.
    pub identity_openapi: String,
    /// Where tokens are got, as OpenID Connect describes it.
    pub discovery: String,
    /// A page where a person gets a one-time code.
    pub passcode: String,
    /// Whether the server is ready.
    pub health: String,
}

/// Whether an `Accept` header asks for a page rather than for JSON: it names HTML, and nothing it prefers to it. What names
/// neither, as of programs that take anything, gets JSON.
#[must_use]
pub fn prefers_html(accept: &str) -> bool {
    let (mut html, mut other) = (0.0_f32, 0.0_f32);
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1.0, |(_, value)| value.trim().parse().unwrap_or(0.0));
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" | "text/*" => html = html.max(weight),
            "application/json" | "application/*" | "*/*" => other = other.max(weight),
            _ => {}
        }
    }
    html > 0.0 && html >= other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_a_page_and_programs_json() {
        for (accept, is_html) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("TEXT/HTML", true),
            ("application/json, text/html", true),
            ("text/html;q=0.5, application/json", false),
            ("text/html;q=0", false),
            ("text/html; level=1; q=0.9, */*; q=0.1", true),
            ("text/html;q=x", false),
            ("text/html;q=NaN", false),
            ("*/*", false),
            ("application/json", false),
            ("", false),
            (",;=,", false),
        ] {
            assert_eq!(prefers_html(accept), is_html, "{accept}");
        }
    }
}
