//! Glob patterns over dotted names, as Graphite's users write them.
//!
//! `*` is any run of characters, `?` one character, `[a-c]`, `[abc]` and `[!abc]` one character of (or not of) a set
//! with `-` literal at either end, `{a,b}` one of several texts (which may hold wildcards and further braces). None of
//! them crosses a dot. Matching is case-sensitive.
//!
//! It lives here, beside [`crate::name`], because the parser of targets and every store must agree on it.

use std::fmt;

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

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    AnyOne,
    AnyRun,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Char(own) => *own == character,
            Self::AnyOne | Self::AnyRun => true,
            Self::Set { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character))
                    != *negated
            }
        }
    }
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

    /// The only text that fits, when the element holds no wildcard.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        match self.alternatives.as_slice() {
            [tokens] => tokens
                .iter()
                .map(|t| {
                    if let Token::Char(c) = t {
                        Some(*c)
                    } else {
                        None
                    }
                })
                .collect(),
            _ => None,
        }
    }

    /// The longest text that every fitting text begins with.
    #[must_use]
    pub fn literal_prefix(&self) -> String {
        let prefix = |tokens: &[Token]| -> String {
            tokens
                .iter()
                .map_while(|t| {
                    if let Token::Char(c) = t {
                        Some(*c)
                    } else {
                        None
                    }
                })
                .collect()
        };
        let mut prefixes = self.alternatives.iter().map(|tokens| prefix(tokens));
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

/// Greedy matching with one remembered star: linear in practice, never exponential.
fn matches_tokens(tokens: &[Token], text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let (mut token, mut at) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = characters.get(at) {
        match tokens.get(token) {
            Some(Token::AnyRun) => {
                star = Some((token, at));
                token += 1;
            }
            Some(other) if other.accepts(*character) => {
                token += 1;
                at += 1;
            }
            _ => match star {
                Some((star_token, star_at)) => {
                    star = Some((star_token, star_at + 1));
                    token = star_token + 1;
                    at = star_at + 1;
                }
                None => return false,
            },
        }
    }
    tokens
        .get(token..)
        .is_some_and(|rest| rest.iter().all(|t| *t == Token::AnyRun))
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

    /// The only path that fits, when there is no wildcard.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let parts: Option<Vec<String>> = self.elements.iter().map(Element::literal).collect();
        parts.map(|parts| parts.join("."))
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

/// A text with, for every character, its offset in the pattern.
type Variant = (Vec<usize>, Vec<char>);

/// Writes out `{a,b}`, innermost last, so that only sets and single wildcards remain.
fn expand_braces(element: &str, offset: usize) -> Result<Vec<Variant>, PatternError> {
    let (offsets, characters): Variant = element
        .char_indices()
        .map(|(at, c)| (at + offset, c))
        .unzip();
    let mut open: Vec<Variant> = vec![(offsets, characters)];
    let mut done = Vec::new();
    while let Some((offsets, characters)) = open.pop() {
        let Some((start, end, commas)) = first_braces(&characters) else {
            done.push((offsets, characters));
            if done.len() > ALTERNATIVES_MAX {
                return Err(PatternError::TooManyAlternatives);
            }
            continue;
        };
        let mut from = start + 1;
        for comma in commas.iter().copied().chain([end]) {
            let pick = |all: &[usize]| splice(all, start, from..comma, end);
            let pick_chars = splice(&characters, start, from..comma, end);
            open.push((pick(&offsets), pick_chars));
            from = comma + 1;
        }
        if open.len() + done.len() > ALTERNATIVES_MAX {
            return Err(PatternError::TooManyAlternatives);
        }
    }
    done.reverse();
    Ok(done)
}

fn splice<T: Copy>(all: &[T], start: usize, middle: std::ops::Range<usize>, end: usize) -> Vec<T> {
    let head = all.get(..start).unwrap_or_default();
    let tail = all.get(end + 1..).unwrap_or_default();
    [head, all.get(middle).unwrap_or_default(), tail].concat()
}

/// The first pair of braces outside a set: where it opens, where it closes, and its own commas.
fn first_braces(characters: &[char]) -> Option<(usize, usize, Vec<usize>)> {
    let (mut start, mut depth, mut in_set, mut commas) = (0_usize, 0_usize, false, Vec::new());
    for (at, character) in characters.iter().enumerate() {
        match character {
            '[' if !in_set => in_set = true,
            ']' => in_set = false,
            '{' if !in_set => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            ',' if depth == 1 && !in_set => commas.push(at),
            '}' if !in_set && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, at, commas));
                }
            }
            _ => {}
        }
    }
    None
}

fn parse_tokens(characters: &[char], offsets: &[usize]) -> Result<Vec<Token>, PatternError> {
    let mut tokens = Vec::new();
    let mut at = 0_usize;
    while let Some(character) = characters.get(at) {
        match character {
            '*' => {
                if tokens.last() != Some(&Token::AnyRun) {
                    tokens.push(Token::AnyRun);
                }
            }
            '?' => tokens.push(Token::AnyOne),
            '[' => {
                let inside = characters.get(at + 1..).unwrap_or_default();
                let length = inside
                    .iter()
                    .position(|c| *c == ']')
                    .unwrap_or(inside.len());
                let set = parse_set(inside.get(..length).unwrap_or_default()).ok_or_else(|| {
                    PatternError::EmptySet(offsets.get(at).copied().unwrap_or_default())
                })?;
                tokens.push(set);
                at += length + 1;
            }
            other => tokens.push(Token::Char(*other)),
        }
        at += 1;
    }
    Ok(tokens)
}

fn parse_set(inside: &[char]) -> Option<Token> {
    let (negated, members) = match inside {
        ['!', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut ranges = Vec::new();
    let mut rest = members;
    loop {
        rest = match rest {
            [] => break,
            [low, '-', high, tail @ ..] => {
                if low <= high {
                    ranges.push((*low, *high));
                }
                tail
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                tail
            }
        };
    }
    if ranges.is_empty() {
        None
    } else {
        Some(Token::Set { negated, ranges })
    }
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
        assert_eq!(
            Pattern::parse("a.b").unwrap().literal().as_deref(),
            Some("a.b")
        );
        assert_eq!(Pattern::parse("a.b*").unwrap().literal(), None);
        let pattern = Pattern::parse("web-{1,2}*").unwrap();
        assert_eq!(pattern.elements()[0].literal_prefix(), "web-");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c*?\\[\\]{},.!é-]{0,24}", path in "[a-c.é]{0,12}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let _ = pattern.matches(&path);
            }
        }

        #[test]
        fn a_name_matches_itself(path in "[a-c]{1,4}(\\.[a-c]{1,4}){0,3}") {
            prop_assert!(fits(&path, &path));
            prop_assert!(fits(&vec!["*"; path.split('.').count()].join("."), &path));
        }
    }
}
