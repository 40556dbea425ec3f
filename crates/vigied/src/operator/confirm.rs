//! Asks the operator to confirm a deletion. Without a terminal it fails, and the error names the flag.

use crate::failure::coded_error::CodedError;
use anyhow::Context;
use base::invisible::escaped_lines;
use std::io::{BufRead, IsTerminal, Write};

/// Asks for confirmation. Without a terminal it fails; the error says what would happen and names the flag.
pub(crate) fn confirm(what: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let text = format!(
            "confirmation is needed, and there is no terminal to ask: {what}\nhint: confirm with `--yes`"
        );
        return Err(CodedError::usage("confirmation_missing", text).into());
    }
    ask(&format!("{what}. Go on?"))
}

/// Asks for yes or no; an empty answer means no.
fn ask(question: &str) -> anyhow::Result<bool> {
    let mut errors = std::io::stderr();
    write!(errors, "{} [y/N]> ", escaped_lines(question))
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
