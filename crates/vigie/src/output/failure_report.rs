//! Reports a failed command: in words, or as one line of JSON for programs.

use super::{BOLD, DIM, FAILURE_CHARACTERS_MAX, Output, RED, machine, paint, to_stderr};
use crate::context::Name;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use serde::Serialize;
use serde_json::json;

/// A failure for programs; every key is always present.
#[derive(Serialize)]
struct ErrorObject<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<String>,
    transaction_id: Option<&'a str>,
    status: Option<u16>,
}

#[derive(Serialize)]
struct Failed<'a> {
    error: ErrorObject<'a>,
}

impl Output {
    /// Whether standard error is JSON, too. Under the names of the original it stays text, as old scripts expect.
    fn is_stderr_json(&self) -> bool {
        self.is_json() && self.name == Name::Vigie
    }

    /// A note, on standard error.
    pub(crate) fn note(&self, sentence: impl Into<PrintableText>) {
        if self.quiet {
            return;
        }
        let sentence = self.name.in_commands(&sentence.into());
        if self.is_stderr_json() {
            to_stderr(&line(&json!({"note": sentence.as_str()})));
        } else {
            to_stderr(&escaped!("{}\n", sentence));
        }
    }

    /// A warning, on standard error.
    pub(crate) fn warn(&self, sentence: impl Into<PrintableText>) {
        if self.quiet {
            return;
        }
        let sentence = self.name.in_commands(&sentence.into());
        if self.is_stderr_json() {
            to_stderr(&line(&json!({"warning": sentence.as_str()})));
        } else {
            to_stderr(&escaped!(
                "{} {}\n",
                paint(self.color_stderr, BOLD, "warning:".into()),
                sentence
            ));
        }
    }

    /// The failure, on standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.is_stderr_json() {
            to_stderr(&self.machine_line(failure));
        } else {
            to_stderr(&self.words(failure));
        }
    }

    fn words(&self, failure: &Failure) -> PrintableText {
        let mut text = PrintableText::default();
        if !self.quiet {
            text.push(&escaped!(
                "{}\n",
                paint(self.color_stderr, RED, "FAILED".into())
            ));
        }
        text.push(&escaped!(
            "{}\n",
            failure.message.shortened(FAILURE_CHARACTERS_MAX)
        ));
        if let Some(mark) = failure.mark.as_deref() {
            text.push(&escaped!("{}\n", mark));
        }
        for hint in &failure.hints {
            text.push(&escaped!("hint: {}\n", self.name.in_commands(hint)));
        }
        if let Some(id) = &failure.transaction_id {
            let transaction = escaped!("Transaction-Id: {}", id.as_str());
            text.push(&escaped!(
                "{}\n",
                paint(self.color_stderr, DIM, transaction)
            ));
        }
        text.push(&"\n".into());
        text
    }

    fn machine_line(&self, failure: &Failure) -> PrintableText {
        let hints: Vec<String> = failure
            .hints
            .iter()
            .map(|hint| self.name.in_commands(hint).into_string())
            .collect();
        let hint = (!hints.is_empty()).then(|| hints.join("\n"));
        let message = failure.message.shortened(FAILURE_CHARACTERS_MAX);
        line(&Failed {
            error: ErrorObject {
                code: failure.machine_code(),
                message: message.as_str(),
                hint,
                transaction_id: failure.transaction_id.as_deref().map(PrintableText::as_str),
                status: failure.status,
            },
        })
    }
}

/// One line of JSON, fit for a terminal.
fn line(value: &impl Serialize) -> PrintableText {
    let text = serde_json::to_string(value).unwrap_or_default();
    PrintableText::lines(&format!("{}\n", machine::json(&text)))
}
