//! Removes a tip of the parser: how to pass an unknown flag as a value. It does not help after a typing error, and hides the tip
//! that does.

use clap::Error;
use clap::error::{ContextKind, ContextValue};

/// Removes that tip.
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
