//! statsd: what programs count and time, sent in packets of lines `name:value|type`, and the sums that are made of it.
//!
//! Two parts that know nothing of each other but [`Metric`]: the parser ([`packet`], and [`Decoder`] for streams) makes
//! metrics of bytes, the [`Aggregator`] keeps them until a [`Flush`], which gives samples under the names of etsy's statsd.
//! Neither reads a clock. What is kept between two flushes is bounded, by series and by bytes.
//!
//! | type | what it is |
//! |---|---|
//! | `c`, `m` | a counter; `@0.1` says that one of ten was sent |
//! | `g` | a gauge; with a sign it is a change of the gauge |
//! | `ms`, `h`, `d` | a time, or another value that is summed up; `@0.1` counts for the number of values alone, as in etsy's |
//! | `s` | a member of a set, of which the different ones are counted |
//!
//! Tags become labels, in each of the three ways that senders know: `name:1|c|#k:v,flag` (DogStatsD; a tag without a value is
//! `true`), `name,k=v:1|c` (Influx) and `name;k=v:1|c` (Graphite). A line may hold several values: `name:1|c:2|g` (etsy) and
//! `name:1:2:3|ms` (DogStatsD). What etsy's takes for a counter because it does not know its type is refused, and so is what is
//! no metric: events and service checks of DogStatsD.

mod aggregator;
mod decoder;
mod flush;
mod line;
mod name;
mod namespace;
mod settings;
mod summary;
#[cfg(test)]
mod tests;

pub use aggregator::{Aggregator, AggregatorLimit, AggregatorLimits};
pub use decoder::{DecodeSummary, Decoder, LINE_BYTES_MAX, Reject, packet};
pub use flush::{Flush, flush_time};
pub use settings::{Histogram, Settings, SettingsError};

use std::borrow::Cow;

/// One value of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric<'a> {
    /// The canonical name of its series, with its tags.
    pub name: Cow<'a, str>,
    /// Its value.
    pub value: Value<'a>,
    /// One of how many it is, as a share of 1.
    pub rate: f64,
}

/// The value of a metric, by type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// So many more.
    Count(f64),
    /// It is now so much.
    Gauge(f64),
    /// It is now so much more than it was.
    GaugeChange(f64),
    /// It was once so much.
    Timer(f64),
    /// This was seen.
    Member(&'a str),
}
