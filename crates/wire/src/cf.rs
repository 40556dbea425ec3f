//! The Cloud Foundry interface as the command line of the time used it: regions, organizations, spaces, UAA tokens.

pub mod deleted;
pub mod info;
pub mod list;
pub mod login;
pub mod organization;
pub mod region;
pub mod space;
pub mod token;
