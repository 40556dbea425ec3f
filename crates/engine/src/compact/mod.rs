//! Rewriting segments: so far, merging those of one day into one.

pub(crate) mod merge;
