//! The audit's table: written with every change, kept within its limits, and read.

mod commit;
mod keep;
mod read;

pub use read::{Page, Recorded};
