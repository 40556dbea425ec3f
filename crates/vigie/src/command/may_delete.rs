//! Deletions of what has an id: the question before one, and what programs get after it.

use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::PrintableText;
use crate::prompt;
use serde::Serialize;

/// A deleted object, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct DeletedRow<'a> {
    deleted: bool,
    id: &'a str,
}

impl<'a> DeletedRow<'a> {
    /// The one that had this id.
    pub(crate) const fn of(id: &'a str) -> Self {
        Self { deleted: true, id }
    }
}

impl Context {
    /// Whether a deletion may begin: `--yes` was given, or the user says so. If not, this says that nothing was deleted.
    ///
    /// # Errors
    /// Without `--yes` where nobody can be asked.
    pub(crate) fn may_delete(
        &self,
        is_yes_given: bool,
        question: impl Into<PrintableText>,
    ) -> Result<bool, Failure> {
        let may = is_yes_given || prompt::confirm(question, self.name.yes())?;
        if !may {
            self.output.say("Nothing was deleted.")?;
        }
        Ok(may)
    }
}
