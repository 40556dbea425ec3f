//! Describes a body that is not a form, for the error message. A parser of forms would find no field in it, and answer as if
//! nothing had been sent.

use http::HeaderValue;
use std::borrow::Cow;

/// The media type of a form, and of a body that names none.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The remedy.
pub(crate) const HINT: &str = "send the fields as `application/x-www-form-urlencoded`";

/// How far the declared media type counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// A body of another type is no form, whatever is in it: graphite-web reads none of it.
    Counts,
    /// A form under another type is one: old programs name a wrong type.
    IsHint,
}

/// The kind of a body that is no form, as a message names it; `None` for a form, and where there is no body.
pub(crate) fn kind(
    content_type: Option<&HeaderValue>,
    body: &[u8],
    media_type: MediaType,
) -> Option<String> {
    let body = body.trim_ascii_start();
    if body.is_empty() {
        return None;
    }
    let declared = content_type.map_or(Cow::Borrowed(""), |content_type| {
        String::from_utf8_lossy(content_type.as_bytes())
    });
    let declared = declared.split(';').next().unwrap_or_default().trim();
    let is_other = !declared.is_empty() && !declared.eq_ignore_ascii_case(FORM);
    let found = content(body);
    let is_form = match media_type {
        _ if found.is_some() => false,
        MediaType::Counts => !is_other,
        MediaType::IsHint => !is_other || body.contains(&b'='),
    };
    if is_form {
        return None;
    }
    Some(match found {
        Some(found) if !is_other => found.to_owned(),
        _ => format!("`{}`", wire::excerpt::beginning(declared)),
    })
}

/// Contents that begin as no field of a form does. (Its first character may stand in a field, but no client leaves it unescaped
/// there, and no field that is read has it in its name.)
fn content(body: &[u8]) -> Option<&'static str> {
    match body.first()? {
        b'{' | b'[' | b'"' => Some("JSON"),
        b'<' => Some("XML or HTML"),
        // A field may be called so, but has a `=` after it.
        _ if is_json_scalar(body) => Some("JSON"),
        b'-' if is_multipart(body) => Some("`multipart/form-data`"),
        _ => None,
    }
}

fn is_json_scalar(body: &[u8]) -> bool {
    let word = body.trim_ascii_end();
    matches!(word, b"true" | b"false" | b"null")
        || word
            .first()
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
            && std::str::from_utf8(word).is_ok_and(|text| text.parse::<f64>().is_ok())
}

/// A boundary, and a header of the first part.
pub(super) fn is_multipart(body: &[u8]) -> bool {
    let mut lines = body.split(|byte| *byte == b'\n');
    let is_boundary = lines.next().is_some_and(|line| line.starts_with(b"--"));
    let header = b"content-";
    let is_part = |line: &[u8]| {
        line.get(..header.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(header))
    };
    is_boundary && lines.next().is_some_and(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(declared: &str, body: &str, media_type: MediaType) -> Option<String> {
        let declared = HeaderValue::from_str(declared).unwrap();
        let declared = Some(&declared).filter(|value| !value.is_empty());
        kind(declared, body.as_bytes(), media_type)
    }

    const PARTS: &str = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n";

    #[test]
    fn what_is_no_form_is_named_by_its_type_or_by_what_is_in_it() {
        for media_type in [MediaType::Counts, MediaType::IsHint] {
            for (declared, body, named) in [
                ("application/json", "{\"a\":1}", "`application/json`"),
                (FORM, " {\"a\":\"b=c\"}", "JSON"),
                ("", "[1]", "JSON"),
                ("", "\"abc\"", "JSON"),
                (FORM, "true", "JSON"),
                ("", "-1.5 ", "JSON"),
                ("", "<a/>", "XML or HTML"),
                (
                    "multipart/form-data; boundary=x",
                    PARTS,
                    "`multipart/form-data`",
                ),
                (FORM, PARTS, "`multipart/form-data`"),
                ("text/plain", "hello", "`text/plain`"),
            ] {
                let found_kind = found(declared, body, media_type);
                assert_eq!(found_kind.as_deref(), Some(named), "{declared} {body}");
            }
        }
    }

    #[test]
    fn a_form_is_one_under_its_type_or_none() {
        for declared in [FORM, "", "Application/X-WWW-Form-URLEncoded; charset=UTF-8"] {
            for body in [
                "",
                " ",
                "a=1",
                "target=sumSeries(%7Ba,b%7D)&format=json",
                "target={a,b}",
                "--a=1",
                "hello",
            ] {
                let found_kind = found(declared, body, MediaType::Counts);
                assert_eq!(found_kind, None, "{declared} {body}");
            }
        }
        assert_eq!(found("text/plain", "a=1", MediaType::IsHint), None);
        assert!(found("text/plain", "a=1", MediaType::Counts).is_some());
    }
}
