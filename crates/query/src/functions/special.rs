//! What fits in nowhere else.

mod generated;
mod happened;
mod tags;

pub(super) use generated::FUNCTIONS as GENERATED;
pub(super) use happened::FUNCTIONS as EVENTS;
pub(super) use tags::FUNCTIONS as TAGS;
