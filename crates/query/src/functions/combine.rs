//! Functions that combine several series into one.

mod aggregate;
mod apply;
mod by_node;
mod count;
mod divide;
mod group;
mod lists;
mod map_reduce;
mod percent;
mod percentile;
mod power;
#[cfg(test)]
mod tests;
mod weighted;
mod wildcards;

pub(super) use aggregate::FUNCTIONS as AGGREGATE;
pub(super) use apply::FUNCTIONS as APPLY;
pub(super) use by_node::FUNCTIONS as BY_NODE;
pub(super) use count::FUNCTIONS as COUNT;
pub(super) use divide::FUNCTIONS as DIVIDE;
pub(super) use group::FUNCTIONS as GROUP;
pub(super) use lists::FUNCTIONS as LISTS;
pub(super) use map_reduce::FUNCTIONS as MAP_REDUCE;
pub(super) use percent::FUNCTIONS as PERCENT;
pub(super) use percentile::FUNCTIONS as PERCENTILE;
pub(super) use power::FUNCTIONS as POWER;
pub(super) use weighted::FUNCTIONS as WEIGHTED;
pub(super) use wildcards::FUNCTIONS as WILDCARDS;
