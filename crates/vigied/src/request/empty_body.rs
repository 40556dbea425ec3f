//! The body of a route that takes none, where clients may send one: of `DELETE`, in which it has no meaning (RFC 9110, 9.3.5).
//! Some clients send `{}` with every request, which asks for nothing. Whatever asks for something is refused: otherwise it would
//! be ignored silently.

use crate::http::invalid::invalid_whole;
use crate::http::problem::Refusal;
use base::excerpt;
use serde_json::Value;

const HINT: &str =
    "leave the body out: what this request takes stands in its path and in its query";

/// Refuses a body that asks for something.
pub(super) fn check(body: &[u8]) -> Result<(), Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    let first_member = match serde_json::from_slice(body) {
        Ok(Value::Null) => return Ok(()),
        Ok(Value::Array(list)) if list.is_empty() => return Ok(()),
        Ok(Value::Object(members)) => match members.into_iter().next() {
            None => return Ok(()),
            Some((name, _)) => Some(excerpt::beginning(&name)),
        },
        Ok(_) | Err(_) => None,
    };
    let problem = |message: String| {
        let Refusal(problem) = invalid_whole(message);
        problem.hint(HINT)
    };
    Err(Refusal(match first_member {
        Some(name) => problem(format!(
            "the body has `{name}`, and this request takes no body"
        ))
        .field(name),
        None => problem("this request takes no body".to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_asks_for_nothing_is_taken() {
        for body in ["", " \r\n", "{}", " { } ", "null", "[]"] {
            assert!(check(body.as_bytes()).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_body_that_asks_for_something_is_refused_by_the_name_of_its_first_member() {
        let Refusal(problem) = check(b"{\"recursive\": true}").unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("recursive"));
        assert!(
            problem.message.contains("`recursive`"),
            "{}",
            problem.message
        );
        for body in ["recursive=true", "[1]", "true", "{\"recursive\":"] {
            let Refusal(problem) = check(body.as_bytes()).unwrap_err();
            assert_eq!(problem.field, None, "{body}");
            assert!(
                problem.hint.is_some_and(|hint| hint.contains("query")),
                "{body}"
            );
        }
    }
}
