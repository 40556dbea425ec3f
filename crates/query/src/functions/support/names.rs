//! Names that are made of others.

use crate::series::Series;
use std::collections::HashSet;

/// The path expressions of series, each once, with commas between them.
pub(crate) fn path_expressions(series: &[Series]) -> String {
    let mut seen = HashSet::new();
    let all = series.iter().map(|series| series.path_expression.as_str());
    let paths: Vec<&str> = all.filter(|path| seen.insert(*path)).collect();
    paths.join(",")
}
