//! A target that is a path with wildcards, by the one grammar of [`base::pattern`]. A call of a function is recognised, and left to
//! the parser of the crate `query`.

use crate::excerpt;
use base::pattern::{Pattern, PatternError};
use base::selector::Selector;

/// A `target` that is a path.
#[derive(Debug, Clone)]
pub struct Target {
    pattern: Pattern,
    selector: Selector,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for Target {}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing at all.
    #[error("the target is empty")]
    Empty,
    /// A call such as `sumSeries(a.*)`: no path.
    #[error("the target calls the function `{name}`")]
    Function {
        /// The function's name.
        name: String,
        /// The byte at which the call begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// A path that is no pattern.
    #[error("{0}")]
    Pattern(#[from] PatternError),
}

impl Target {
    /// Parses `text`; blanks around it are ignored.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let inner = text.trim_start();
        let start = text.len() - inner.len();
        let inner = inner.trim_end();
        if inner.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(call) = function_call(inner, start) {
            return Err(call);
        }
        let pattern = Pattern::parse(inner)
            .map_err(|error| error.shifted_by(text.get(..start).unwrap_or_default()))?;
        let selector = Selector::named(pattern.clone());
        Ok(Self { pattern, selector })
    }

    /// The series it reads.
    #[must_use]
    pub const fn selector(&self) -> &Selector {
        &self.selector
    }

    /// The glob that their names fit.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The target as it was written, without the blanks around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.pattern.as_str()
    }
}

/// A name followed by an opening parenthesis, also after a `|`, which is a character like others in a path.
fn function_call(text: &str, start: usize) -> Option<TargetError> {
    let open = text.find('(')?;
    let before = text.get(..open)?;
    let name = before.rsplit('|').next()?.trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let closed = text.rfind(')').filter(|close| *close > open);
    is_name.then(|| TargetError::Function {
        name: excerpt::beginning(name),
        start,
        end: start + closed.map_or(text.len(), |close| close + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::pattern::TextPosition;
    use proptest::prelude::*;

    #[test]
    fn paths_and_wildcards_are_targets() {
        for text in [
            "a",
            "shop.eu.checkout",
            "shop.*.{a,b}[0-9]?",
            "a.b;host=x",
            "a.b|c",
            "disk.|mnt|data",
            "a.`b`",
            "**.a",
        ] {
            assert_eq!(Target::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Target::parse(" a.b\n").unwrap().as_str(), "a.b");
        assert!(
            Target::parse("shop.*")
                .unwrap()
                .pattern()
                .matches("shop.eu")
        );
    }

    #[test]
    fn a_function_is_named() {
        assert_eq!(
            Target::parse(" sumSeries(a.*, b)"),
            Err(TargetError::Function {
                name: "sumSeries".to_owned(),
                start: 1,
                end: 18
            })
        );
        for piped in ["a.b|c|scale(2)", "a|scale (2)", "a | scale(2)"] {
            let error = Target::parse(piped).unwrap_err();
            assert!(error.to_string().contains("`scale`"), "{piped}: {error}");
        }
        assert_eq!(
            Target::parse("alias(sumSeries(a), 'x")
                .unwrap_err()
                .to_string(),
            "the target calls the function `alias`"
        );
    }

    #[test]
    fn junk_has_a_place() {
        let at = |byte: usize| TextPosition {
            byte,
            column: byte + 1,
        };
        assert_eq!(Target::parse("  "), Err(TargetError::Empty));
        assert_eq!(
            Target::parse("a b"),
            Err(TargetError::Pattern(PatternError::Character {
                character: ' ',
                at: at(1)
            }))
        );
        assert_eq!(
            Target::parse("a,b"),
            Err(TargetError::Pattern(PatternError::Character {
                character: ',',
                at: at(1)
            }))
        );
        assert_eq!(
            Target::parse(" a..b"),
            Err(TargetError::Pattern(PatternError::EmptyElement(at(3))))
        );
        assert_eq!(
            Target::parse("a.(b)"),
            Err(TargetError::Pattern(PatternError::Character {
                character: '(',
                at: at(2)
            }))
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Target::parse(&text);
        }

        #[test]
        fn no_almost_target_panics(text in "[a-c*?{},()\\[\\]. |']{0,20}") {
            let _ = Target::parse(&text);
        }
    }
}
