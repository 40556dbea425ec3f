//! Text for a terminal: tables and shell quoting.

pub(crate) mod columns;
pub(crate) mod shell;
