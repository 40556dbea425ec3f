//! What there is: accounts, places, people, keys and roles, and how far a credential goes. It knows no database.

pub(crate) mod address;
pub mod bounds;
pub mod directory;
pub(crate) mod issuers;
pub(crate) mod metering;
pub(crate) mod narrowing;
pub mod page;
pub(crate) mod proof;
pub mod role;
pub mod text;
