//! `/proc/<number>/stat`.

/// collectd's names for the states of a process.
pub(crate) const STATES: [&str; 7] = [
    "running", "sleeping", "zombies", "stopped", "paging", "blocked", "idle",
];

/// The state of a process, one of [`STATES`]; `None` for a dead process and for an invalid text.
pub(crate) fn state(stat: &str) -> Option<&'static str> {
    // The name in parentheses may contain blanks and parentheses.
    let (_, rest) = stat.rsplit_once(") ")?;
    match rest.chars().next()? {
        'R' => Some("running"),
        'S' => Some("sleeping"),
        'Z' => Some("zombies"),
        'T' | 't' => Some("stopped"),
        'W' => Some("paging"),
        'D' => Some("blocked"),
        'I' => Some("idle"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lie_about_the_state() {
        assert_eq!(state("1 (init) S 0 1 1"), Some("sleeping"));
        assert_eq!(state("7 (evil) Z (x) R 0"), Some("running"));
        assert_eq!(state("9 (gone) X 0"), None);
        assert_eq!(state("no stat"), None);
        assert!(STATES.contains(&state("2 (kthreadd) I 0").unwrap()));
    }
}
