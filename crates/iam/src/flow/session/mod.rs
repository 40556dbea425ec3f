//! Sessions and their refresh tokens: from a login to its end.
//!
//! - **Login**: `begin.rs` begins a session, and `refresh_token.rs` issues its tokens. If there are too many sessions then, `limit.rs`
//!   ends some: `choose_displaced.rs` says which, of the sessions in `crowd.rs`, and `displaced_entry.rs` is their entry in the audit.
//! - **Renewal**: `rotate.rs`, whose steps are below.
//! - **Reuse**: `reuse.rs`. A used token still leads to its successor for a moment; when it is shown later, its session ends.
//! - **Proof alone**: `shown_refresh_token.rs` takes a token for a one-time code or a trusted profile, and leaves it as it is.
//! - **Logout**, revocation (RFC 7009), change of password: `end.rs`. `manage/session.rs` lists sessions, keeps them alive and ends those
//!   that a caller chooses; `manage/overdue_sessions.rs` ends those that are over by the settings of their account.
//!
//! `login.rs` is what a session begins with, `lifetimes.rs` how long it and its tokens last.
//!
//! The steps of a renewal, of which the third to the last are one transaction:
//!
//! 1. `owner::of_refresh_token` reads whose the token is.
//! 2. `in_login_turn` waits for the turn of that account.
//! 3. `refresh_tokens::claim` uses the token up. Of one that is used already, `reuse::last_of_chain` finds the latest successor, which is
//!    shown again (then step 6 is left out), or `reuse::end_reused` ends the session.
//! 4. `live_session::read` finds what the token proves, and `login_after` what the session is for from now on, if nothing speaks against it.
//! 5. `sessions::renew` writes that down. Where the session has moved to another account, `limit::enforce_own` ends what is too much there.
//! 6. `refresh_token::issue` makes the successor, `set_successor` keeps it, encrypted with the token, and `extend` moves the session's end.
//! 7. `issue_extras` adds the tokens that were asked for beside it, and all is committed.
//!
//! Words of this folder:
//!
//! - **Turn**: logins and renewals of one account that write wait for each other (`account_turns.rs`). The **owner** of a token is the
//!   account in whose turn it is used, and its **holder** there: the principal.
//! - **Bounds**: what a credential may do at most. What is issued for it is never more. Its **root** is the session and the API key that it
//!   comes from.
//! - **Chain**: a refresh token and its successors, one after the other.
//! - **Newcomer**: the session that a login begins, and to which others may have to give way.
//! - A `LiveSession` is what a refresh token proves; a `Login` what a session is for; `Renewed` a session that was checked and written in a
//!   transaction which goes on; `SessionTokens` what a login or a renewal returns.
//!
//! A refresh token is opaque, stored as a hash, and replaced at every use (rotation, RFC 9700). Its states, as in
//! `refresh_token_state.rs`:
//!
//! - **Unused** at first. `claim`, a conditional UPDATE that one transaction wins, uses it up, and `set_successor` in the same transaction
//!   says what replaces it. A refusal, or a crash before the commit, leaves it unused; after the commit it leads to its successor.
//! - **In grace**: used within the last [`GRACE_MILLISECONDS`]. Whoever shows it gets the latest successor, which stays unused, because two
//!   processes may renew at the same moment, and an answer may be lost.
//! - **Reused**: shown after its grace. Somebody else has a copy, so the session ends.
//! - **Expired**: refused, as any token of a session that has ended. Both are deleted with the next login of the principal, or in the
//!   background.
//!
//! A delegated token moves and prolongs nothing: its end is that of the whole chain, and it stays for its account.

pub(crate) mod begin;
mod choose_displaced;
mod crowd;
mod delegation;
pub(crate) mod displaced_entry;
pub(crate) mod end;
pub(crate) mod lifetimes;
mod limit;
mod live_session;
pub(crate) mod login;
pub(crate) mod owner;
pub(crate) mod refresh_token;
mod refresh_token_state;
mod reuse;
pub(crate) mod rotate;
pub(crate) mod shown_refresh_token;
mod token_errors;

pub use refresh_token_state::GRACE_MILLISECONDS;
pub use reuse::CHAIN_STEPS_MAX;
