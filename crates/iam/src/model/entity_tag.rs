//! Tags of versions. A caller who changes something says which version they have read; of two changes of the same version, one is
//! refused.

use base::id::Guid;

/// The tag of a version.
pub(crate) fn of(revision: i64, id: Guid) -> String {
    format!("{revision}-{}", id.to_hex())
}

/// Whether `If-Match`, which lists versions, has the version with this tag. Tags are taken with and without quotes; a tag that a
/// proxy has marked as weak, because it packed the answer, means the same version.
pub(crate) fn matches(if_match: &str, tag: &str) -> bool {
    if_match.split(',').map(str::trim).any(|candidate| {
        let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
        candidate == "*" || candidate.trim_matches('"') == tag
    })
}

/// Whether `If-Match` means whatever version there is.
pub(crate) fn is_any(if_match: &str) -> bool {
    let mut candidates = if_match.split(',').map(str::trim);
    candidates.any(|candidate| candidate.strip_prefix("W/").unwrap_or(candidate) == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_version_is_meant_by_an_asterisk_alone() {
        for (if_match, any) in [
            ("*", true),
            ("\"1-x\", *", true),
            ("1-x", false),
            ("", false),
        ] {
            assert_eq!(is_any(if_match), any, "{if_match}");
        }
    }

    #[test]
    fn a_tag_is_found_however_it_is_written() {
        let tag = of(3, Guid::from_random([7; 16]));
        for written in [
            "*".to_owned(),
            tag.clone(),
            format!("\"{tag}\""),
            format!("W/\"{tag}\""),
            format!("\"1-x\", \"{tag}\""),
            format!("\"1-x\" ,W/\"{tag}\" "),
        ] {
            assert!(matches(&written, &tag), "{written}");
        }
        for other in [
            "",
            "\"\"",
            "\"*\"",
            "3",
            "W/",
            &tag[1..],
            "\"1-x\", \"2-y\"",
        ] {
            assert!(!matches(other, &tag), "{other}");
        }
    }
}
