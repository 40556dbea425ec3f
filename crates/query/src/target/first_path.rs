//! Finds the path in a series name that looks like a target.

use super::expression::Kind;
use super::parse::parse_head;
use crate::error::{Error, TargetError};

/// The first path in a text that begins like a target: in `scale(a.b,2)` it is `a.b`. `None` where the first argument of its
/// innermost call is no path.
///
/// # Errors
/// [`Error::Target`] where the text begins like no target, or a call has no argument.
pub(crate) fn first_path(text: &str) -> Result<Option<String>, Error> {
    let mut expression = parse_head(text)?;
    loop {
        match expression.kind {
            Kind::Path(path) => return Ok(Some(path)),
            Kind::Call(call) => {
                let first = call.arguments.into_iter().next();
                expression = first.ok_or_else(|| {
                    let problem = TargetError::Expected {
                        expected: "an argument",
                        found: Some(')'),
                    };
                    Error::target(text, call.name_span, problem)
                })?;
            }
            _ => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_path_is_found_whatever_stands_around_it() {
        for (text, path) in [
            ("a.b", Some("a.b")),
            ("scale(a.b,2)", Some("a.b")),
            ("f(g( a.b ,'x'),c)", Some("a.b")),
            ("sum(a.b) (last: 5.0)", Some("a.b")),
            ("CPU load (avg)", Some("CPU")),
            ("Total (avg)", Some("avg")),
            ("f(a,,b)", Some("f")),
            ("f(x=a)", Some("f")),
            ("a|f(1)", Some("a")),
            ("f('x')", None),
            ("f(5)", None),
        ] {
            assert_eq!(first_path(text).unwrap().as_deref(), path, "{text}");
        }
        for text in ["f()", "(a)", ""] {
            assert!(first_path(text).is_err(), "{text}");
        }
    }
}
