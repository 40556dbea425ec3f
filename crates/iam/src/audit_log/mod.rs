//! The audit table: written with every change, kept within its limits, and read by the operator.

mod commit;
mod keep;
mod read;

pub use read::Page;
