//! Python's regular expressions, without backtracking features.
//!
//! Matching costs the length of the text times the states of the pattern, all of which may be visited for each character.

mod size;

use super::replacement::Replacement;
use crate::error::Fault;
use crate::tags::TOO_MANY_CLASSES;
use base::excerpt;
use base::limit;
use base::regex_memory::{TREE_BYTES_MAX, tree_bytes};
use regex::{Regex, RegexBuilder};

/// Bytes of a compiled pattern.
const SIZE_MAX: usize = 1 << 19;

/// Of the work on one text, what takes as long as to look at a point.
const WORK_PER_POINT: usize = 16;

/// Points that stand for compiling a pattern: the deadline is checked before each.
pub(crate) const POINTS_TO_COMPILE: usize = 1 << 16;

/// Is called with the cost of work, in points, before it is done; an error forbids it.
pub(crate) type Checkpoint<'c> = dyn FnMut(usize) -> Result<(), Fault> + 'c;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    places: usize,
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str) -> Result<Self, Fault> {
        // What it is read as has no other bound.
        if pattern.len() as u64 > limit::REGEX_BYTES.default {
            let found = format!("the pattern has {} bytes", pattern.len());
            return Err(Fault::beyond(&limit::REGEX_BYTES, found));
        }
        let translated = translated(pattern);
        if tree_bytes(&translated) > TREE_BYTES_MAX {
            let beginning: String = pattern.chars().take(40).collect();
            return Err(Fault::argument(format!(
                "the pattern that begins with `{beginning}` cannot be used: {TOO_MANY_CLASSES}"
            )));
        }
        let compiled = RegexBuilder::new(&translated)
            .size_limit(SIZE_MAX)
            .dfa_size_limit(SIZE_MAX)
            .build();
        let places = size::of(&translated);
        compiled.map(|regex| Self { regex, places }).map_err(|error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                other => last_line(&other.to_string()),
            };
            let pattern = excerpt::beginning(pattern);
            Fault::argument(format!(
                "the pattern `{pattern}` cannot be used: {reason} (look-around and back-references are not supported)"
            ))
        })
    }

    /// Whether it is found anywhere in a text.
    pub(crate) fn is_found(
        &self,
        text: &str,
        checkpoint: &mut Checkpoint<'_>,
    ) -> Result<bool, Fault> {
        checkpoint(self.work(text.len())?)?;
        Ok(self.regex.is_match(text))
    }

    /// The cost of matching a text of so many bytes, in points.
    fn work(&self, letters: usize) -> Result<usize, Fault> {
        let work = self.places.saturating_mul(letters);
        // The deadline is not checked while one text is matched.
        if work as u64 > limit::REGEX_WORK.default {
            let found = format!(
                "the pattern has {} places, a name {letters} bytes, and both multiply to {work}",
                self.places
            );
            return Err(Fault::beyond(&limit::REGEX_WORK, found));
        }
        Ok(work / WORK_PER_POINT + 1)
    }

    /// The replacement for its groups.
    pub(crate) fn replacement(&self, template: &str) -> Result<Replacement, Fault> {
        let names = self
            .regex
            .capture_names()
            .map(|name| name.map(str::to_owned));
        Replacement::new(template, &names.collect::<Vec<_>>())
    }

    /// The text with every match replaced, empty ones too: also one right after another match.
    pub(crate) fn replaced(
        &self,
        text: &str,
        replacement: &Replacement,
        checkpoint: &mut Checkpoint<'_>,
    ) -> Result<String, Fault> {
        let mut out = String::with_capacity(text.len());
        let (mut from, mut copied) = (0, 0);
        while from <= text.len() {
            // Each match may have looked at all that is left.
            checkpoint(self.work(text.len() - from)?)?;
            let Some(groups) = self.regex.captures_at(text, from) else {
                break;
            };
            let Some(whole) = groups.get(0) else { break };
            out.push_str(text.get(copied..whole.start()).unwrap_or_default());
            let growth = limit::REPLACEMENT_GROWTH_BYTES.default as usize;
            let most = text.len().saturating_add(growth);
            if !replacement.write(&groups, &mut out, most) {
                let found = "the replacement makes a name too much longer";
                return Err(Fault::beyond(&limit::REPLACEMENT_GROWTH_BYTES, found));
            }
            copied = whole.end();
            from = whole.end();
            if whole.is_empty() {
                let next = text.get(from..).and_then(|rest| rest.chars().next());
                from += next.map_or(1, char::len_utf8);
            }
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Ok(out)
    }
}

fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// Translates Python's syntax where ours differs: a brace that is no repetition, `\Z`, escaped punctuation, and characters
/// that are special in our classes.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut rest, mut is_in_class) = (pattern, false);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        match c {
            '\\' => {
                let Some(escaped) = after.chars().next() else {
                    out.push('\\');
                    break;
                };
                rest = after.get(escaped.len_utf8()..).unwrap_or_default();
                match escaped {
                    'Z' if !is_in_class => out.push_str(r"\z"),
                    'b' if is_in_class => out.push_str(r"\x08"),
                    // These Python does not know.
                    'z' | 'p' | 'P' | 'G' | 'R' | 'X' | 'h' | 'K' | 'C' => out.push_str(r"\8"),
                    _ if escaped.is_ascii_alphanumeric() => out.extend(['\\', escaped]),
                    _ => literal(escaped, &mut out),
                }
            }
            '[' if is_in_class => out.push_str(r"\["),
            '[' => {
                is_in_class = true;
                out.push('[');
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
                if let Some(after) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = after;
                }
            }
            ']' => {
                is_in_class = false;
                out.push(']');
            }
            '&' | '~' if is_in_class => literal(c, &mut out),
            '-' if is_in_class && rest.starts_with('-') => literal(c, &mut out),
            '{' if !is_in_class && !is_count(rest) => out.push_str(r"\{"),
            '{' if !is_in_class && rest.starts_with(',') => out.push_str("{0"),
            _ => out.push(c),
        }
    }
    out
}

/// Appends a literal character, escaped if necessary.
fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
}

/// Whether what follows a brace says how often: `2}`, `2,}`, `,3}`, `2,3}`.
fn is_count(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let (least, most) = inside.split_once(',').unwrap_or((inside, "0"));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    is_digits(least) && is_digits(most) && inside.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, template: &str, text: &str) -> String {
        let pattern = Pattern::new(pattern).unwrap();
        let replacement = pattern.replacement(template).unwrap();
        pattern
            .replaced(text, &replacement, &mut |_| Ok(()))
            .unwrap()
    }

    #[test]
    fn matches_are_replaced_as_python_does() {
        for (pattern, template, text, expected) in [
            ("b", "x", "abcb", "axcx"),
            (".*", "x", "abc", "xx"),
            ("^.*$", "x", "abc", "x"),
            ("", "-", "ab", "-a-b-"),
            ("b*", "-", "abc", "-a--c-"),
            ("x*", "-", "é", "-é-"),
            (r"(\w+)\.(\w+)", r"\2-\1", "a.b c.d", "b-a d-c"),
            ("(?P<n>b)", r"[\g<n>\g<1>\g<0>]", "abc", "a[bbb]c"),
            ("(a)|(b)", r"<\2>", "ab", "<><b>"),
            ("a{,2}b", "x", "aab", "x"),
            ("{b,c}", "x", "a.{b,c}", "a.x"),
            (r"\<b\>", "x", "<b>", "x"),
            (r"c\Z", "x", "cc", "cx"),
            ("[][]", "x", "a[]b", "axxb"),
            ("[a&&b]", "x", "a&b", "xxx"),
            (r"[\w-]+", "x", "a-b.c", "x.x"),
            (r"\d", "x", "1٣", "xx"),
        ] {
            assert_eq!(replaced(pattern, template, text), expected, "{pattern}");
        }
    }

    #[test]
    fn what_cannot_be_used_says_so() {
        for pattern in ["(", "a(?=b)", r"(a)\1", "[a", r"\p{L}", "(a{1000}){1000}"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
        let pattern = Pattern::new("(a)").unwrap();
        for template in [r"\2", r"\g<x>", r"\q", r"\g<", "\\"] {
            assert!(pattern.replacement(template).is_err(), "{template}");
        }
    }

    #[test]
    fn a_name_does_not_grow_without_end() {
        let pattern = Pattern::new(".").unwrap();
        let replacement = pattern.replacement(&"x".repeat(1000)).unwrap();
        let long = "a".repeat(1000);
        let replaced = pattern.replaced(&long, &replacement, &mut |_| Ok(()));
        assert!(replaced.is_err());
    }

    #[test]
    fn nobody_waits_for_a_large_pattern_and_a_long_name() {
        let pattern = Pattern::new("(a?){2000}b").unwrap();
        let found = |letters: usize| pattern.is_found(&"a".repeat(letters), &mut |_| Ok(()));
        assert!(!found(10).unwrap());
        assert!(found(60_000).is_err());
        let plain = Pattern::new(".*").unwrap();
        assert!(
            plain
                .is_found(&"a".repeat(1_000_000), &mut |_| Ok(()))
                .unwrap()
        );
        let mut charged = 0;
        let checkpoint = &mut |points| {
            charged += points;
            Ok(())
        };
        let replacement = plain.replacement("x").unwrap();
        plain
            .replaced("servers.web1.load", &replacement, checkpoint)
            .unwrap();
        assert!(charged < 10, "{charged}");
    }
}
