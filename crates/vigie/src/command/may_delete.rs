//! The question before a deletion.

use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::PrintableText;
use crate::prompt;

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
