//! What several families need.

mod again;
mod aggregation;
mod each;
mod interval;
mod name_tags;
mod names;
mod percentile;
mod round;
mod summary;
mod wall;

pub(crate) use again::{EARLIEST, earlier, since};
pub(crate) use aggregation::Aggregation;
pub(crate) use each::{copied, each, each_strictly, input};
pub(crate) use interval::{ensure_positive, interval, unit};
pub(crate) use name_tags::name_tags;
pub(crate) use names::path_expressions;
pub(crate) use percentile::percentile;
pub(crate) use round::round;
pub(crate) use summary::{Buckets, summarized};
pub(crate) use wall::{ahead, date, wall};
