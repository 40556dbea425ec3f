//! What collectd sends.

pub mod network;
pub mod path;
pub mod types;
