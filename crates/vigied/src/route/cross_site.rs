//! Checks that the form of the passcode page was sent from that page. Otherwise another site could show a victim the code of
//! the attacker's login, and the victim would send metrics to the attacker.
//!
//! Browsers name the origin of a form (`Sec-Fetch-Site`, `Origin`). One that does not must send the page's token in the form
//! and in a cookie, which no other site can set. Programs that are not browsers send neither, and cannot be tricked like this.

use super::token_refusal::wrong;
use crate::http::header::single;
use crate::http::not_a_form::{FORM, HINT};
use crate::http::problem::Refusal;
use crate::http::same_origin::is_own;
use base::secret::constant_time_eq;
use http::{HeaderMap, header};
use wire::iam::form::Form;

/// The form field with the page's token.
pub(super) const FIELD: &str = "form_token";

const COOKIE: &str = "vigie-passcode";

const ELSEWHERE: &str = "The form was not sent from this page: log in here.";
const NO_TOKEN: &str =
    "The form was sent without the cookie of its page: allow cookies for it, and log in again.";

/// The evidence that a form is from this page.
#[derive(Debug)]
pub(super) struct FormToken(String);

impl FormToken {
    pub(super) fn new() -> Self {
        Self(iam::entropy::guid().to_hex())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The cookie for the token, restricted to this page.
    pub(super) fn cookie(&self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!(
            "{COOKIE}={}; Path=/identity/passcode; Max-Age=3600; HttpOnly; SameSite=Strict{secure}",
            self.0
        )
    }
}

/// Accepts only the two content types that programs use. A form of another site could have others.
pub(super) fn form_is_sent_as_one(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = single(headers, "content-type", "Content-Type")? else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case(FORM) || kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let kind = wire::excerpt::beginning(kind);
    let Refusal(problem) = wrong(format_args!("the body is `{kind}`, not a form"));
    Err(Refusal(problem.hint(HINT).field("Content-Type")))
}

/// Checks the origin of the form; the error is text for the page.
pub(super) fn check(
    headers: &HeaderMap,
    form: &Form,
    public_url: &str,
) -> Result<(), &'static str> {
    let has = |name| headers.contains_key(name);
    let mut is_shown = false;
    for value in headers.get_all("sec-fetch-site") {
        match value.as_bytes() {
            b"same-origin" | b"none" => is_shown = true,
            _ => return Err(ELSEWHERE),
        }
    }
    for value in headers.get_all(header::ORIGIN) {
        // Browsers send `null` for a page without referrer, and for a sandboxed page.
        match value.as_bytes() {
            b"null" => {}
            origin if is_own(origin, headers, public_url) => is_shown = true,
            _ => return Err(ELSEWHERE),
        }
    }
    let agent = headers.get(header::USER_AGENT);
    let is_browser = has(header::ORIGIN)
        || has(header::REFERER)
        || has(header::COOKIE)
        || agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
    if is_shown || !is_browser || token_fits(headers, form) {
        Ok(())
    } else {
        Err(NO_TOKEN)
    }
}

/// Whether form and cookie have the same token.
fn token_fits(headers: &HeaderMap, form: &Form) -> bool {
    let Some(given) = form.get(FIELD) else {
        return false;
    };
    let lines = headers.get_all(header::COOKIE).iter();
    let mut cookies = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE);
    cookies
        .any(|(_, value)| !value.is_empty() && constant_time_eq(value.as_bytes(), given.as_bytes()))
}
