//! The parser advises how a flag that there is not could be given as a value: nobody who mistyped one wants that, and it
//! hides the advice that helps.

use clap::Error;
use clap::error::{ContextKind, ContextValue};

/// Leaves that advice out.
pub(super) fn leave_out(error: &mut Error) {
    let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested) else {
        return;
    };
    let helps = |tip: &&clap::builder::StyledStr| !tip.to_string().contains("as a value");
    let kept: Vec<_> = tips.iter().filter(helps).cloned().collect();
    error.remove(ContextKind::Suggested);
    if !kept.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(kept));
    }
}
