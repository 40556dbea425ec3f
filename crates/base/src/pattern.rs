//! Glob patterns over dotted names, as Graphite's users write them.
//!
//! `*` is any run of characters, `?` one character, `[a-c]`, `[abc]` and `[!abc]` one character of (or not of) a set
//! with `-` literal at either end, `{a,b}` one of several texts (which may hold wildcards and further braces). None of
//! them crosses a dot. Matching is case-sensitive.
//!
//! It lives here, beside [`crate::name`], because the parser of targets and every store must agree on it.

mod braces;
mod token;

use braces::expand_braces;
use std::fmt;
use token::{Token, matches_tokens, parse_tokens};

/// How many texts the braces of one element may stand for.
pub const ALTERNATIVES_MAX: usize = 1000;

/// Longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// Why a text is not a pattern; offsets are bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing at all.
    #[error("the pattern is empty")]
    Empty,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("the pattern has {0} bytes, more than {PATTERN_BYTES_MAX}")]
    TooLong(usize),
    /// `a..b`, `.a` or `a.`.
    #[error("the pattern has an empty element at offset {0} (a dot too many)")]
    EmptyElement(usize),
    /// A bracket or brace without its partner.
    #[error("`{character}` at offset {at} has no partner")]
    Unbalanced {
        /// The lonely character.
        character: char,
        /// Where it stands.
        at: usize,
    },
    /// `[]`, or a range that runs backwards.
    #[error("the set of characters at offset {0} is empty")]
    EmptySet(usize),
    /// More than [`ALTERNATIVES_MAX`].
    #[error("the braces of one element stand for more than {ALTERNATIVES_MAX} texts")]
    TooManyAlternatives,
    /// A character no series name may hold.
    #[error("the pattern holds {character:?} at offset {at}, which no series name holds")]
    Character {
        /// The character.
        character: char,
        /// Where it stands.
        at: usize,
    },
}

/// One element of a pattern: what stands between two dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    alternatives: Vec<Vec<Token>>,
}

impl Element {
    /// Whether `text` (one element of a name) fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.alternatives
            .iter()
            .any(|tokens| matches_tokens(tokens, text))
    }

    /// The only texts that fit, ascending, when the element holds no wildcard.
    #[must_use]
    pub fn literals(&self) -> Option<Vec<String>> {
        let texts = self.alternatives.iter();
        let mut texts = texts
            .map(|tokens| tokens.iter().map(Token::literal).collect())
            .collect::<Option<Vec<String>>>()?;
        texts.sort_unstable();
        texts.dedup();
        Some(texts)
    }

    /// The longest text that every fitting text begins with.
    #[must_use]
    pub fn literal_prefix(&self) -> String {
        let mut prefixes = self
            .alternatives
            .iter()
            .map(|tokens| tokens.iter().map_while(Token::literal).collect::<String>());
        let first = prefixes.next().unwrap_or_default();
        prefixes.fold(first, |common, other| {
            common
                .chars()
                .zip(other.chars())
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a)
                .collect()
        })
    }
}

/// A parsed pattern; at least one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    elements: Vec<Element>,
}

impl Pattern {
    /// Parses `text`.
    ///
    /// # Errors
    /// [`PatternError`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong(text.len()));
        }
        let mut elements = Vec::new();
        for (start, end) in element_spans(text)? {
            if start == end {
                return Err(PatternError::EmptyElement(start));
            }
            let element = text.get(start..end).unwrap_or_default();
            let mut alternatives = Vec::new();
            for (offsets, variant) in expand_braces(element, start)? {
                alternatives.push(parse_tokens(&variant, &offsets)?);
            }
            elements.push(Element { alternatives });
        }
        Ok(Self {
            text: text.to_owned(),
            elements,
        })
    }

    /// The elements, from the root.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole path fits: as many elements, each fitting.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matched_prefix(path)
            .is_some_and(|prefix| prefix.len() == path.len())
    }

    /// The beginning of `path` (whole elements) that fits the pattern, so that `a.*` finds `a.b` in `a.b.c`.
    #[must_use]
    pub fn matched_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut end = 0_usize;
        let mut rest = Some(path);
        for element in &self.elements {
            let here = rest?;
            let (head, tail) = here
                .split_once('.')
                .map_or((here, None), |(head, tail)| (head, Some(tail)));
            if !element.matches(head) {
                return None;
            }
            end += head.len() + usize::from(end > 0);
            rest = tail;
        }
        path.get(..end)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Cuts at the dots, which brackets and braces may not hold.
