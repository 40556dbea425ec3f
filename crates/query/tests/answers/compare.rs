//! Whether two answers are the same: names, tags, order and instants exactly, values as near as numbers of a computer are.

use serde_json::Value;

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

fn is_near(found: f64, expected: f64, largest: f64) -> bool {
    found == expected
        || (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs())
        || (found - expected).abs() <= 1e-13 * largest
}

/// Names are equal but for the last digits of long decimal numbers.
fn same_text(found: &str, expected: &str) -> bool {
    let cut = |text: &str| {
        let mut out = String::new();
        for part in text.split_inclusive(|c: char| !(c.is_ascii_digit() || c == '.')) {
            let digits = part.trim_end_matches(|c: char| !(c.is_ascii_digit() || c == '.'));
            match digits.parse::<f64>() {
                Ok(number) if digits.len() > 10 && digits.contains('.') => {
                    out.push_str(&format!("{number:.9e}"));
                }
                _ => out.push_str(part),
            }
        }
        out
    };
    found == expected || cut(found) == cut(expected)
}

/// A description of the first difference between two answers.
pub(crate) fn difference(found: &Value, expected: &Value) -> Option<String> {
    let (found, expected) = (found.as_array()?, expected.as_array()?);
    let names = |rows: &[Value]| {
        rows.iter()
            .map(|row| row["target"].to_string())
            .collect::<Vec<_>>()
    };
    let is_same = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found_series, expected_series)| {
                same_text(
                    &found_series["target"]
                        .as_str()
                        .map_or_else(|| found_series["target"].to_string(), str::to_owned),
                    expected_series["target"]
                        .as_str()
                        .unwrap_or(&expected_series["target"].to_string()),
                )
            });
    if !is_same {
        return Some(format!(
            "names\n   found    {:?}\n   expected {:?}",
            names(found),
            names(expected)
        ));
    }
    for (found_series, expected_series) in found.iter().zip(expected) {
        let (points, others) = (
            found_series["datapoints"].as_array()?,
            expected_series["datapoints"].as_array()?,
        );
        let largest = others
            .iter()
            .filter_map(|point| number(&point[0]))
            .fold(0.0, |a: f64, b| a.max(b.abs()));
        let is_same = points.len() == others.len()
            && points.iter().zip(others).all(|(a, b)| {
                a[1] == b[1]
                    && match (number(&a[0]), number(&b[0])) {
                        (Some(a), Some(b)) => {
                            is_near(a, b, if largest.is_finite() { largest } else { 0.0 })
                        }
                        (None, None) => true,
                        _ => false,
                    }
            });
        if !is_same {
            return Some(format!(
                "points of {}\n   found    {}\n   expected {}",
                found_series["target"], found_series["datapoints"], expected_series["datapoints"]
            ));
        }
        let (tags, others) = (
            found_series["tags"].as_object()?,
            expected_series["tags"].as_object()?,
        );
        let is_same = tags.len() == others.len()
            && others.iter().all(|(tag, value)| {
                tags.get(tag).is_some_and(|tag| {
                    same_text(tag.as_str().unwrap_or(""), value.as_str().unwrap_or(""))
                })
            });
        if !is_same {
            return Some(format!(
                "tags of {}\n   found    {}\n   expected {}",
                found_series["target"], found_series["tags"], expected_series["tags"]
            ));
        }
    }
    None
}
