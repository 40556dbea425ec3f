//! How functions differed in graphite-web 0.9.15, the version of the original service. This server follows 1.1.10; the list is for
//! people whose targets come from there.

/// A function in 0.9.15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graphite0915 {
    /// There was none of that name.
    Missing,
    /// It behaved differently, as the note says.
    Different(&'static str),
    /// The same.
    Same,
}

/// How a function of that name behaved in 0.9.15.
#[must_use]
pub fn in_graphite_0_9_15(name: &str) -> Graphite0915 {
    if ADDED.contains(&name) {
        return Graphite0915::Missing;
    }
    let found = CHANGED.iter().find(|(names, _)| names.contains(&name));
    found.map_or(Graphite0915::Same, |(_, note)| {
        Graphite0915::Different(note)
    })
}

/// Functions added after 0.9.15.
const ADDED: &[&str] = &[
    "add",
    "aggregate",
    "aggregateLine",
    "aggregateSeriesLists",
    "aggregateWithWildcards",
    "aliasByTags",
    "aliasQuery",
    "applyByNode",
    "averageOutsidePercentile",
    "compressPeriodicGaps",
    "delay",
    "diffSeriesLists",
    "divideSeriesLists",
    "exp",
    "exponentialMovingAverage",
    "fallbackSeries",
    "filterSeries",
    "grep",
    "groupByNodes",
    "groupByTags",
    "highest",
    "integralByInterval",
    "interpolate",
    "invert",
    "isNonNull",
    "linearRegression",
    "logit",
    "lower",
    "lowest",
    "map",
    "mapSeries",
    "minMax",
    "movingMax",
    "movingMin",
    "movingSum",
    "movingWindow",
    "multiplySeriesLists",
    "multiplySeriesWithWildcards",
    "offsetToZero",
    "pow",
    "powSeries",
    "reduce",
    "reduceSeries",
    "removeBetweenPercentile",
    "removeEmptySeries",
    "round",
    "seriesByTag",
    "setXFilesFactor",
    "sigmoid",
    "sortBy",
    "sortByTotal",
    "squareRoot",
    "sumSeriesLists",
    "timeSlice",
    "unique",
    "upper",
    "verticalLine",
    "weightedAverage",
    "xFilesFactor",
];

