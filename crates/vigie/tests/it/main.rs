//! The real binary against a server made for the test, told as transcripts.

mod account;
mod fixture;
mod keys;
mod login;
mod session;
mod terminal;
mod usage;
