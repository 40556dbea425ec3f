//! Places the lines and labels of the axes.

mod time;
mod value;

pub(crate) use time::{TimeAxis, time_axis};
pub(crate) use value::{ValueAxis, value_axis};
