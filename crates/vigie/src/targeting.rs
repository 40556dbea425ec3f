//! Choosing where to work: the account, region, organization and space of the session. `login` and `target` share it.

mod account;
mod place;
mod region;
mod report;

pub(crate) use self::place::{PlaceOutcome, Prompting};
