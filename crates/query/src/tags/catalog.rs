//! Which tags and values a set of series has: lists for people, completion for editors.

use super::{TagError, TagExpression};
use crate::series::Tags;
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// Suggestions at most where a request does not say how many.
pub const SUGGESTIONS_USUAL: usize = 100;

/// Names or values to show: those that a regular expression fits from their beginning on, and no more than so many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'f> {
    /// The expression; all where there is none.
    pub pattern: Option<&'f str>,
    /// How many; all where that is `None`.
    pub limit: Option<usize>,
}

impl Filter<'_> {
    fn regex(&self) -> Result<Option<Regex>, TagError> {
        let Some(pattern) = self.pattern.filter(|pattern| !pattern.is_empty()) else {
            return Ok(None);
        };
        super::check_size(pattern)?;
        let anchored = match pattern.starts_with('^') {
            true => pattern.to_owned(),
            false => format!("^(?:{pattern})"),
        };
        let regex = RegexBuilder::new(&anchored)
            .size_limit(super::COMPILED_BYTES_MAX)
            .build();
        regex.map(Some).map_err(|error| TagError::Regex {
            expression: pattern.to_owned(),
            problem: super::last_line(&error.to_string()),
        })
    }

    fn most(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }
}

/// The tags of series, in order.
///
/// # Errors
/// [`TagError::Regex`].
pub fn tags<'s>(
    series: impl IntoIterator<Item = &'s Tags>,
    filter: Filter<'_>,
) -> Result<Vec<&'s str>, TagError> {
    let regex = filter.regex()?;
    let fits = |tag: &&str| regex.as_ref().is_none_or(|regex| regex.is_match(tag));
    let all: BTreeSet<&str> = series
        .into_iter()
        .flat_map(|series| series.keys().map(String::as_str))
        .collect();
    Ok(all.into_iter().filter(fits).take(filter.most()).collect())
}

/// The values of a tag, in order, and how many series have each; `None` where no series has the tag.
///
/// # Errors
/// [`TagError::Regex`].
pub fn values<'s>(
    series: impl IntoIterator<Item = &'s Tags>,
    tag: &str,
    filter: Filter<'_>,
) -> Result<Option<Vec<(&'s str, u64)>>, TagError> {
    let regex = filter.regex()?;
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for value in series.into_iter().filter_map(|series| series.get(tag)) {
        *all.entry(value).or_default() += 1;
    }
    let fits = |(value, _): &(&str, u64)| regex.as_ref().is_none_or(|regex| regex.is_match(value));
    let is_known = !all.is_empty();
    let shown = all.into_iter().filter(fits).take(filter.most()).collect();
    Ok(is_known.then_some(shown))
}

/// Tags that a question with these expressions could also ask for.
///
/// # Errors
/// [`TagError`].
pub fn suggested_tags<'s>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
    prefix: &str,
    limit: usize,
) -> Result<Vec<&'s str>, TagError> {
    let found = fitting(series, expressions)?;
    let asked = |tag: &str| expressions.iter().any(|expression| expression.tag == tag);
    let all: BTreeSet<&str> = found
        .flat_map(|own| own.keys().map(String::as_str))
        .filter(|tag| !asked(tag) && tag.starts_with(prefix))
        .collect();
    Ok(all.into_iter().take(limit).collect())
}

/// Values that the tag has among the series that fit these expressions.
///
/// # Errors
/// [`TagError`].
pub fn suggested_values<'s>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
    tag: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<&'s str>, TagError> {
    let found = fitting(series, expressions)?;
    let values = found.filter_map(|own| own.get(tag)).map(String::as_str);
    let all: BTreeSet<&str> = values.filter(|value| value.starts_with(prefix)).collect();
    Ok(all.into_iter().take(limit).collect())
}

/// The series that fit all expressions.
fn fitting<'s>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
) -> Result<impl Iterator<Item = &'s Tags>, TagError> {
    let conditions: Vec<_> = expressions
        .iter()
        .map(TagExpression::condition)
        .collect::<Result<_, _>>()?;
    let fits = move |own: &&Tags| conditions.iter().all(|condition| condition.fits_tags(own));
    Ok(series.into_iter().filter(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> Vec<Tags> {
        let series = [
            &[("name", "cpu"), ("dc", "eu1"), ("host", "a")][..],
            &[("name", "cpu"), ("dc", "us1"), ("host", "b")],
            &[("name", "disk"), ("dc", "eu1"), ("mount", "root")],
        ];
        let own = |(tag, value): &(&str, &str)| ((*tag).to_owned(), (*value).to_owned());
        series
            .iter()
            .map(|tags| tags.iter().map(own).collect())
            .collect()
    }

    fn filter(pattern: &str, limit: Option<usize>) -> Filter<'_> {
        Filter {
            pattern: Some(pattern),
            limit,
        }
    }

    #[test]
    fn lists_are_in_order_and_say_how_often() {
        let world = world();
        assert_eq!(
            tags(&world, Filter::default()).unwrap(),
            ["dc", "host", "mount", "name"]
        );
        assert_eq!(tags(&world, filter("h|m", Some(1))).unwrap(), ["host"]);
        assert_eq!(tags(&world, filter("o", None)).unwrap(), [""; 0]);
        assert_eq!(tags(&world, filter("h", Some(0))).unwrap(), [""; 0]);
        assert_eq!(
            values(&world, "dc", Filter::default()).unwrap().unwrap(),
            [("eu1", 2), ("us1", 1)]
        );
        assert_eq!(
            values(&world, "dc", filter("us", None)).unwrap().unwrap(),
            [("us1", 1)]
        );
        assert_eq!(values(&world, "none", Filter::default()).unwrap(), None);
        assert!(tags(&world, filter("(", None)).is_err());
    }

    #[test]
    fn suggestions_fit_what_is_asked_already() {
        let world = world();
        let asked = |text: &str| vec![TagExpression::parse(text).unwrap()];
        assert_eq!(
            suggested_tags(&world, &asked("name=cpu"), "", 100).unwrap(),
            ["dc", "host"]
        );
        assert_eq!(suggested_tags(&world, &[], "m", 100).unwrap(), ["mount"]);
        assert_eq!(suggested_tags(&world, &[], "", 2).unwrap(), ["dc", "host"]);
        assert_eq!(
            suggested_values(&world, &asked("name=disk"), "dc", "", 100).unwrap(),
            ["eu1"]
        );
        assert_eq!(
            suggested_values(&world, &[], "dc", "u", 100).unwrap(),
            ["us1"]
        );
    }
}