/// Functions that behaved differently, and how.
const CHANGED: &[(&[&str], &str)] = &[
    (
        &["aliasByMetric"],
        "It took what stands behind the last dot of the whole name, up to a comma: of `scale(a.b,0.5)` the `5)`. Now it is the last element of the path, `b`.",
    ),
    (
        &["aliasByNode"],
        "It knew elements of paths alone, no tags, and failed where a name has no such element. Now that element is empty.",
    ),
    (
        &["asPercent", "pct"],
        "It took no `nodes`, and of totals no more than one. Its result was named with a blank behind the comma, and without a total by the path of the series instead of their sum.",
    ),
    (
        &["averageAbove"],
        "It kept a series as well whose mean is `n` itself.",
    ),
    (
        &["currentAbove"],
        "It kept a series as well whose last value is `n` itself.",
    ),
    (
        &["averageSeriesWithWildcards"],
        "Its results came in no certain order. Now they come in the order of the series.",
    ),
    (&["cactiStyle"], "It took no `units`."),
    (
        &["consolidateBy"],
        "It knew `sum`, `average`, `min` and `max` alone.",
    ),
    (
        &["constantLine", "threshold"],
        "The line had two points, at its ends. Now it has a third one between them.",
    ),
    (
        &["countSeries"],
        "It needed an argument. Without one it now counts 0.",
    ),
    (&["dashed"], "It named a length without its fraction."),
    (
        &["divideSeries"],
        "It failed where the divisor was not found. Now the result has no values, and `MISSING` in its name.",
    ),
    (&["events"], "It named its tags without quotes."),
    (
        &["groupByNode"],
        "It split the whole name at its dots, with the functions around a path, and knew no tags. It needed a function (`sumSeries`) as `callback`; now an aggregation (`sum`) will do, and `average` is the default.",
    ),
    (
        &["highestAverage", "highestCurrent"],
        "The highest came last. Now it comes first.",
    ),
    (
        &["hitcount"],
        "Aligned, every series of a path with wildcards had the values of the first one.",
    ),
    (
        &[
            "holtWintersAberration",
            "holtWintersConfidenceArea",
            "holtWintersConfidenceBands",
            "holtWintersForecast",
        ],
        "The week before and the season of a day were fixed, which are the defaults of `bootstrapInterval` and `seasonality` now.",
    ),
    (
        &["keepLastValue"],
        "At the end it filled only gaps shorter than `limit`. Now one that is as long as `limit` is filled there as elsewhere.",
    ),
    (
        &["legendValue"],
        "It knew `avg`, `total`, `min`, `max` and `last` alone, where `last` was one of the last two points. With `si` or `binary` it showed values without their sign.",
    ),
    (
        &["minimumAbove", "minimumBelow", "sortByMinima"],
        "A point without a value counted as less than every number. Now it does not count.",
    ),
    (
        &["mostDeviant"],
        "It took the number first: `mostDeviant(5, servers.*.load)`.",
    ),
    (
        &["movingAverage"],
        "A window ended before its point. Now the point is the last one in it. There was no `xFilesFactor`.",
    ),
    (
        &["movingMedian"],
        "A window ended before its point. Now the point is the last one in it. Of an even number of values the greater one in the middle was taken; now it is the mean of both. There was no `xFilesFactor`.",
    ),
    (
        &["nonNegativeDerivative"],
        "It took no `minValue`, and counted a value above `maxValue`. Now such a value is left out.",
    ),
    (
        &["perSecond"],
        "It took no `minValue`, and counted a value above `maxValue`. Now such a value is left out, and a result has at most six digits behind its point.",
    ),
    (
        &["percentileOfSeries"],
        "It failed where no series was found. Now it finds none.",
    ),
    (
        &["rangeOfSeries"],
        "It had no value at times at which one of the series has none. Now the others count.",
    ),
    (
        &[
            "removeAbovePercentile",
            "removeAboveValue",
            "removeBelowPercentile",
            "removeBelowValue",
        ],
        "It named `n` without its fraction.",
    ),
    (
        &["scaleToSeconds"],
        "Now a result has at most six digits behind its point.",
    ),
    (
        &["smartSummarize"],
        "It began at the day, hour or minute before `from`, by the length of the interval. Now it begins at `from` itself, unless `alignTo` names a unit. Every series of a path with wildcards had the values of the first one. It knew `avg`, `last`, `max` and `min`, and took everything else for `sum`.",
    ),
    (&["sortByName"], "It took no `reverse`."),
    (&["stdev"], "Its result was named `stddev`."),
    (
        &["summarize"],
        "It knew `avg`, `last`, `max` and `min`, and took everything else for `sum`.",
    ),
    (
        &[
            "randomWalk",
            "randomWalkFunction",
            "sin",
            "sinFunction",
            "time",
            "timeFunction",
        ],
        "It took no `step`: a point a minute, which is the default now.",
    ),
    (
        &["timeShift"],
        "Of several series out of a function (`timeShift(scale(servers.*.load, 2), '1d')`) it showed the first one alone. It named the time without quotes, and took no `alignDST`.",
    ),
    (
        &["timeStack"],
        "Of several series out of a function it showed the first one alone. Its parameters had no defaults.",
    ),
    (&["transformNull"], "It took no `referenceSeries`."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{all, find};
    use std::collections::BTreeSet;

    #[test]
    fn each_name_is_a_function_and_is_told_once() {
        let changed = CHANGED.iter().flat_map(|(names, _)| *names);
        let listed: Vec<&str> = ADDED.iter().chain(changed).copied().collect();
        let distinct: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(listed.len(), distinct.len(), "a name is there twice");
        for name in listed {
            assert!(find(name).is_some(), "there is no function `{name}`");
        }
    }

    /// The names of one function came at different times; what it did is told of all that were there.
    #[test]
    fn the_names_of_one_function_are_told_alike() {
        for function in all() {
            let notes: BTreeSet<&str> = (function.names.iter())
                .filter_map(|name| match in_graphite_0_9_15(name) {
                    Graphite0915::Missing => None,
                    Graphite0915::Same => Some(""),
                    Graphite0915::Different(note) => Some(note),
                })
                .collect();
            assert!(notes.len() < 2, "{:?}: {notes:?}", function.names);
        }
    }
}
