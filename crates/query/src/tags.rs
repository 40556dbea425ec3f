//! Tag expressions: `dc=eu1`, `dc!=eu1`, `host=~web.*`, `host!=~db`.
//!
//! `name` is the path of a series. A series that lacks a tag has the empty value for it, so `dc=` finds those without one. A
//! regular expression begins where the value begins, and need not end where it ends.

pub mod catalog;

use crate::series::Tags;
use base::excerpt;
use base::limit::{self, Limit};
use base::regex_memory::{TREE_BYTES_MAX, tree_bytes};
use regex::RegexBuilder;
use std::fmt;

/// The tag that every series has: its path.
pub const NAME: &str = "name";

/// Bytes that the expressions of one query may take once they are compiled, each.
pub const COMPILED_BYTES_MAX: usize = 1 << 18;

/// Bytes that the regular expressions of one query may take while they are parsed: each is parsed several times.
const TREES_BYTES_MAX: usize = 2 * TREE_BYTES_MAX;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!=~`
    NotRegex,
}

/// A condition on one tag, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagExpression {
    /// The tag.
    pub tag: String,
    /// How its value is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: String,
}

/// An invalid tag expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// It has no tag or no comparison.
    #[error(
        "`{}` is no tag expression: write `TAG=VALUE`, `TAG!=VALUE`, `TAG=~REGEX` or `TAG!=~REGEX`",
        excerpt::beginning(.0)
    )]
    Form(String),
    /// It is no regular expression, or too large a one.
    #[error("`{}`: {problem}", excerpt::beginning(.expression))]
    Regex {
        /// The expression.
        expression: String,
        /// The problem.
        problem: String,
    },
    /// It is too long to be read.
    #[error("`{beginning}…` has {bytes} bytes, and `{name}` is {max}", name = limit::REGEX_BYTES.name, max = limit::REGEX_BYTES.default)]
    TooLong {
        /// The first part of it.
        beginning: String,
        /// Its bytes.
        bytes: usize,
    },
    /// All of them fit a series that has no tags.
    #[error("at least one tag expression must not fit the empty value")]
    FitsEmpty,
    /// There are too many.
    #[error("{0} tag expressions are more than `{name}` = {max}", name = limit::MATCHERS_PER_SELECTOR.name, max = limit::MATCHERS_PER_SELECTOR.default)]
    TooMany(usize),
}

impl TagError {
    /// The limit that they are beyond.
    #[must_use]
    pub const fn limit(&self) -> Option<&'static Limit> {
        match self {
            Self::TooMany(_) => Some(&limit::MATCHERS_PER_SELECTOR),
            Self::TooLong { .. } => Some(&limit::REGEX_BYTES),
            _ => None,
        }
    }
}

impl TagExpression {
    /// Reads one.
    ///
    /// # Errors
    /// [`TagError`].
    pub fn parse(text: &str) -> Result<Self, TagError> {
        let expression = Self::of_form(text)?;
        expression.check_syntax().map(|()| expression)
    }

    /// Takes one apart; a regular expression is not read.
    fn of_form(text: &str) -> Result<Self, TagError> {
        let form = || TagError::Form(text.to_owned());
        let at = text.find(['=', '!', ';', '^']).ok_or_else(form)?;
        let (tag, rest) = text.split_at_checked(at).ok_or_else(form)?;
        let (comparison, value) = if let Some(value) = rest.strip_prefix("!=~") {
            (Comparison::NotRegex, value)
        } else if let Some(value) = rest.strip_prefix("=~") {
            (Comparison::Regex, value)
        } else if let Some(value) = rest.strip_prefix("!=") {
            (Comparison::NotEqual, value)
        } else if let Some(value) = rest.strip_prefix('=') {
            (Comparison::Equal, value)
        } else {
            return Err(form());
        };
        // A `;` parts tags where a series is written.
        if tag.is_empty() || value.contains(';') {
            return Err(form());
        }
        Ok(Self {
            tag: tag.to_owned(),
            comparison,
            value: value.to_owned(),
        })
    }

    /// Whether it has to be compiled, which takes time.
    #[must_use]
    pub const fn is_regex(&self) -> bool {
        matches!(self.comparison, Comparison::Regex | Comparison::NotRegex)
    }

    /// Reads a regular expression without compiling it.
    fn check_syntax(&self) -> Result<(), TagError> {
        if !self.is_regex() {
            return Ok(());
        }
        check_size(&self.value)?;
        let read = RegexBuilder::new(&self.anchored()).size_limit(0).build();
        match read {
            Err(error @ regex::Error::Syntax(_)) => Err(self.refused(&error)),
            _ => Ok(()),
        }
    }

    fn anchored(&self) -> String {
        format!("^(?:{})", self.value)
    }

    fn refused(&self, error: &regex::Error) -> TagError {
        TagError::Regex {
            expression: self.to_string(),
            problem: last_line(&error.to_string()),
        }
    }

    /// Reads all expressions of a query.
    ///
    /// # Errors
    /// [`TagError`]; [`TagError::FitsEmpty`] where they would find every series.
    pub fn parse_all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Vec<Self>, TagError> {
        let texts: Vec<&str> = texts.into_iter().collect();
        // Before any is compiled.
        if texts.len() as u64 > limit::MATCHERS_PER_SELECTOR.default {
            return Err(TagError::TooMany(texts.len()));
        }
        let mut all = Vec::with_capacity(texts.len());
        let mut trees = 0_usize;
        for text in texts {
            // Each is read when it is compiled, and once is enough.
            let expression = Self::of_form(text)?;
            if expression.is_regex() {
                check_size(&expression.value)?;
                trees = trees.saturating_add(tree_bytes(&expression.value));
            }
            if trees > TREES_BYTES_MAX {
                return Err(too_many_classes(&expression.value));
            }
            all.push(expression);
        }
        let mut fits_empty = true;
        for expression in &all {
            fits_empty &= expression.condition()?.fits("");
        }
        if fits_empty {
            return Err(TagError::FitsEmpty);
        }
        Ok(all)
    }

    /// The condition, ready to be used.
    ///
    /// # Errors
    /// [`TagError::Regex`].
    pub fn condition(&self) -> Result<Condition, TagError> {
        let test = if self.is_regex() {
            check_size(&self.value)?;
            let regex = RegexBuilder::new(&self.anchored())
                .size_limit(COMPILED_BYTES_MAX)
                .build();
            Test::Regex(regex.map_err(|error| self.refused(&error))?)
        } else {
            Test::Text(self.value.clone())
        };
        Ok(Condition {
            tag: self.tag.clone(),
            test,
            is_negative: matches!(self.comparison, Comparison::NotEqual | Comparison::NotRegex),
        })
    }
}

/// Refuses a regular expression by its text, before anything is read.
fn check_size(text: &str) -> Result<(), TagError> {
    if text.len() as u64 > limit::REGEX_BYTES.default {
        return Err(too_long(text));
    }
    if tree_bytes(text) > TREE_BYTES_MAX {
        return Err(too_many_classes(text));
    }
    Ok(())
}

/// The refusal of a regular expression that takes too much while it is read, alone or with those before it.
fn too_many_classes(text: &str) -> TagError {
    TagError::Regex {
        expression: text.chars().take(40).collect(),
        problem: TOO_MANY_CLASSES.to_owned(),
    }
}

/// The refusal of a regular expression by its length.
fn too_long(text: &str) -> TagError {
    TagError::TooLong {
        beginning: text.chars().take(40).collect(),
        bytes: text.len(),
    }
}

/// The error for a regular expression that takes too much memory while it is parsed.
pub(crate) const TOO_MANY_CLASSES: &str =
    "it has too many classes of characters, such as `\\w` or `\\W`";

/// The line of a message of the regex parser that says what is wrong.
pub(crate) fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

impl fmt::Display for TagExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparison = match self.comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Regex => "=~",
            Comparison::NotRegex => "!=~",
        };
        write!(f, "{}{comparison}{}", self.tag, self.value)
    }
}

/// A tag expression, compiled.
#[derive(Debug)]
pub struct Condition {
    tag: String,
    test: Test,
    is_negative: bool,
}

#[derive(Debug)]
enum Test {
    Text(String),
    Regex(regex::Regex),
}

impl Condition {
    /// The tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the tag may have this value.
    #[must_use]
    pub fn fits(&self, value: &str) -> bool {
        let fits = match &self.test {
            Test::Text(text) => text == value,
            Test::Regex(regex) => regex.is_match(value),
        };
        fits != self.is_negative
    }

    /// Whether a series with these tags fits.
    #[must_use]
    pub fn fits_tags(&self, tags: &Tags) -> bool {
        self.fits(tags.get(&self.tag).map_or("", String::as_str))
    }
}

/// Whether a series with these tags fits all conditions. To compare one value with one regular expression may take milliseconds,
/// so that `check` is asked before each whether the work may go on.
///
/// # Errors
/// Those of `check`.
pub fn fit_all<E>(
    conditions: &[Condition],
    tags: &Tags,
    check: &mut dyn FnMut() -> Result<(), E>,
) -> Result<bool, E> {
    for condition in conditions {
        if matches!(condition.test, Test::Regex(_)) {
            check()?;
        }
        if !condition.fits_tags(tags) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(expressions: &[&str], tags: &[(&str, &str)]) -> bool {
        let tags = tags
            .iter()
            .map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned()))
            .collect();
        let all = TagExpression::parse_all(expressions.iter().copied()).unwrap();
        all.iter()
            .all(|expression| expression.condition().unwrap().fits_tags(&tags))
    }

    #[test]
    fn values_are_compared_as_they_are_written() {
        let tags = [("name", "cpu.load"), ("dc", "eu1")];
        for (expressions, is_found) in [
            (&["dc=eu1"][..], true),
            (&["dc=eu"], false),
            (&["dc=~eu"], true),
            (&["dc=~u1"], false),
            (&["dc=~a|eu"], true),
            (&["dc=~eu1$", "host="], true),
            (&["dc=eu1", "host!=web1"], true),
            (&["dc=eu1", "dc!=~eu"], false),
            (&["name=cpu.load"], true),
            (&["name!="], true),
            (&["dc=eu1", "x!=a=b"], true),
        ] {
            assert_eq!(finds(expressions, &tags), is_found, "{expressions:?}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_with_what_would_be() {
        for (expressions, error) in [
            (
                &["bogus"][..],
                "`bogus` is no tag expression: write `TAG=VALUE`, `TAG!=VALUE`, `TAG=~REGEX` or `TAG!=~REGEX`",
            ),
            (
                &["dc=eu;host=a"],
                "`dc=eu;host=a` is no tag expression: write `TAG=VALUE`, `TAG!=VALUE`, `TAG=~REGEX` or `TAG!=~REGEX`",
            ),
            (
                &["=x"],
                "`=x` is no tag expression: write `TAG=VALUE`, `TAG!=VALUE`, `TAG=~REGEX` or `TAG!=~REGEX`",
            ),
            (
                &["a!x"],
                "`a!x` is no tag expression: write `TAG=VALUE`, `TAG!=VALUE`, `TAG=~REGEX` or `TAG!=~REGEX`",
            ),
            (&["a=~("], "`a=~(`: unclosed group"),
            (
                &["a=~.*", "b!=x"],
                "at least one tag expression must not fit the empty value",
            ),
            (
                &[],
                "at least one tag expression must not fit the empty value",
            ),
        ] {
            let found = TagExpression::parse_all(expressions.iter().copied()).unwrap_err();
            assert_eq!(found.to_string(), error);
        }
        let many: Vec<String> = (0..100).map(|index| format!("a{index}=b")).collect();
        let found = TagExpression::parse_all(many.iter().map(String::as_str));
        assert!(matches!(found, Err(TagError::TooMany(100))));
    }

    /// Each of them takes milliseconds to be read.
    #[test]
    fn all_expressions_of_a_question_have_few_classes_in_either_case() {
        let one = format!("a=~(?i){}b", r"\p{any}".repeat(10));
        assert!(TagExpression::parse_all([one.as_str()]).is_ok());
        let found = TagExpression::parse_all([one.as_str(); 4]).unwrap_err();
        assert!(matches!(found, TagError::Regex { .. }), "{found}");
        assert!(found.to_string().contains("classes"), "{found}");
    }

    #[test]
    fn an_expression_cannot_become_a_large_table() {
        let found = TagExpression::parse_all(["a=~(x{1000}){1000}"]).unwrap_err();
        assert!(matches!(found, TagError::Regex { .. }), "{found}");
    }
}
