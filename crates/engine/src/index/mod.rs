//! What finds series: the sorted names, and on which days each had samples.

pub(crate) mod days;
pub(crate) mod joint;
pub(crate) mod names;
pub(crate) mod tree;
