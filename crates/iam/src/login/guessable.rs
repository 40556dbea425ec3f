//! Estimates the length of a password for an attacker: a repetition or a run counts as one character.

/// Characters of a text that are judged; the others do not count.
const JUDGED_CHARACTERS: usize = 128;

/// The shortest repetition or run.
const RUN: usize = 3;

/// The number of single characters, repetitions and runs in the text: 1 or 2 for `aaaaaaaa` and `12345678`.
pub(crate) fn parts(text: &str) -> usize {
    let text: Vec<u32> = text
        .chars()
        .take(JUDGED_CHARACTERS)
        .map(u32::from)
        .collect();
    let (mut at, mut count) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        at += repeated(&text, at).max(run(rest)).max(1);
        count += 1;
    }
    count
}

/// The number of different characters.
pub(crate) fn different(text: &str) -> usize {
    let all: std::collections::BTreeSet<char> = text.chars().take(JUDGED_CHARACTERS).collect();
    all.len()
}

/// The length of the longest text at `at` that also occurs earlier, or 0 if it is short.
fn repeated(text: &[u32], at: usize) -> usize {
    let Some(rest) = text.get(at..) else { return 0 };
    let common = |from: usize| {
        let earlier = text.iter().skip(from);
        earlier.zip(rest).take_while(|(a, b)| a == b).count()
    };
    let longest = (0..at).map(common).max().unwrap_or(0);
    if longest >= RUN { longest } else { 0 }
}

/// The length of the run at the beginning, such as `abcd`, `4321` and `....`, or 0 if it is short.
fn run(text: &[u32]) -> usize {
    let step = |pair: (&u32, &u32)| i64::from(*pair.1) - i64::from(*pair.0);
    let mut steps = text.iter().zip(text.iter().skip(1)).map(step);
    let Some(first @ -1..=1) = steps.next() else {
        return 0;
    };
    let length = 2 + steps.take_while(|step| *step == first).count();
    if length >= RUN { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_runs_count_for_one() {
        for (text, count) in [
            ("", 0),
            ("aaaaaaaa", 1),
            ("12345678", 1),
            ("abababab", 3),
            ("passwordpassword", 9),
            ("abcdefghijklmnopqrstuvwxyz", 1),
            ("abc321xyz", 3),
            ("kX2_9fQz", 8),
        ] {
            assert_eq!(parts(text), count, "{text}");
        }
        assert_eq!(different("abcabc"), 3);
        assert_eq!(parts(&"x7".repeat(5000)), 3);
    }
}
