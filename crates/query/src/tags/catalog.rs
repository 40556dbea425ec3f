//! Which tags and values a set of series has: lists for people, completion for editors.

use super::{Condition, TagError, TagExpression, fit_all};
use crate::series::Tags;
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// Suggestions at most where a request does not say how many.
pub const SUGGESTIONS_USUAL: usize = 100;

/// Why there is no list.
#[derive(Debug)]
pub enum CatalogError<E> {
    /// An expression or a filter cannot be used.
    Tag(TagError),
    /// The work must not go on.
    Stopped(E),
}

impl<E> From<TagError> for CatalogError<E> {
    fn from(error: TagError) -> Self {
        Self::Tag(error)
    }
}

/// Is asked before each comparison with a regular expression, which may take milliseconds, whether the work may go on.
pub type Check<'l, E> = dyn FnMut() -> Result<(), E> + 'l;

/// Names or values to show: those that a regular expression fits from their beginning on, and no more than so many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'f> {
    /// The expression; without one, all are meant.
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

    /// Selects the names or values to list; `text` gives the text of one.
    fn select<T, E>(
        self,
        all: impl IntoIterator<Item = T>,
        text: impl Fn(&T) -> &str,
        check: &mut Check<'_, E>,
    ) -> Result<Vec<T>, CatalogError<E>> {
        let regex = self.regex()?;
        let most = self.limit.unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for entry in all {
            if entries.len() >= most {
                break;
            }
            if let Some(regex) = &regex {
                check().map_err(CatalogError::Stopped)?;
                if !regex.is_match(text(&entry)) {
                    continue;
                }
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// The tags of series, in order.
///
/// # Errors
/// [`TagError::Regex`], and those of `check`.
pub fn tags<'s, E>(
    series: impl IntoIterator<Item = &'s Tags>,
    filter: Filter<'_>,
    check: &mut Check<'_, E>,
) -> Result<Vec<&'s str>, CatalogError<E>> {
    let all: BTreeSet<&str> = series
        .into_iter()
        .flat_map(|series| series.keys().map(String::as_str))
        .collect();
    filter.select(all, |tag| tag, check)
}

/// A value of a tag, and how many series have it.
pub type CountedValue<'s> = (&'s str, u64);

/// The values of a tag, in order, and how many series have each; `None` where no series has the tag.
///
/// # Errors
/// [`TagError::Regex`], and those of `check`.
pub fn values<'s, E>(
    series: impl IntoIterator<Item = &'s Tags>,
    tag: &str,
    filter: Filter<'_>,
    check: &mut Check<'_, E>,
) -> Result<Option<Vec<CountedValue<'s>>>, CatalogError<E>> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for value in series.into_iter().filter_map(|series| series.get(tag)) {
        *all.entry(value).or_default() += 1;
    }
    let is_known = !all.is_empty();
    let entries = filter.select(all, |entry| entry.0, check)?;
    Ok(is_known.then_some(entries))
}

/// Tags that a query with these expressions could also name.
///
/// # Errors
/// [`TagError`], and those of `check`.
pub fn suggested_tags<'s, E>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
    prefix: &str,
    limit: usize,
    check: &mut Check<'_, E>,
) -> Result<Vec<&'s str>, CatalogError<E>> {
    let asked = |tag: &str| expressions.iter().any(|expression| expression.tag == tag);
    let all: BTreeSet<&str> = fitting(series, expressions, check)?
        .into_iter()
        .flat_map(|tags| tags.keys().map(String::as_str))
        .filter(|tag| !asked(tag) && tag.starts_with(prefix))
        .collect();
    Ok(all.into_iter().take(limit).collect())
}

/// Values that the tag has among the series that fit these expressions.
///
/// # Errors
/// [`TagError`], and those of `check`.
pub fn suggested_values<'s, E>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
    tag: &str,
    prefix: &str,
    limit: usize,
    check: &mut Check<'_, E>,
) -> Result<Vec<&'s str>, CatalogError<E>> {
    let all: BTreeSet<&str> = fitting(series, expressions, check)?
        .into_iter()
        .filter_map(|tags| tags.get(tag).map(String::as_str))
        .filter(|value| value.starts_with(prefix))
        .collect();
    Ok(all.into_iter().take(limit).collect())
}

