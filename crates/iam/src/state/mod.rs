//! What a node knows beside the directory: which sessions have ended, and when it last heard of changes.

pub(crate) mod ended;
pub(crate) mod heard;
