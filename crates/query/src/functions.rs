//! The functions, a folder for each family.

mod calculate;
mod combine;
mod special;
pub(crate) mod support;
mod transform;

use crate::function::Function;

/// Every family's functions.
pub(crate) const FAMILIES: &[&[Function]] = &[
    calculate::DEVIATION,
    calculate::EXPONENTIAL,
    calculate::HOLT_WINTERS,
    calculate::MOVING,
    calculate::PERCENTILE,
    calculate::REGRESSION,
    combine::AGGREGATE,
    special::EVENTS,
    special::GENERATED,
    special::TAGS,
    transform::ARITHMETIC,
    transform::CONSOLIDATE,
    transform::DELAY,
    transform::DIFFERENCE,
    transform::GAPS,
    transform::HITS,
    transform::INTEGRAL,
    transform::NULLS,
    transform::PERIODIC,
    transform::POWERS,
    transform::REMOVE,
    transform::SHIFT,
    transform::SLICE,
    transform::SPREAD,
    transform::SUMMARIZE,
];
