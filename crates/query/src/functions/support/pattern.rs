//! Regular expressions as Python reads them, as far as ours can: none goes back over what it has read.

use super::replacement::Replacement;
use crate::error::Fault;
use regex::{Regex, RegexBuilder};

/// Bytes of a compiled pattern.
const SIZE_MAX: usize = 1 << 20;

/// Bytes by which a replacement makes a name longer.
const GROWTH_MAX: usize = 1 << 16;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(pattern: &str) -> Result<Self, Fault> {
        let compiled = RegexBuilder::new(&translated(pattern))
            .size_limit(SIZE_MAX)
            .dfa_size_limit(SIZE_MAX)
            .build();
        compiled.map(Self).map_err(|error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                other => last_line(&other.to_string()),
            };
            Fault::argument(format!(
                "the pattern `{pattern}` cannot be used: {reason} (look-around and back-references are not supported)"
            ))
        })
    }

    /// Whether it is found anywhere in a text.
    pub(crate) fn is_found(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The replacement for its groups.
    pub(crate) fn replacement(&self, template: &str) -> Result<Replacement, Fault> {
        let names = self.0.capture_names().map(|name| name.map(str::to_owned));
        Replacement::new(template, &names.collect::<Vec<_>>())
    }

    /// The text with every match replaced, empty ones too: also one right behind another match.
    pub(crate) fn replaced(&self, text: &str, replacement: &Replacement) -> Result<String, Fault> {
        let mut out = String::with_capacity(text.len());
        let (mut from, mut copied) = (0, 0);
        while let Some(groups) = (from <= text.len())
            .then(|| self.0.captures_at(text, from))
            .flatten()
        {
            let Some(whole) = groups.get(0) else { break };
            out.push_str(text.get(copied..whole.start()).unwrap_or_default());
            replacement.write(&groups, &mut out);
            if out.len() > text.len().saturating_add(GROWTH_MAX) {
                return Err(Fault::argument(format!(
                    "the replacement makes a name longer by more than {GROWTH_MAX} bytes"
                )));
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

/// What Python and ours write differently, in our way: a brace that counts nothing, `\Z`, escaped punctuation, and what has a
/// meaning of its own in our classes.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut rest, mut is_in_class) = (pattern, false);
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = behind;
        match c {
            '\\' => {
                let Some(escaped) = behind.chars().next() else {
                    out.push('\\');
                    break;
                };
                rest = behind.get(escaped.len_utf8()..).unwrap_or_default();
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
                if let Some(behind) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = behind;
                }
                if let Some(behind) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = behind;
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

/// A character that stands for itself.
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
        pattern.replaced(text, &replacement).unwrap()
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
        assert!(pattern.replaced(&"a".repeat(1000), &replacement).is_err());
    }
}
