//! `update` and `plugin`: commands of the original that old scripts call, and that have no effect here.

pub(crate) mod plugin;
pub(crate) mod update;
