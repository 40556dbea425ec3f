//! The tags of versions: whoever changes something says which version they have read, and of two changes of the same version one
//! is refused.

use base::id::Guid;

/// The tag of a version.
pub(crate) fn of(revision: i64, id: Guid) -> String {
    format!("{revision}-{}", id.to_hex())
}

/// Whether a change that is meant for these versions, as `If-Match` lists them, is meant for the one with this tag. Tags are taken
/// with and without quotes; those that a proxy has marked as weak, because it packed the answer, name the same version.
pub(crate) fn is_meant(if_match: &str, tag: &str) -> bool {
    if_match.split(',').map(str::trim).any(|candidate| {
        let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
        candidate == "*" || candidate.trim_matches('"') == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_however_it_is_written() {
        let tag = of(3, Guid::from_random([7; 16]));
        for own in [
            "*".to_owned(),
            tag.clone(),
            format!("\"{tag}\""),
            format!("W/\"{tag}\""),
            format!("\"1-x\", \"{tag}\""),
            format!("\"1-x\" ,W/\"{tag}\" "),
        ] {
            assert!(is_meant(&own, &tag), "{own}");
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
            assert!(!is_meant(other, &tag), "{other}");
        }
    }
}