/// The series that fit all expressions.
fn fitting<'s, E>(
    series: impl IntoIterator<Item = &'s Tags>,
    expressions: &[TagExpression],
    check: &mut Check<'_, E>,
) -> Result<Vec<&'s Tags>, CatalogError<E>> {
    let conditions: Vec<Condition> = expressions
        .iter()
        .map(TagExpression::condition)
        .collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for tags in series {
        if fit_all(&conditions, tags, check).map_err(CatalogError::Stopped)? {
            found.push(tags);
        }
    }
    Ok(found)
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
        let owned = |(tag, value): &(&str, &str)| ((*tag).to_owned(), (*value).to_owned());
        series
            .iter()
            .map(|tags| tags.iter().map(owned).collect())
            .collect()
    }

    fn filter(pattern: &str, limit: Option<usize>) -> Filter<'_> {
        Filter {
            pattern: Some(pattern),
            limit,
        }
    }

    /// Nothing stops the work.
    fn on() -> Result<(), std::convert::Infallible> {
        Ok(())
    }

    #[test]
    fn lists_are_in_order_and_say_how_often() {
        let world = world();
        assert_eq!(
            tags(&world, Filter::default(), &mut on).unwrap(),
            ["dc", "host", "mount", "name"]
        );
        assert_eq!(
            tags(&world, filter("h|m", Some(1)), &mut on).unwrap(),
            ["host"]
        );
        assert_eq!(tags(&world, filter("o", None), &mut on).unwrap(), [""; 0]);
        assert_eq!(
            tags(&world, filter("h", Some(0)), &mut on).unwrap(),
            [""; 0]
        );
        assert_eq!(
            values(&world, "dc", Filter::default(), &mut on)
                .unwrap()
                .unwrap(),
            [("eu1", 2), ("us1", 1)]
        );
        assert_eq!(
            values(&world, "dc", filter("us", None), &mut on)
                .unwrap()
                .unwrap(),
            [("us1", 1)]
        );
        assert_eq!(
            values(&world, "none", Filter::default(), &mut on).unwrap(),
            None
        );
        assert!(tags(&world, filter("(", None), &mut on).is_err());
    }

    #[test]
    fn suggestions_fit_what_is_asked_already() {
        let world = world();
        let asked = |text: &str| vec![TagExpression::parse(text).unwrap()];
        assert_eq!(
            suggested_tags(&world, &asked("name=cpu"), "", 100, &mut on).unwrap(),
            ["dc", "host"]
        );
        assert_eq!(
            suggested_tags(&world, &[], "m", 100, &mut on).unwrap(),
            ["mount"]
        );
        assert_eq!(
            suggested_tags(&world, &[], "", 2, &mut on).unwrap(),
            ["dc", "host"]
        );
        assert_eq!(
            suggested_values(&world, &asked("name=disk"), "dc", "", 100, &mut on).unwrap(),
            ["eu1"]
        );
        assert_eq!(
            suggested_values(&world, &[], "dc", "u", 100, &mut on).unwrap(),
            ["us1"]
        );
    }

    /// A listing that goes through all series; true if it reached the end.
    type List<'l> = &'l dyn Fn(&mut Check<'_, &'static str>) -> bool;

    /// Each of them went through all series, whoever had gone meanwhile.
    #[test]
    fn no_regular_expression_is_compared_once_the_work_has_to_end() {
        let world = world();
        let asked: Vec<TagExpression> = ["name=~.", "host!=~x"]
            .map(|text| TagExpression::parse(text).unwrap())
            .into();
        let ended = |most: u64, list: List<'_>| {
            let mut checks = 0;
            let went_through = list(&mut || {
                checks += 1;
                if checks > most { Err("ended") } else { Ok(()) }
            });
            (went_through, checks)
        };
        let lists: [(u64, List<'_>); 4] = [
            (4, &|check| tags(&world, filter("x", None), check).is_ok()),
            (2, &|check| {
                values(&world, "dc", filter("x", None), check).is_ok()
            }),
            (6, &|check| {
                suggested_tags(&world, &asked, "", 9, check).is_ok()
            }),
            (6, &|check| {
                suggested_values(&world, &asked, "dc", "", 9, check).is_ok()
            }),
        ];
        for (place, (all, list)) in lists.into_iter().enumerate() {
            assert_eq!(ended(u64::MAX, list), (true, all), "{place}");
            assert_eq!(ended(1, list), (false, 2), "{place}");
        }
    }
}
