//! Shell quoting.

/// Quotes one word for a shell if needed.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | ':' | '@' | '=')
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_those_a_shell_reads_back() {
        assert_eq!(word("--format"), "--format");
        assert_eq!(word("/srv/vigie-data"), "/srv/vigie-data");
        assert_eq!(word("*.cpu-0"), "'*.cpu-0'");
        assert_eq!(word("it's here"), r"'it'\''s here'");
        assert_eq!(word(""), "''");
    }
}
