//! The functions, in a folder for each family.

mod alias;
mod calculate;
mod combine;
mod filter;
mod graph;
mod sort;
mod special;
pub(crate) mod support;
#[cfg(test)]
mod tests;
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
    special::EVENTS,
    special::GENERATED,
    special::TAGS,
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
    combine::AGGREGATE,
    combine::LISTS,
    combine::WILDCARDS,
    combine::DIVIDE,
    combine::PERCENT,
    combine::PERCENTILE,
    combine::POWER,
    combine::WEIGHTED,
    combine::COUNT,
    combine::GROUP,
    combine::BY_NODE,
    combine::MAP_REDUCE,
    combine::APPLY,
    alias::NAME,
    alias::NODES,
    alias::SUBSTITUTE,
    alias::LEGEND,
    filter::PATTERN,
    filter::THRESHOLD,
    filter::RANK,
    filter::OUTSIDE,
    filter::PRESENT,
    filter::ABOVE,
    sort::VALUE,
    sort::NAME,
    graph::STYLE,
    graph::STACKED,
    graph::LINE,
    transform::ARITHMETIC,
];
