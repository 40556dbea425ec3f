//! Asks the operator before an irreversible action. Without a terminal it fails, and the error names the flag to use.

use crate::coded::Coded;
use anyhow::Context;
use std::io::{BufRead, IsTerminal, Write};

/// Fails without a terminal.
pub(crate) fn require_terminal(what: &str, flag: &str) -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    let text = format!(
        "{what} takes a yes, and without a terminal nobody can be asked\nhint: say yes with `{flag}`"
    );
    Err(Coded::usage("confirmation_missing", text).into())
}

/// Asks for yes or no; an empty answer means no.
pub(crate) fn confirm(question: &str) -> anyhow::Result<bool> {
    let mut errors = std::io::stderr();
    write!(errors, "{question} [y/N]> ")
        .and_then(|()| errors.flush())
        .context("nobody can be asked")?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.context("no answer could be read")?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_yes_is_yes() {
        for yes in ["y\n", "Y", " yes \r\n", "YES"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "\n", "n", "no", "yess", "1", "--yes"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
