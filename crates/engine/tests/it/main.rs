//! Stories of the whole engine, through [`base::store::SampleStore`] alone.

mod faults;
mod format_v1;
mod model;
mod stories;
mod support;
