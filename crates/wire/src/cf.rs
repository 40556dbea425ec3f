//! The interface of Cloud Foundry that the command line of the original uses: regions, organizations, spaces, UAA tokens.

pub mod deleted;
pub mod info;
pub mod list;
pub mod login;
pub mod organization;
pub mod region;
pub mod space;
pub mod token;
