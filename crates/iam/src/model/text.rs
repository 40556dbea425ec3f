//! Texts in requests: each has a named limit.

use crate::refusal::{Reason, Refusal};
use base::invisible::{is_invisible, is_lookalike_blank};
use base::limit;
use base::limit::Limit;

/// Refuses a text that is longer than the limit.
///
/// # Errors
/// Names the field, the text's length and the limit; never the text.
pub fn check_length(field: &'static str, text: &str, limit: &'static Limit) -> Result<(), Refusal> {
    let length = text.len();
    if u64::try_from(length).is_ok_and(|length| length <= limit.default) {
        return Ok(());
    }
    let message = format!(
        "`{field}` has {length} bytes, more than `{}` = {}",
        limit.name, limit.default
    );
    let problem = Refusal::new(Reason::Field, message);
    Err(problem.field(field).limit(limit))
}

/// Refuses a text that is longer than the limit or has invisible characters, where it is stored or compared with stored ones: it is
/// shown again as it is, and not every database accepts such characters (PostgreSQL refuses NUL).
pub(crate) fn check_stored(
    field: &'static str,
    text: &str,
    limit: &'static Limit,
) -> Result<(), Refusal> {
    check_length(field, text, limit)?;
    if is_seen(text) {
        return Ok(());
    }
    let unseen = text
        .chars()
        .find(|character| is_invisible(*character))
        .map_or(0, u32::from);
    Err(Refusal::invalid(
        field,
        format!(
            "`{field}` holds U+{unseen:04X}, a control, invisible or direction-changing character"
        ),
    ))
}

/// Refuses a text that is no CRN (cloud resource name).
pub(crate) fn check_crn(field: &'static str, crn: &str) -> Result<(), Refusal> {
    check_stored(field, crn, &limit::LABEL_BYTES)?;
    if crn.starts_with("crn:") {
        return Ok(());
    }
    let message = format!("`{field}` takes CRNs alone, which begin with `crn:`");
    Err(Refusal::invalid(field, message))
}

/// Refuses a description that is too long or has invisible characters; it may have several lines.
pub(crate) fn check_description(text: &str) -> Result<(), Refusal> {
    check_length("description", text, &limit::DESCRIPTION_BYTES)?;
    if text.lines().all(is_seen) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "description",
        "`description` holds control, invisible or direction-changing characters",
    ))
}

/// Whether all of a text is visible: it has no control character, no invisible character, and none that changes the
/// text direction.
pub(crate) fn is_seen(text: &str) -> bool {
    !text.chars().any(is_invisible)
}

/// A name without surrounding blanks; refused if it is empty, too long or has control characters.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    check_stored(field, text, &limit::LABEL_BYTES)?;
    if let Some(blank) = text
        .chars()
        .find(|character| is_lookalike_blank(*character))
    {
        let number = u32::from(blank);
        return Err(Refusal::invalid(
            field,
            format!(
                "`{field}` holds U+{number:04X}, which looks like a space but is another character"
            ),
        ));
    }
    if text.is_empty() {
        let most = limit::LABEL_BYTES.default;
        return Err(Refusal::invalid(
            field,
            format!("`{field}` must have 1 to {most} bytes"),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Acme Co` with a no-break blank was another name than the one that looks the same.
    #[test]
    fn regression_7_a_name_holds_no_blank_that_is_none() {
        for (text, number) in [
            ("Acme\u{a0}Co", "U+00A0"),
            ("a\u{202f}b", "U+202F"),
            ("a\u{200b}b", "U+200B"),
        ] {
            let refused = name("name", text).unwrap_err().to_string();
            assert!(refused.contains(number), "{refused}");
        }
        assert_eq!(name("name", " Acme Co ").unwrap(), "Acme Co");
    }

    #[test]
    fn what_is_not_seen_is_known() {
        for seen in ["Café", "a b", "名前", "o'brien-1"] {
            assert!(is_seen(seen), "{seen}");
        }
        for unseen in [
            "a\u{202e}b",
            "a\u{200d}b",
            "a\nb",
            "\u{7f}",
            "\u{e0041}",
            "\u{feff}a",
        ] {
            assert!(!is_seen(unseen), "{unseen:?}");
        }
    }
}
