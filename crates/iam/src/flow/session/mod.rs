//! Sessions and their refresh tokens: from a login to its end.
//!
//! `begin.rs` begins a session, `rotate.rs` renews it with a refresh token, `reuse.rs` knows what a used one is still good for, `limit.rs`
//! how many there may be, `choose_displaced.rs` which of too many give way, and `end.rs` ends them. A refresh token is opaque, stored as a hash, and replaced at every use:
//!
//! | state | next | by | if that is lost |
//! |---|---|---|---|
//! | unused | used, with a successor | `use_up`: `claim`, a conditional UPDATE that one transaction wins, then `set_successor` in the same one | a refusal or a crash before the commit leaves it unused; after it, the token still leads to its successor |
//! | used, for at most [`GRACE_MILLISECONDS`] | the same | `show_again`: whoever shows it gets the latest successor, which stays unused: two processes may renew at the same moment | shown again |
//! | used, for longer | its session has ended | `end_reused`: somebody else has a copy | shown again |
//! | expired, or of a session that has ended | gone | the next login of the principal, or the background | |
//!
//! A delegated token moves and prolongs nothing: its end is that of the whole chain, and it stays for its account.

pub(crate) mod begin;
mod choose_displaced;
mod delegation;
pub(crate) mod displaced_entry;
pub(crate) mod end;
pub(crate) mod lifetimes;
mod limit;
mod live_session;
pub(crate) mod login;
pub(crate) mod owner;
pub(crate) mod refresh_token;
mod refusal;
mod reuse;
pub(crate) mod rotate;
pub(crate) mod shown_refresh_token;

pub use reuse::{CHAIN_STEPS_MAX, GRACE_MILLISECONDS};
