//! Names that are made of others.

use crate::series::Series;

/// The path expressions of series, each once, with commas between them.
pub(crate) fn path_expressions(series: &[Series]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for own in series {
        if !seen.contains(&own.path_expression.as_str()) {
            seen.push(&own.path_expression);
        }
    }
    seen.join(",")
}
