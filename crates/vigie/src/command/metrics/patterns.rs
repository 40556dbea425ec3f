//! Refuses arguments that are not patterns before anything is asked, in the words of the command line.

use super::readings::is_call;
use crate::error::{Failure, code};
use crate::printable_text::{PrintableText, escaped};

/// The hint of commands that read.
pub(super) const SEE_NAMES: &str = "`vigie metrics list` shows what there is";

/// Refuses an empty pattern, which is a slip of a script: `"$NAME"` without a name. `hint` says what to write.
pub(crate) fn refuse_empty(pattern: &str, hint: &'static str) -> Result<(), Failure> {
    if pattern.trim().is_empty() {
        return Err(Failure::usage("the pattern is empty")
            .coded(code::INVALID_VALUE)
            .hint(hint));
    }
    Ok(())
}

/// Refuses the call of a function where names are meant.
pub(crate) fn refuse_call(pattern: &str) -> Result<(), Failure> {
    if is_call(pattern) {
        return Err(Failure::usage(escaped!(
            "`{}` calls a function; only names and patterns can be given here",
            pattern
        ))
        .coded(code::INVALID_VALUE)
        .hint(escaped!(
            "what it makes is read with `vigie metrics get {}`",
            PrintableText::quoted(pattern)
        )));
    }
    Ok(())
}
