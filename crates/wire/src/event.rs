//! Events as `/events` takes and shows them: what Graphite calls so, something that happened at an instant.

mod body;
mod shown;
mod tags;
#[cfg(test)]
mod tests;

pub use body::{Body, EventError};
pub use shown::{Deleted, EventListing, Single};
pub use tags::{Choice, Wanted};
