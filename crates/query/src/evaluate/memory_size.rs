//! The memory that series take.

use crate::series::Series;
use crate::source::{Fetched, Path};
use crate::value::Value;

/// Bytes of a tree of few tags.
const TAGS: usize = 11 * 2 * size_of::<String>() + 16;

/// Memory of a series beside its values and texts, in points.
pub(super) const LEAST: usize = (size_of::<Series>() + TAGS) / 8;

/// Bytes of a part of a target at the most, once it is read: itself, the room that its list has beside it, and a path that is
/// asked for.
const PART: usize = 512;

/// Memory of a parsed target, in points. Each of its parts but the first follows one of these characters.
pub(super) fn parsed(text: &str) -> usize {
    let begins = |byte: &u8| matches!(byte, b'(' | b',' | b'|');
    let parts = text.bytes().filter(begins).count().saturating_add(1);
    let texts = text.len().saturating_mul(4);
    parts.saturating_mul(PART).saturating_add(texts) / 8
}

/// How many series a value has.
pub(super) const fn series_in(value: &Value) -> usize {
    match value {
        Value::Series(series) => series.len(),
        _ => 0,
    }
}

/// Memory of series as they were read, in points.
pub(super) fn fetched(found: &[Fetched]) -> usize {
    let points = |series: &Fetched| {
        let tags = series
            .tags
            .iter()
            .map(|(tag, value)| tag.len() + value.len());
        let texts = series.name.len() + tags.sum::<usize>();
        series.values.len() + LEAST + texts / 8
    };
    found.iter().map(points).sum()
}

/// The same without their values, which are a part of others'.
pub(super) fn fetched_beside_values(found: &[Fetched]) -> usize {
    let values: usize = found.iter().map(|series| series.values.len()).sum();
    fetched(found).saturating_sub(values)
}

/// Bytes of a path that was read, beside its texts.
const ENTRY: usize = 128;

/// Memory of a path for as long as its result is remembered, in points.
pub(super) fn read_path(path: &Path) -> usize {
    let texts = match path {
        Path::Glob(text) => text.len(),
        Path::Tags(all) => all
            .iter()
            .map(|expression| expression.tag.len() + expression.value.len())
            .sum::<usize>(),
    };
    texts.saturating_add(ENTRY) / 8
}

/// Memory of series, in points. Values shared with others count here as well.
pub(super) fn points<'s>(series: impl IntoIterator<Item = &'s Series>) -> usize {
    series
        .into_iter()
        .map(|series| LEAST.saturating_add(series.weight()))
        .sum()
}

/// Memory of series beside their values, in points: the values are shared until somebody changes them.
pub(super) fn beside_values(series: &[Series]) -> usize {
    let values: usize = series.iter().map(|series| series.values.len()).sum();
    points(series).saturating_sub(values)
}
