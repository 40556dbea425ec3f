//! The content coding of a request's body, and the check that its headers name it only once.

use super::header::single;
use super::problem::Refusal;
use http::{HeaderMap, header};
use wire::code;
use wire::excerpt;

/// The codings that are undone here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
}

/// Refuses a body that is said to be two things: two readers on the way could read two different ones.
pub(crate) fn check_one_type(headers: &HeaderMap) -> Result<(), Refusal> {
    single(headers, "content-type", "Content-Type").map(drop)
}

/// Parses `Content-Encoding`. Two lines, or a list, mean packed twice: nobody needs that, and two readers on the way could
/// undo it to two different bodies.
pub(crate) fn of(headers: &HeaderMap) -> Result<Coding, Refusal> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let first = values.next().map(http::HeaderValue::as_bytes);
    let refused = |message: String| {
        let problem = code::REQUEST_MALFORMED.problem(message);
        Refusal(
            problem
                .hint("send the body plain or with `gzip`")
                .field("Content-Encoding"),
        )
    };
    if values.next().is_some() || first.is_some_and(|value| value.contains(&b',')) {
        let message = "the header `Content-Encoding` names more than one coding";
        return Err(refused(message.to_owned()));
    }
    match first.map(|value| value.trim_ascii().to_ascii_lowercase()) {
        None => Ok(Coding::Plain),
        Some(word) => match word.as_slice() {
            b"" | b"identity" => Ok(Coding::Plain),
            b"gzip" | b"x-gzip" => Ok(Coding::Gzip),
            other => {
                let name = excerpt::beginning(&String::from_utf8_lossy(other));
                Err(refused(format!(
                    "the content encoding `{name}` is not understood"
                )))
            }
        },
    }
}
