//! Describes a body that is not JSON, for the error message: the parser's own message says at which byte it stopped, and not
//! what the body is.

use super::not_a_form::{FORM, is_multipart};

/// The remedy.
pub(crate) const HINT: &str = "send JSON, with `Content-Type: application/json`";

/// The mark in UTF-8, which some programs write before a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The kind of a body in place of JSON, as a message names it; `None` where JSON may have been meant.
pub(crate) fn kind(body: &[u8]) -> Option<String> {
    let body = body.trim_ascii_start();
    if body.starts_with(BYTE_ORDER_MARK) {
        return Some("text behind a byte order mark (U+FEFF)".to_owned());
    }
    match body.first() {
        None => Some("empty".to_owned()),
        Some(b'<') => Some("XML or HTML".to_owned()),
        Some(b'-') if is_multipart(body) => Some("`multipart/form-data`".to_owned()),
        Some(first) if first.is_ascii_alphabetic() && is_form(body) => {
            Some(format!("a form (`{FORM}`)"))
        }
        Some(_) => None,
    }
}

/// Whether JSON of a list was meant. Where an object is asked for, the parser would take one for the values of its fields, in the
/// order in which the source names them.
pub(crate) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Whether it begins as a form's first field does, `name=`. The words that JSON begins with have no `=` after them.
fn is_form(body: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]%+".contains(byte);
    let name_end = body.iter().position(|byte| !is_of_name(byte));
    name_end.is_some_and(|end| body.get(end) == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_from_an_object() {
        assert!(is_list(b"[]") && is_list(b"\r\n [null"));
        for body in ["", "{\"a\":[]}", "null", "\"[\""] {
            assert!(!is_list(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn what_came_is_named_where_it_can_be_told() {
        for (body, named) in [
            ("", "empty"),
            (" \r\n", "empty"),
            ("name=prod", "a form (`application/x-www-form-urlencoded`)"),
            (
                "user%5Bname%5D=a&b=c",
                "a form (`application/x-www-form-urlencoded`)",
            ),
            ("<a b=\"c\"/>", "XML or HTML"),
            (
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n",
                "`multipart/form-data`",
            ),
            ("\u{feff}{}", "text behind a byte order mark (U+FEFF)"),
        ] {
            assert_eq!(kind(body.as_bytes()).as_deref(), Some(named), "{body}");
        }
        for body in [
            "{\"a\":\"b=c\"",
            "[1",
            "true",
            "nul",
            "-1",
            "\"a=b",
            "a b=c",
            "=",
            "\u{fe}=1",
        ] {
            assert_eq!(kind(body.as_bytes()), None, "{body}");
        }
    }
}
