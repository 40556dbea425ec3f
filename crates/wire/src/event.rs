//! Events as `/events` takes and shows them: what Graphite calls so, something that happened at an instant.

mod body;
mod listing;
mod tags;
#[cfg(test)]
mod tests;

pub use body::{Body, EventError};
pub use listing::{Deleted, EventListing, Single};
pub use tags::{Choice, TagQuery};
