//! The lines that VictoriaMetrics exports: `{"metric":{"__name__":"up","job":"x"},"values":[1,2],"timestamps":[1700000000000,…]}`,
//! a series or a part of one in each.

#[cfg(test)]
mod tests;

use crate::ingest::{Names, labels, short_text};
use base::excerpt;
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The longest line, in bytes: VictoriaMetrics writes a year of a series into one.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// The samples of a line, all of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which series.
    pub name: SeriesName<'static>,
    /// When each was measured.
    pub timestamps: Vec<Millis>,
    /// As many values, NaN where the export has none, and infinities too.
    pub values: Vec<f64>,
}

/// Reads a line, without its end.
///
/// # Errors
/// The reason why it is none, with the name where it has a readable one.
pub fn line(text: &[u8], names: Names) -> Result<Series, (Option<String>, RejectReason)> {
    let malformed = |what: String| RejectReason::Malformed(what);
    let read: Line<'_> = serde_json::from_slice(text).map_err(|error| {
        // It repeats what stands where something else was expected, which may be all of the line.
        let error = excerpt::beginning(&error.to_string());
        let what = format!("the line is no export of VictoriaMetrics: {error}");
        (None, malformed(what))
    })?;
    let metric = read.metric.get("__name__").cloned().unwrap_or_default();
    let reject = |reason| (Some(short_text::name(&metric)), reason);
    let labels = read.metric.iter().filter(|(label, _)| *label != "__name__");
    let labels = labels.map(|(label, value)| (&**label, &**value));
    let name = labels::name(&metric, labels, names).map_err(reject)?;
    if read.values.len() != read.timestamps.len() {
        let (values, times) = (read.values.len(), read.timestamps.len());
        let what = format!("the line has {values} values and {times} timestamps");
        return Err((Some(name.as_str().to_owned()), malformed(what)));
    }
    Ok(Series {
        name,
        timestamps: read.timestamps.into_iter().map(Millis).collect(),
        values: read.values.into_iter().map(|value| value.0).collect(),
    })
}

#[derive(Deserialize)]
struct Line<'t> {
    #[serde(borrow)]
    metric: BTreeMap<Cow<'t, str>, Cow<'t, str>>,
    values: Vec<Value>,
    timestamps: Vec<i64>,
}

/// A number, `null` for NaN, or the name of an infinity.
struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, `null`, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
                Ok(Value(value))
            }

            #[expect(clippy::cast_precision_loss, reason = "a value is a double")]
            fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
                Ok(Value(value as f64))
            }

            #[expect(clippy::cast_precision_loss, reason = "a value is a double")]
            fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value(value as f64))
            }

            fn visit_unit<E: Error>(self) -> Result<Value, E> {
                Ok(Value(f64::NAN))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                match text {
                    "NaN" => Ok(Value(f64::NAN)),
                    "Infinity" | "+Infinity" | "Inf" | "+Inf" => Ok(Value(f64::INFINITY)),
                    "-Infinity" | "-Inf" => Ok(Value(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Any)
    }
}
