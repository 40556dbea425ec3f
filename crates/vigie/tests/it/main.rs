//! The real binary against a server made for the test, told as transcripts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

mod account;
mod fixture;
mod keys;
mod login;
mod session;
mod terminal;
mod usage;
