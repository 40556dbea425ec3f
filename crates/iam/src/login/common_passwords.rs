//! The most common passwords, which every attacker tries first. `data/README.md` names their source.

/// Sorted by bytes, in lower case, eight bytes or more each.
const LIST: &str = include_str!("../../data/common_passwords.txt");

/// Whether a lower-case password is on the list. A binary search in the embedded text: nothing is unpacked.
pub(crate) fn contains(password: &str) -> bool {
    let mut rest = LIST;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        // The list is ASCII, so every index is a character boundary.
        let Some((before, _)) = rest.split_at_checked(middle) else {
            return false;
        };
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let (lower, from) = rest.split_at(begin);
        let (line, upper) = from.split_once('\n').unwrap_or((from, ""));
        match password.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = lower,
            std::cmp::Ordering::Greater => rest = upper,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 10_000 && LIST.is_ascii() && LIST.ends_with('\n'));
        assert!(lines.is_sorted());
        for line in lines {
            assert!(line.len() >= 8 && line.to_lowercase() == line, "{line}");
            assert!(contains(line), "{line}");
            assert!(!contains(&format!("{line}~")), "{line}~");
        }
        for word in ["", "\n", "password\n", "correct horse battery", "~~~~~~~~~"] {
            assert!(!contains(word), "{word:?}");
        }
        assert!(contains("password") && contains("12345678"));
    }
}
