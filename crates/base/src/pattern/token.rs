//! One alternative of an element, without braces: characters, wildcards and sets.

use super::PatternError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    AnyOne,
    AnyRun,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    /// The character, when it is no wildcard.
    pub(super) const fn literal(&self) -> Option<char> {
        match self {
            Self::Char(own) => Some(*own),
            _ => None,
        }
    }

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

/// Greedy matching with one remembered star: linear in practice, never exponential.
pub(super) fn matches_tokens(tokens: &[Token], text: &str) -> bool {
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

pub(super) fn parse_tokens(
    characters: &[char],
    offsets: &[usize],
) -> Result<Vec<Token>, PatternError> {
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
