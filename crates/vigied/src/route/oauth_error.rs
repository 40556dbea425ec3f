//! OAuth 2.0's words for refusals (RFC 6749 5.2), for clients of its standard grants: they take an answer without `error` for a
//! token. IBM's own grants have none: IBM's SDKs would show the word in place of the message.

use crate::http::problem::{OAuthWord, Refusal};
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use iam::flow::grant::{CLIENT_CREDENTIALS, PASSWORD, REFRESH_TOKEN};

/// The prefix of IBM's own grants.
const IBM_GRANTS: &str = "urn:ibm:params:oauth:grant-type:";

/// The refusal of a request for a token, as clients of its grant read it.
pub(super) fn answer(grant_type: Option<&str>, refusal: Refusal) -> Response {
    match grant_type {
        Some(grant_type) if grant_type.starts_with(IBM_GRANTS) => marked(None, refusal),
        None | Some(PASSWORD | REFRESH_TOKEN | CLIENT_CREDENTIALS) => {
            let word = word(&refusal.0);
            with_word(word, refusal)
        }
        Some(_) => with_word("unsupported_grant_type", refusal),
    }
}

/// The refusal with this word of OAuth.
pub(super) fn with_word(word: &'static str, refusal: Refusal) -> Response {
    marked(Some(word), refusal)
}

fn marked(word: Option<&'static str>, refusal: Refusal) -> Response {
    let mut response = refusal.into_response();
    response.extensions_mut().insert(OAuthWord(word));
    response
}

/// Adds the word to what the guard refuses with a status of 400 to 499. It has not read for which grant the request is, so the answer
/// serves both: clients of the standard grants look for `error` and not at the status, also of 429; IBM's SDKs find the text in `errors`
/// before they look at `error`. All of them look at a status of 500 and above.
pub(super) fn complete(mut response: Response) -> Response {
    let extensions = response.extensions();
    let refused = extensions.get::<Problem>().map(word);
    let is_decided = extensions.get::<OAuthWord>().is_some();
    if !is_decided
        && response.status().is_client_error()
        && let Some(word) = refused
    {
        response.extensions_mut().insert(OAuthWord(Some(word)));
    }
    response
}

/// The word that fits.
fn word(problem: &Problem) -> &'static str {
    match (problem.kind, problem.code) {
        (Kind::Busy | Kind::Unavailable | Kind::Timeout, _) => "temporarily_unavailable",
        (Kind::Internal, _) => "server_error",
        (_, "BXNIM0308E") => "invalid_client",
        (_, "BXNIM0407E" | "BXNIM0408E" | "BXNIM0439E" | "BXNIM0602E") => "invalid_grant",
        // RFC 7009 2.2.1.
        (_, "unsupported_token_type") => "unsupported_token_type",
        (Kind::Forbidden, _) => "unauthorized_client",
        _ => "invalid_request",
    }
}
