//! Where lines and labels of the axes are.

mod time;
mod value;

pub(crate) use time::{TimeAxis, time_axis};
pub(crate) use value::{ValueAxis, value_axis};
