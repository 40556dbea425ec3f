//! A regular expression and what its matches are replaced by, as arguments.

use super::pattern::{POINTS_TO_COMPILE, Pattern};
use super::replacement::Replacement;
use crate::error::Fault;
use crate::function::FunctionCall;
use std::cell::OnceCell;

/// The arguments `search` and `replace`, compiled when the first name needs them.
#[derive(Debug)]
pub(crate) struct Substitution {
    search: String,
    replace: String,
    compiled: OnceCell<(Pattern, Replacement)>,
}

impl Substitution {
    /// Those at two places of a call.
    pub(crate) fn at(
        call: &FunctionCall<'_>,
        search: usize,
        replace: usize,
    ) -> Result<Self, Fault> {
        Ok(Self {
            search: call.arguments.text(search)?.to_owned(),
            replace: call.arguments.text(replace)?.to_owned(),
            compiled: OnceCell::new(),
        })
    }

    /// The name with its matches replaced.
    pub(crate) fn of_name(&self, call: &mut FunctionCall<'_>, name: &str) -> Result<String, Fault> {
        if self.compiled.get().is_none() {
            call.checkpoint(POINTS_TO_COMPILE)?;
            let pattern = Pattern::new(&self.search)?;
            let replacement = pattern.replacement(&self.replace)?;
            // Nobody else can have set it.
            let _ = self.compiled.set((pattern, replacement));
        }
        match self.compiled.get() {
            Some((pattern, replacement)) => {
                pattern.replaced(name, replacement, &mut |points| call.checkpoint(points))
            }
            None => Ok(name.to_owned()),
        }
    }
}
