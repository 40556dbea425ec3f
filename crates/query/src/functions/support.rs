//! Helpers that several families of functions share.

mod aggregation;
mod columns;
mod each;
mod format;
mod interval;
mod lookback;
mod name_tags;
mod names;
mod node;
mod pattern;
mod quantile;
mod replacement;
mod round;
mod rows;
mod substitution;
mod summary;
#[cfg(test)]
mod test_source;
mod units;
mod wall_clock;

pub(crate) use aggregation::{Aggregation, NOT_A_NUMBER, format_value};
pub(crate) use columns::of_rows;
pub(crate) use each::{changed, copied, each, each_strictly, input, retained};
pub(crate) use format::formatted;
pub(crate) use interval::{ensure_positive, interval, unit};
pub(crate) use lookback::{EARLIEST, from_instant, with_lookback};
pub(crate) use name_tags::name_tags;
pub(crate) use names::path_expressions;
pub(crate) use node::{at, before, grouped, key};
pub(crate) use pattern::{Checkpoint, POINTS_TO_COMPILE, Pattern};
pub(crate) use quantile::{quantile, quantile_of};
pub(crate) use round::{round, round_all};
pub(crate) use rows::{paired, quotient};
pub(crate) use substitution::Substitution;
pub(crate) use summary::{Buckets, summarized};
#[cfg(test)]
pub(crate) use test_source::{answer, names, series};
pub(crate) use units::scaled;
pub(crate) use wall_clock::{date, utc_offset, wall_seconds};
