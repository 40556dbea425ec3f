//! Parts of a series' name or tags, as nodes say which.

use crate::error::Fault;
use crate::function::FunctionCall;
use crate::series::Series;
use crate::target::first_path;
use crate::value::Value;
use base::limit;
use std::collections::HashMap;

/// The nodes of a series with dots between them. A name that looks like a call counts as the first path inside it.
pub(crate) fn key(series: &Series, nodes: &[Value]) -> Result<String, Fault> {
    let path = match series.name.chars().next_back() {
        None => return Err(Fault::argument("a series has an empty name")),
        Some(')') => first_path(&series.name).map_err(|_| {
            let name = &series.name;
            Fault::argument(format!(
                "the name `{name}` looks like a call, but cannot be read"
            ))
        })?,
        Some(_) => None,
    };
    let path = path.filter(|path| !path.is_empty());
    let path = path.as_deref().unwrap_or(&series.name);
    let mut key = String::new();
    for (index, wanted) in nodes.iter().enumerate() {
        if index > 0 {
            key.push('.');
        }
        key.push_str(&node(series, path, wanted)?);
        ensure_name(key.len())?;
    }
    Ok(key)
}

/// Refuses a name of more bytes than any needs.
pub(crate) fn ensure_name(bytes: usize) -> Result<(), Fault> {
    if bytes as u64 > limit::MADE_NAME_BYTES.default {
        let found = format!("a series would have a name of {bytes} bytes or more");
        return Err(Fault::beyond(&limit::MADE_NAME_BYTES, found));
    }
    Ok(())
}

/// One node: an element of the path where `node` is its place, or else the tag of that name; empty where there is neither.
fn node(series: &Series, path: &str, node: &Value) -> Result<String, Fault> {
    let index = match node {
        Value::Integer(index) => Some(*index),
        Value::Boolean(boolean) => Some(i64::from(*boolean)),
        Value::Text(_) => None,
        Value::Float(float) if float.is_finite() && float.fract() != 0.0 => None,
        other => {
            return Err(Fault::argument(format!(
                "a node must be a whole number or the name of a tag, not {}",
                other.kind()
            )));
        }
    };
    let path = path.split(';').next().unwrap_or_default();
    let element = index.and_then(|index| at(path.split('.'), index));
    Ok(match element {
        Some(element) => element.to_owned(),
        None => series
            .tags
            .get(&node.to_text())
            .cloned()
            .unwrap_or_default(),
    })
}

/// The element at a place, counted from the end where it is negative.
pub(crate) fn at<'t>(
    mut elements: impl DoubleEndedIterator<Item = &'t str>,
    index: i64,
) -> Option<&'t str> {
    match usize::try_from(index) {
        Ok(index) => elements.nth(index),
        Err(_) => {
            let from_end = usize::try_from(index.unsigned_abs() - 1).ok()?;
            elements.rev().nth(from_end)
        }
    }
}

/// How many of `length` elements stand before `end`, which counts from the end where it is negative.
pub(crate) fn before(length: usize, end: i64) -> usize {
    match usize::try_from(end) {
        Ok(end) => end.min(length),
        Err(_) => {
            let cut = usize::try_from(end.unsigned_abs()).unwrap_or(usize::MAX);
            length.saturating_sub(cut)
        }
    }
}

/// Series that share a key, in the order in which the keys appear.
pub(crate) fn grouped(
    call: &mut FunctionCall<'_>,
    series: Vec<Series>,
    key: impl Fn(&Series) -> Result<String, Fault>,
) -> Result<Vec<(String, Vec<Series>)>, Fault> {
    let mut places = HashMap::new();
    let mut groups: Vec<(String, Vec<Series>)> = Vec::new();
    for series in series {
        call.checkpoint(series.name.len())?;
        let key = key(&series)?;
        ensure_name(key.len())?;
        call.reserve(key.len() / 4)?;
        let index = *places.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(index) {
            Some((_, group)) => group.push(series),
            None => groups.push((key, vec![series])),
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str) -> Series {
        Series::new(name, (0, 60, 60), vec![1.0]).tagged("dc", "eu")
    }

    #[test]
    fn a_node_is_a_place_or_a_tag() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (name, nodes, expected) in [
            ("a.b.c", vec![Value::Integer(0), Value::Integer(-1)], "a.c"),
            ("a.b.c", vec![Value::Integer(7)], ""),
            ("a.b.c;x=y.z", vec![Value::Integer(-1)], "c"),
            ("a.b.c", vec![text("dc"), text("none")], "eu."),
            ("a.b.c", vec![text("1")], ""),
            ("a.b.c", vec![Value::Boolean(true)], "b"),
            ("a.b.c", vec![Value::Float(1.5)], ""),
            ("f(g(a.b),2)", vec![Value::Integer(1)], "b"),
            ("f('x.y')", vec![Value::Integer(1)], "y')"),
            ("a.b", vec![], ""),
        ] {
            assert_eq!(key(&series(name), &nodes).unwrap(), expected, "{name}");
        }
        for (name, node) in [
            ("", Value::Integer(0)),
            ("f()", Value::Integer(0)),
            ("a", Value::Float(1.0)),
            ("a", Value::None),
            ("a", Value::Float(f64::INFINITY)),
        ] {
            assert!(key(&series(name), &[node]).is_err(), "{name}");
        }
    }

    #[test]
    fn places_count_from_the_end_too() {
        for (end, count) in [(0, 0), (2, 2), (9, 3), (-1, 2), (-9, 0), (i64::MIN, 0)] {
            assert_eq!(before(3, end), count, "{end}");
        }
        assert_eq!(at("a.b".split('.'), i64::MIN), None);
        assert_eq!(at("a.b".split('.'), -2), Some("a"));
    }
}