fn element_spans(text: &str) -> Result<Vec<(usize, usize)>, PatternError> {
    let mut spans = Vec::new();
    let mut start = 0_usize;
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, character) in text.char_indices() {
        let in_set = matches!(open.last(), Some(('[', _)));
        match character {
            '.' => {
                if let Some((character, at)) = open.first() {
                    return Err(PatternError::Unbalanced {
                        character: *character,
                        at: *at,
                    });
                }
                spans.push((start, at));
                start = at + 1;
            }
            '[' if !in_set => open.push(('[', at)),
            '{' if !in_set => open.push(('{', at)),
            ']' => match open.pop() {
                Some(('[', _)) => {}
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            '}' if !in_set => match open.pop() {
                Some(('{', _)) => {}
                _ => return Err(PatternError::Unbalanced { character, at }),
            },
            ',' if open.is_empty() => return Err(PatternError::Character { character, at }),
            _ if character.is_control()
                || character.is_whitespace()
                || matches!(character, '(' | ')' | '"' | '\'') =>
            {
                return Err(PatternError::Character { character, at });
            }
            _ => {}
        }
    }
    if let Some((character, at)) = open.first() {
        return Err(PatternError::Unbalanced {
            character: *character,
            at: *at,
        });
    }
    spans.push((start, text.len()));
    Ok(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn wildcards_stay_inside_an_element() {
        assert!(fits("a.*.c", "a.b.c"));
        assert!(!fits("a.*", "a.b.c"));
        assert!(fits("*", "a"));
        assert!(fits("a*b*c", "aXXbYYc"));
        assert!(fits("a*b*c", "abc"));
        assert!(!fits("a*b*c", "acb"));
        assert!(fits("h?st", "host"));
        assert!(!fits("h?st", "hst"));
    }

    #[test]
    fn sets_and_their_hyphens() {
        assert!(fits("cpu-[0-3]", "cpu-2"));
        assert!(!fits("cpu-[0-3]", "cpu-7"));
        assert!(fits("x[-a]", "x-"));
        assert!(fits("x[a-]", "x-"));
        assert!(fits("x[!a-c]", "xd"));
        assert!(!fits("x[!a-c]", "xb"));
        assert!(fits("x[a-cx-z]", "xy"));
    }

    #[test]
    fn braces_nest_and_hold_wildcards() {
        assert!(fits("{a,b}.c", "b.c"));
        assert!(fits("x{1,2{3,4}}y", "x24y"));
        assert!(fits("x{1,2{3,4}}y", "x1y"));
        assert!(!fits("x{1,2{3,4}}y", "x2y"));
        assert!(fits("{cpu-*,mem}", "cpu-7"));
        assert!(fits("a{,b}", "a"));
        assert!(fits("[{]", "{") || Pattern::parse("[{]").is_ok());
    }

    #[test]
    fn a_prefix_is_whole_elements() {
        let pattern = Pattern::parse("a.*").unwrap();
        assert_eq!(pattern.matched_prefix("a.b.c"), Some("a.b"));
        assert_eq!(pattern.matched_prefix("a.b"), Some("a.b"));
        assert_eq!(pattern.matched_prefix("a"), None);
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(Pattern::parse(""), Err(PatternError::Empty));
        assert_eq!(Pattern::parse("a..b"), Err(PatternError::EmptyElement(2)));
        assert_eq!(
            Pattern::parse("a.[b"),
            Err(PatternError::Unbalanced {
                character: '[',
                at: 2
            })
        );
        assert_eq!(
            Pattern::parse("a}"),
            Err(PatternError::Unbalanced {
                character: '}',
                at: 1
            })
        );
        assert_eq!(Pattern::parse("a.[]"), Err(PatternError::EmptySet(2)));
        assert_eq!(
            Pattern::parse("a b"),
            Err(PatternError::Character {
                character: ' ',
                at: 1
            })
        );
        let bomb = "{a,b}".repeat(20);
        assert_eq!(
            Pattern::parse(&bomb),
            Err(PatternError::TooManyAlternatives)
        );
    }

    #[test]
    fn literals_and_prefixes_help_the_index() {
        let element = |text: &str| Pattern::parse(text).unwrap().elements()[0].clone();
        assert_eq!(element("a").literals().unwrap(), ["a"]);
        assert_eq!(element("x{b,a,b}").literals().unwrap(), ["xa", "xb"]);
        assert_eq!(element("{b*,a}").literals(), None);
        assert_eq!(element("web-{1,2}*").literal_prefix(), "web-");
    }

    /// Reads the pattern anew for every text, trying everything.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        let Some((first, rest)) = pattern.split_first() else {
            return text.is_empty();
        };
        match first {
            '*' => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            '?' => !text.is_empty() && naive(rest, &text[1..]),
            '[' => {
                let end = rest.iter().position(|c| *c == ']').unwrap();
                let set: String = rest[..end].iter().collect();
                let (set, negated) = match set.strip_prefix('!') {
                    Some(set) => (set.to_owned(), true),
                    None => (set, false),
                };
                let set: Vec<char> = set.chars().collect();
                let holds = |c: char| match set.as_slice() {
                    [low, '-', high] => (*low..=*high).contains(&c),
                    all => all.contains(&c),
                };
                text.split_first()
                    .is_some_and(|(c, text)| holds(*c) != negated && naive(&rest[end + 1..], text))
            }
            '{' => {
                let (mut depth, mut end) = (1, 0);
                while depth > 0 {
                    depth += i32::from(rest[end] == '{') - i32::from(rest[end] == '}');
                    end += 1;
                }
                let mut depth = 0;
                rest[..end - 1]
                    .split(|c| {
                        depth += i32::from(*c == '{') - i32::from(*c == '}');
                        depth == 0 && *c == ','
                    })
                    .any(|choice| naive(&[choice, &rest[end..]].concat(), text))
            }
            other => text.first() == Some(other) && naive(rest, &text[1..]),
        }
    }

    fn element() -> impl Strategy<Value = String> {
        let leaf = "[abX*?-]{1,3}|\\[!?(a-b|[abX]{1,3}|-a|a-)\\]";
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner, 1..4)
                    .prop_map(|choices| format!("{{{}}}", choices.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c*?\\[\\]{},.!é-]{0,24}", path in "[a-c.é]{0,12}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let _ = pattern.matches(&path);
            }
        }

        #[test]
        fn a_naive_matcher_agrees(pattern in element(), text in "[abxX-]{0,5}") {
            let characters: Vec<char> = pattern.chars().collect();
            let expected = !text.is_empty() && naive(&characters, &text.chars().collect::<Vec<_>>());
            prop_assert_eq!(!text.is_empty() && fits(&pattern, &text), expected, "{} {}", pattern, text);
        }

        #[test]
        fn literals_are_all_that_fits(pattern in element(), text in "[abX]{1,3}") {
            let pattern = Pattern::parse(&pattern).unwrap();
            if let Some(literals) = pattern.elements()[0].literals() {
                prop_assert_eq!(literals.contains(&text), pattern.matches(&text));
            }
        }

        #[test]
        fn a_name_matches_itself(path in "[a-c]{1,4}(\\.[a-c]{1,4}){0,3}") {
            prop_assert!(fits(&path, &path));
            prop_assert!(fits(&vec!["*"; path.split('.').count()].join("."), &path));
        }
    }
}
