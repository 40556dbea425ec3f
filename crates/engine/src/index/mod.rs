//! The index that finds series: the sorted names, and the days on which each had samples.

pub(crate) mod activity;
pub(crate) mod intersection;
pub(crate) mod names;
pub(crate) mod tree;
