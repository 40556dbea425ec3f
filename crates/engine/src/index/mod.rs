//! What finds series: the sorted names, and on which days each had samples.

pub(crate) mod activity;
pub(crate) mod intersection;
pub(crate) mod names;
pub(crate) mod tree;
