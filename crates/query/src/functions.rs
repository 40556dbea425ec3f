//! The functions, a folder for each family.

mod alias;
mod combine;
mod filter;
mod graph;
mod sort;
pub(crate) mod support;
mod transform;

use crate::function::Function;

/// Every family's functions.
pub(crate) const FAMILIES: &[&[Function]] = &[
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
