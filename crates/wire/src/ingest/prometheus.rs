//! A line of Prometheus' text and of OpenMetrics: `name{label="value"} 1.5 1700000000`, `{"a name", label="value"} 1.5`.
//!
//! One reader for all who take such lines: what exporters write into files (`exposition`), and what Prometheus has dumped (the
//! import of `openmetrics`). What a time means, and which names are taken, they say.

#[cfg(test)]
mod tests;

use super::{Names, labels, short_text};
use base::name::SeriesName;
use base::sample::RejectReason;
use std::borrow::Cow;

/// The most labels of a sample.
const LABELS_MAX: usize = 256;

/// A sample as it stands in its line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sample<'t> {
    metric: Cow<'t, str>,
    labels: Vec<(Cow<'t, str>, Cow<'t, str>)>,
    /// The text after the name.
    numbers: &'t str,
}

impl<'t> Sample<'t> {
    /// Reads a line, without its end; `None` where it is blank or a comment.
    ///
    /// # Errors
    /// It has no name, or its labels are none.
    pub(crate) fn read(line: &'t str) -> Result<Option<Self>, RejectReason> {
        let mut rest = line.trim_matches([' ', '\t', '\r']);
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(None);
        }
        let end = rest.find(['{', ' ', '\t']).unwrap_or(rest.len());
        let metric = take(&mut rest, end);
        if metric.starts_with(|character: char| character.is_ascii_digit()) {
            return Err(malformed(
                "the line does not begin with the name of a metric",
            ));
        }
        let mut sample = Self {
            metric: Cow::Borrowed(metric),
            ..Self::default()
        };
        skip_blanks(&mut rest);
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            sample.read_labels(&mut rest).map_err(malformed)?;
        }
        if sample.metric.is_empty() {
            return Err(malformed("the line has no name"));
        }
        // An exemplar follows ` # `; no number holds that.
        sample.numbers = rest.split('#').next().unwrap_or_default();
        Ok(Some(sample))
    }

    /// Takes what stands between the braces, and the closing one.
    fn read_labels(&mut self, rest: &mut &'t str) -> Result<(), &'static str> {
        loop {
            skip_blanks(rest);
            if let Some(after) = rest.strip_prefix('}') {
                *rest = after;
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
                Some(after) => {
                    *rest = after;
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
                None => return Err("a label has no value: no `=` follows its name"),
            }
            skip_blanks(rest);
            match rest.strip_prefix(',') {
                Some(after) => *rest = after,
                None if rest.starts_with('}') => {}
                None => return Err("the labels have no end"),
            }
        }
    }

    /// The name as it would be here, with all that no name may hold, which may be in a label.
    pub(crate) fn written(&self) -> String {
        let labels = self.labels.iter().filter(|(_, value)| !value.is_empty());
        labels.fold(self.metric.to_string(), |name, (label, value)| {
            format!("{name};{label}={value}")
        })
    }

    /// Whether all names are of letters, digits, `_` and `:`, as they were before Prometheus 3.
    pub(crate) fn has_plain_names(&self) -> bool {
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | ':');
        let labels = self.labels.iter().map(|(label, _)| label);
        labels
            .chain([&self.metric])
            .all(|name| name.chars().all(is_plain))
    }

    /// The name here, with a label that is added where there is none of its name.
    ///
    /// # Errors
    /// As of [`labels::name`].
    pub(crate) fn name(
        &self,
        added: Option<(&str, &str)>,
        names: Names,
    ) -> Result<SeriesName<'static>, RejectReason> {
        let labels = self.labels.iter();
        let labels = labels.map(|(label, value)| (&**label, &**value));
        let is_missing = |label: &str| self.labels.iter().all(|(known, _)| known != label);
        let added = added.filter(|(label, _)| is_missing(label));
        labels::name(&self.metric, labels.chain(added), names)
    }

    /// The value, which may be NaN or infinite, and the time as it is written, if there is one.
    ///
    /// # Errors
    /// There is no value, or it is no number, or something follows.
    pub(crate) fn value_and_time(&self) -> Result<(f64, Option<&'t str>), RejectReason> {
        let mut words = self.numbers.split_ascii_whitespace();
        let value = words
            .next()
            .ok_or_else(|| malformed("the line has no value"))?;
        let time = words.next();
        if words.next().is_some() {
            let what = "the line goes on after the value and the time";
            return Err(malformed(what));
        }
        let number = fast_float2::parse::<f64, _>(value).map_err(|_| {
            RejectReason::Value(format!(
                "the value `{}` is not a number",
                short_text::short(value)
            ))
        })?;
        Ok((number, time))
    }
}

fn malformed(what: &str) -> RejectReason {
    RejectReason::Malformed(what.to_owned())
}

fn take<'t>(rest: &mut &'t str, end: usize) -> &'t str {
    let (taken, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after;
    taken
}

fn skip_blanks(rest: &mut &str) {
    *rest = rest.trim_start_matches([' ', '\t']);
}

/// Takes a text in quotes, in which `\\`, `\"` and `\n` stand for other characters.
fn quoted<'t>(rest: &mut &'t str) -> Result<Cow<'t, str>, &'static str> {
    let inner = rest
        .strip_prefix('"')
        .ok_or("a label's value is not in quotes")?;
    let mut text = String::new();
    let (mut begin, mut is_escaped) = (0, false);
    for (at, character) in inner.char_indices() {
        if is_escaped {
            text.push(match character {
                'n' => '\n',
                '\\' | '"' => character,
                _ => return Err("a `\\` in a label that means nothing"),
            });
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
    Err("a text in quotes has no end")
}
