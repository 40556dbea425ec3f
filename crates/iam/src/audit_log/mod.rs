//! The audit table: written with every change, kept within its limits, and read by the operator.

mod commit;
mod read;
mod retention;

pub use read::Page;
