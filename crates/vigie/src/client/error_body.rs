//! The error bodies of the server's interfaces, and the advice in their texts that a hint of ours repeats.

use serde_json::Value;

/// The hint that names the command for what some of the server's texts advise.
pub(crate) const LOG_IN_AGAIN: &str = "log in again with `vigie login`";

/// A text of the server without the advice that [`LOG_IN_AGAIN`] repeats.
pub(crate) fn without_advice(text: &str) -> &str {
    text.strip_suffix(": log in again").unwrap_or(text)
}

/// An error body, in any of the five forms of the server's interfaces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) hint: Option<String>,
}

impl ErrorBody {
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        let item = value.pointer("/errors/0").unwrap_or(&value);
        let text = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| item.get(name)?.as_str())
                .map(str::to_owned)
        };
        Self {
            code: text(&["errorCode", "message_code", "error_code", "code", "error"]),
            message: text(&[
                "errorMessage",
                "error_description",
                "description",
                "message",
                "reason",
            ]),
            hint: text(&["hint", "details", "errorDetails"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_shape_is_understood() {
        let bodies = [
            r#"{"errorCode":"C","errorMessage":"m","errorDetails":"h","context":{}}"#,
            r#"{"trace":"t","errors":[{"code":"not_found","message_code":"C","message":"m","details":"h"}],"status_code":"404"}"#,
            r#"{"error":"C","error_description":"m"}"#,
            r#"{"code":10000,"error_code":"C","description":"m","hint":"h"}"#,
            r#"{"errors":[{"code":"C","message":"m","hint":"h"}]}"#,
        ];
        for body in bodies {
            let error = ErrorBody::read(body.as_bytes());
            assert_eq!(
                (error.code.as_deref(), error.message.as_deref()),
                (Some("C"), Some("m")),
                "{body}"
            );
            // OAuth's form has no place for one.
            let hint = (!body.contains("\"error\":")).then_some("h");
            assert_eq!(error.hint.as_deref(), hint, "{body}");
        }
        assert_eq!(ErrorBody::read(b"<html>"), ErrorBody::default());
    }

    #[test]
    fn only_the_advice_that_the_hint_repeats_is_left_out() {
        assert_eq!(
            without_advice("This login has ended: it was logged out: log in again"),
            "This login has ended: it was logged out"
        );
        let text = "allow cookies, and log in again.";
        assert_eq!(without_advice(text), text);
    }
}
