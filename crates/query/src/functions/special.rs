//! Functions that fit no other family.

mod events;
mod generated;
mod tags;

pub(super) use events::FUNCTIONS as EVENTS;
pub(super) use generated::FUNCTIONS as GENERATED;
pub(super) use tags::FUNCTIONS as TAGS;
