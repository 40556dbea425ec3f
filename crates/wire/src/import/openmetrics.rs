//! The text in which Prometheus shows samples, and OpenMetrics, line by line, as `promtool tsdb dump-openmetrics` and
//! `promtool tsdb dump` write it: `name{label="value"} 1.5 1700000000.000`, `{__name__="name", label="value"} 1.5 1700000000000`.
//!
//! A time is seconds or, when it is large, milliseconds since 1970. A line without one is refused, since old samples are old. What
//! begins with `#` says what a metric means, and is passed over; so is an exemplar behind a sample.

#[cfg(test)]
mod tests;

use super::labels;
use crate::ingest::{Names, timestamp};
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;
use std::borrow::Cow;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// The most labels of a sample.
pub const LABELS_MAX: usize = 256;

/// What a line is.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A blank line or a comment.
    Nothing,
    /// A sample; its value may be NaN or infinite.
    Sample(SeriesName<'static>, Millis, f64),
}

/// Reads a line, without its end.
///
/// # Errors
/// What is wrong with it, with the name where it has a readable one.
pub fn line(text: &str, names: Names) -> Result<Line, (Option<String>, RejectReason)> {
    let text = text.trim_matches([' ', '\t', '\r']);
    if text.is_empty() || text.starts_with('#') {
        return Ok(Line::Nothing);
    }
    let mut rest = text;
    let series = Series::read(&mut rest).map_err(|what| (None, malformed(what)))?;
    let told = |reason| (Some(series.metric.clone().into_owned()), reason);
    let name = series.name(names).map_err(told)?;
    // An exemplar stands behind ` # `; no number holds that.
    let numbers = rest.split('#').next().unwrap_or_default();
    let mut words = numbers.split_ascii_whitespace();
    let told = |reason| (Some(name.as_str().to_owned()), reason);
    let (value, time) = match (words.next(), words.next(), words.next()) {
        (Some(value), Some(time), None) => (value, time),
        (Some(_), None, None) => {
            return Err(told(RejectReason::Timestamp(
                "the line has no time: old samples are imported with their times".to_owned(),
            )));
        }
        (None, ..) => return Err(told(malformed("the line has no value"))),
        _ => {
            return Err(told(malformed(
                "the line goes on behind the value and the time",
            )));
        }
    };
    let value = number(value).map_err(told)?;
    let at = timestamp(time).map_err(told)?;
    Ok(Line::Sample(name, at, value))
}

fn malformed(what: &str) -> RejectReason {
    RejectReason::Malformed(what.to_owned())
}

/// A number, `NaN`, or an infinity with or without its sign.
fn number(text: &str) -> Result<f64, RejectReason> {
    fast_float2::parse::<f64, _>(text).map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        RejectReason::Value(format!("the value `{shown}` is not a number"))
    })
}

/// The name of a sample as it stands.
struct Series<'t> {
    metric: Cow<'t, str>,
    labels: Vec<(Cow<'t, str>, Cow<'t, str>)>,
}

impl<'t> Series<'t> {
    /// Takes the series from the beginning of a line.
    fn read(rest: &mut &'t str) -> Result<Self, &'static str> {
        let end = rest.find(['{', ' ', '\t']).unwrap_or(rest.len());
        let mut series = Self {
            metric: Cow::Borrowed(take(rest, end)),
            labels: Vec::new(),
        };
        skip_blanks(rest);
        if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            series.read_labels(rest)?;
        }
        if series.metric.is_empty() {
            return Err("the line has no name");
        }
        Ok(series)
    }

    /// Takes what stands between the braces, and the closing one.
    fn read_labels(&mut self, rest: &mut &'t str) -> Result<(), &'static str> {
        loop {
            skip_blanks(rest);
            if let Some(behind) = rest.strip_prefix('}') {
                *rest = behind;
                return Ok(());
            }
            let label = if rest.starts_with('"') {
                quoted(rest)?
            } else {
                let end = rest.find(['=', ' ', '\t', '}', ',']);
                Cow::Borrowed(take(rest, end.ok_or("the labels have no end")?))
            };
            skip_blanks(rest);
            match rest.strip_prefix('=') {
                Some(behind) => {
                    *rest = behind;
                    skip_blanks(rest);
                    let value = quoted(rest)?;
                    if label == "__name__" {
                        self.metric = value;
                    } else if self.labels.len() == LABELS_MAX {
                        return Err("the line has too many labels");
                    } else if label.is_empty() {
                        return Err("a label has no name");
                    } else {
                        self.labels.push((label, value));
                    }
                }
                // A name that is not made of letters alone stands in quotes among the labels.
                None if self.metric.is_empty() => self.metric = label,
                None => return Err("a label has no value"),
            }
            skip_blanks(rest);
            match rest.strip_prefix(',') {
                Some(behind) => *rest = behind,
                None if rest.starts_with('}') => {}
                None => return Err("the labels have no end"),
            }
        }
    }

    fn name(&self, names: Names) -> Result<SeriesName<'static>, RejectReason> {
        let labels = self
            .labels
            .iter()
            .map(|(label, value)| (&**label, &**value));
        labels::name(&self.metric, labels, names)
    }
}

fn take<'t>(rest: &mut &'t str, end: usize) -> &'t str {
    let (taken, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = behind;
    taken
}

fn skip_blanks(rest: &mut &str) {
    *rest = rest.trim_start_matches([' ', '\t']);
}

/// Takes a text in quotes, in which `\\`, `\"` and `\n` stand for other characters.
fn quoted<'t>(rest: &mut &'t str) -> Result<Cow<'t, str>, &'static str> {
    const OPEN: &str = "a text in quotes has no end";
    let inner = rest
        .strip_prefix('"')
        .ok_or("a label's value is not in quotes")?;
    let mut text = String::new();
    let (mut begin, mut is_escaped) = (0, false);
    for (at, character) in inner.char_indices() {
        if is_escaped {
            text.push(if character == 'n' { '\n' } else { character });
            (begin, is_escaped) = (at + character.len_utf8(), false);
        } else if character == '\\' {
            text.push_str(inner.get(begin..at).unwrap_or_default());
            is_escaped = true;
        } else if character == '"' {
            let tail = inner.get(begin..at).unwrap_or_default();
            *rest = inner.get(at + 1..).unwrap_or_default();
            if text.is_empty() {
                return Ok(Cow::Borrowed(tail));
            }
            text.push_str(tail);
            return Ok(Cow::Owned(text));
        }
    }
    Err(OPEN)
}
