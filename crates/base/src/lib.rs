//! The words every Vigie crate shares.
//!
//! What it is: identifiers, time, names and patterns of series, the verified [`scope::Scope`], secrets, limits, the one
//! error shape, the shapes samples travel in, and the [`store::SampleStore`] trait that every storage engine implements.
//!
//! What it is not: it does no I/O, knows no protocol and holds no policy. A new file here needs to be a word that at
//! least two crates say.

pub mod context;
pub mod cursor;
pub mod duplicates;
pub mod error;
pub mod error_chain;
pub mod excerpt;
pub mod failure_streak;
pub mod grid;
pub mod id;
pub mod invisible;
pub mod limit;
pub mod mutex;
pub mod name;
pub mod number;
pub mod pattern;
pub mod principal;
pub mod rate_limit;
pub mod regex_memory;
pub mod sample;
pub mod scope;
pub mod secret;
pub mod selector;
pub mod series;
mod shape;
pub mod source;
pub mod store;
mod store_error;
pub mod time;
pub mod time_expr;
pub mod user_info;
