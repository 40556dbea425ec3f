//! The size of a regular expression: the letters and classes that it has once every repetition is written out.

/// How many letters and classes a translated pattern has. A text that is no valid pattern has some number of them.
pub(super) fn of(pattern: &str) -> usize {
    let mut open = vec![Group::default()];
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
                add(&mut open, 1);
            }
            '[' => {
                let mut is_first = true;
                while let Some(inside) = rest.next() {
                    match inside {
                        '\\' => {
                            rest.next();
                        }
                        '^' if is_first => continue,
                        ']' if !is_first => break,
                        _ => {}
                    }
                    is_first = false;
                }
                add(&mut open, 1);
            }
            '(' => open.push(Group::default()),
            ')' => {
                let inside = open.pop().unwrap_or_default();
                if open.is_empty() {
                    open.push(Group::default());
                }
                add(&mut open, inside.sum.saturating_add(1));
            }
            '{' => {
                let mut counts = String::new();
                for inside in rest.by_ref().take_while(|character| *character != '}') {
                    counts.push(inside);
                }
                let most = counts
                    .split(',')
                    .filter_map(|count| count.trim().parse::<usize>().ok());
                let most = most.max();
                if let Some(group) = open.last_mut() {
                    let more = group
                        .last
                        .saturating_mul(most.unwrap_or(1).saturating_sub(1));
                    group.last = group.last.saturating_add(more);
                    group.sum = group.sum.saturating_add(more);
                }
            }
            '*' | '+' | '?' | '|' => {}
            _ => add(&mut open, 1),
        }
    }
    open.iter()
        .fold(1, |sum, group| sum.saturating_add(group.sum))
}

/// A group that is not closed yet.
#[derive(Default)]
struct Group {
    sum: usize,
    /// Of what a count would repeat.
    last: usize,
}

fn add(open: &mut [Group], places: usize) {
    if let Some(group) = open.last_mut() {
        group.last = places;
        group.sum = group.sum.saturating_add(places);
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn counts_are_written_out() {
        for (pattern, places) in [
            ("", 1),
            ("abc", 4),
            ("a{3}", 4),
            ("a{2,3}b", 5),
            ("(ab){10}", 31),
            ("(a?){2000}b", 4002),
            ("((a{10}){10}){10}", 1111),
            ("[]a{9}]x", 3),
            ("[^]]x", 3),
            (r"\{9}", 4),
            (")){", 3),
            ("a{99999999999999999999}", 2),
        ] {
            let found = of(pattern);
            assert!(
                found.abs_diff(places) <= 1,
                "{pattern}: {found}, not {places}"
            );
        }
        assert_eq!(of(&"(a{1000}){1000}".repeat(1000)), 1_001_000_001);
    }
}
