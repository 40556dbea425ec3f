//! Functions that compute a new value from each value.

mod arithmetic;
mod consolidate;
mod delay;
mod difference;
mod gaps;
mod hits;
mod integral;
mod nulls;
mod periodic;
mod powers;
mod remove;
mod shift;
mod slice;
mod spread;
mod summarize;

pub(super) use arithmetic::FUNCTIONS as ARITHMETIC;
pub(super) use consolidate::FUNCTIONS as CONSOLIDATE;
pub(super) use delay::FUNCTIONS as DELAY;
pub(super) use difference::FUNCTIONS as DIFFERENCE;
pub(super) use gaps::FUNCTIONS as GAPS;
pub(super) use hits::FUNCTIONS as HITS;
pub(super) use integral::FUNCTIONS as INTEGRAL;
pub(super) use nulls::FUNCTIONS as NULLS;
pub(super) use periodic::FUNCTIONS as PERIODIC;
pub(super) use powers::FUNCTIONS as POWERS;
pub(super) use remove::FUNCTIONS as REMOVE;
pub(super) use shift::FUNCTIONS as SHIFT;
pub(super) use slice::FUNCTIONS as SLICE;
pub(super) use spread::FUNCTIONS as SPREAD;
pub(super) use summarize::FUNCTIONS as SUMMARIZE;
