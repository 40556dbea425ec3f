//! Every function, by name.

pub mod describe;
pub mod graphite_0_9_15;
pub mod pie;

use crate::function::Function;
use crate::functions;
use crate::similar;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Every function, in the order of its family.
pub fn all() -> impl Iterator<Item = &'static Function> {
    functions::FAMILIES.iter().copied().flatten()
}

fn by_name() -> &'static HashMap<&'static str, &'static Function> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Function>> = OnceLock::new();
    TABLE.get_or_init(|| {
        all()
            .flat_map(|function| function.names.iter().map(move |name| (*name, function)))
            .collect()
    })
}

/// The function of a name; case matters.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    by_name().get(name).copied()
}

/// Whether the name is that of a function that makes one series out of many.
#[must_use]
pub fn is_aggregator(name: &str) -> bool {
    find(name).is_some_and(|function| function.is_aggregator)
}

/// The name that is nearest to one that does not exist, where one is near.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    similar::nearest(name, by_name().keys().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::parse;

    #[test]
    fn each_name_is_there_once_and_each_example_can_be_read() {
        let names: Vec<_> = all().flat_map(|function| function.names).collect();
        assert_eq!(names.len(), by_name().len(), "a name is there twice");
        for function in all() {
            let example = function.example;
            assert!(parse(example).is_ok(), "{example}");
            assert!(
                function.names.iter().any(|name| example.contains(name)),
                "{example} uses none of {:?}",
                function.names
            );
            let last = function.parameters.len().saturating_sub(1);
            for (index, parameter) in function.parameters.iter().enumerate() {
                assert!(
                    !parameter.is_multiple || index == last,
                    "{}",
                    parameter.name
                );
            }
        }
    }

    #[test]
    fn what_is_short_for_a_name_finds_it() {
        for (written, meant) in [
            ("movingAvg", "movingAverage"),
            ("movAvg", "movingAverage"),
            ("MovingAverage", "movingAverage"),
            ("average", "averageSeries"),
            ("avgSeries", "averageSeries"),
            ("sumS", "sumSeries"),
            ("perSec", "perSecond"),
            ("stddev", "stddevSeries"),
            ("std", "stdev"),
            ("movingMed", "movingMedian"),
            ("nonNegDeriv", "nonNegativeDerivative"),
            ("aliasNode", "aliasByNode"),
            ("holtWinters", "holtWintersForecast"),
            ("groupByN", "groupByNode"),
            ("keepLast", "keepLastValue"),
            ("scal", "scale"),
            ("sumWildcards", "sumSeriesWithWildcards"),
        ] {
            assert_eq!(nearest(written), Some(meant), "{written}");
        }
        for written in ["test", "foo", "mean", "select", "x"] {
            assert_eq!(nearest(written), None, "{written}");
        }
    }

    #[test]
    fn a_slip_finds_its_function() {
        assert_eq!(nearest("sumseries"), Some("sumSeries"));
        assert_eq!(nearest("somSeries"), Some("sumSeries"));
        assert_eq!(nearest("qwertyuiop"), None);
        let longest = all()
            .flat_map(|function| function.names)
            .map(|name| name.len())
            .max();
        assert!(longest.unwrap() * 2 <= similar::SLIP_MAX);
        assert_eq!(nearest(&"a".repeat(10_000_000)), None);
    }
}
