//! Reads headers that a request may have only once.

use super::invalid::invalid;
use super::problem::Refusal;
use http::{HeaderMap, HeaderValue};
use wire::code;

/// The value of a header. Given again with another value it is refused: a proxy may have gone by the other one.
pub(crate) fn single<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
    field: &'static str,
) -> Result<Option<&'h HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.any(|value| Some(value) != first) {
        let problem = code::REQUEST_MALFORMED.problem(format!(
            "the header `{field}` is given more than once, with different values"
        ));
        return Err(Refusal(problem.hint("send it once").field(field)));
    }
    Ok(first)
}

/// Whether a header says `true`, and not `false`.
pub(crate) fn is_set(
    headers: &HeaderMap,
    name: &'static str,
    field: &'static str,
) -> Result<bool, Refusal> {
    let Some(value) = single(headers, name, field)? else {
        return Ok(false);
    };
    match value.as_bytes().to_ascii_lowercase().as_slice() {
        b"true" => Ok(true),
        b"false" | b"" => Ok(false),
        _ => {
            let message = format!("the header `{field}` is `true` or `false`");
            Err(invalid(field, message))
        }
    }
}
