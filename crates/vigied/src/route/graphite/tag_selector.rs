//! Translates tag expressions into a selector for the store.

use base::pattern::Pattern;
use base::selector::{Matcher, MatcherBudget, Op, Selector};
use query::tags::{Comparison, NAME, TagExpression};

/// A selector for series with tags: it finds all that fit, and others only where the store has no automaton for the regular
/// expressions, or too large a one, alone or with those before it. `None` if there are more expressions than a selector takes.
pub(super) fn selector(expressions: &[TagExpression]) -> Option<Selector> {
    let is_plain = |expression: &&TagExpression| {
        matches!(
            expression.comparison,
            Comparison::Equal | Comparison::NotEqual
        )
    };
    of(expressions.iter()).or_else(|| of(expressions.iter().filter(is_plain)))
}

fn of<'e>(expressions: impl Iterator<Item = &'e TagExpression> + Clone) -> Option<Selector> {
    let is_of_path = |expression: &&TagExpression| expression.tag == NAME;
    let paths = expressions.clone().filter(is_of_path);
    let path = paths
        .clone()
        .find(|expression| expression.comparison == Comparison::Equal)
        .and_then(|expression| Pattern::parse(&base::pattern::escape(&expression.value)).ok());
    let labels = expressions.filter(|expression| !is_of_path(expression));
    let mut budget = MatcherBudget::default();
    let mut to_matcher = |expression| matcher(expression, &mut budget);
    let (paths, labels) = (
        paths.filter_map(&mut to_matcher).collect(),
        labels.filter_map(&mut to_matcher).collect(),
    );
    let selector =
        Selector::new(path, labels).and_then(|selector| selector.with_path_matchers(paths));
    Some(selector.ok()?.labelled(true))
}

fn matcher(expression: &TagExpression, budget: &mut MatcherBudget) -> Option<Matcher> {
    // A dot does not match a line's end here, and anything may follow the part that matches.
    let prefix = || format!("(?-s:{})(?s:.*)", expression.value);
    let (op, value) = match expression.comparison {
        Comparison::Equal => (Op::Equal, expression.value.clone()),
        Comparison::NotEqual => (Op::NotEqual, expression.value.clone()),
        Comparison::Regex => (Op::Regex, prefix()),
        Comparison::NotRegex => (Op::NotRegex, prefix()),
    };
    Matcher::with_budget(budget, &expression.tag, op, &value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::series::SeriesKey;
    use proptest::prelude::*;

    fn expression() -> impl Strategy<Value = String> {
        let regex = "([ab.]|a\\*|b\\+|\\^a|a\\$|\\(a\\|b\\)|\\\\b|\\(\\?i\\)B|\\[\\^a\\]){0,4}";
        (
            "(name|l|m)",
            prop::sample::select(vec!["=", "!=", "=~", "!=~"]),
            regex,
        )
            .prop_map(|(tag, comparison, value)| format!("{tag}{comparison}{value}"))
    }

    proptest! {
        #[test]
        fn it_means_whatever_fits(
            texts in prop::collection::vec(expression(), 1..4),
            path in "[abB]{1,3}",
            values in prop::collection::btree_map("[lm]", "[abB]{1,2}(\n[ab])?", 1..3),
        ) {
            let parsed = TagExpression::parse_all(texts.iter().map(String::as_str));
            prop_assume!(parsed.is_ok());
            let expressions = parsed.unwrap();
            let labels = values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let key = SeriesKey::new(&path, labels).unwrap();
            let tags = super::super::store_source::tags_of(&key);
            let fits = expressions
                .iter()
                .all(|expression| expression.condition().unwrap().fits_tags(&tags));
            let means = selector(&expressions).is_some_and(|selector| selector.matches(&key));
            prop_assert!(means || !fits, "{texts:?} {key:?}");
            // What the store's automata cannot read is the only exception.
            let is_exact = !texts.iter().any(|text| text.contains("\\b"));
            prop_assert!(!is_exact || means == fits, "{texts:?} {key:?}");
        }
    }

    /// Each had the bound of a table for itself.
    #[test]
    fn all_automata_of_a_question_have_one_bound() {
        let texts = ["l=a", "m=~[ab]*a[ab]{10}"];
        let texts = texts.iter().chain([&texts[1]; 39]).copied();
        let expressions = TagExpression::parse_all(texts).unwrap();
        let selector = selector(&expressions).unwrap();
        // Expressions that found no room are left to the second check.
        assert!(
            (2..40).contains(&selector.matchers()),
            "{}",
            selector.matchers()
        );
        let key = |l| SeriesKey::new("p", [("l", l), ("m", "babbbbbbbbbbb")]).unwrap();
        assert!(selector.matches(&key("a")) && !selector.matches(&key("b")));
    }

    #[test]
    fn an_automaton_that_is_too_large_is_left_to_who_looks_again() {
        let texts = ["l=a", "m=~(a|b)*a(a|b){14}"];
        let expressions = TagExpression::parse_all(texts).unwrap();
        let key = |l| SeriesKey::new("p", [("l", l), ("m", "c")]).unwrap();
        let selector = selector(&expressions).unwrap();
        assert!(selector.matches(&key("a")) && !selector.matches(&key("b")));
    }
}
