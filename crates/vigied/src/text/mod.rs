//! Text for a terminal: tables, and words that a shell takes as they are.

pub(crate) mod columns;
pub(crate) mod shell;
