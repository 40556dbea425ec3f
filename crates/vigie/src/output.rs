//! The screen: everything the program prints goes through here, in the layout people's scripts know.
//!
//! Results and the `OK` line go to standard output; failures, warnings and prompts to standard error. With
//! `--output json` standard output holds nothing but JSON.

use crate::context::Name;
use crate::env::{self, Env};
use crate::error::Failure;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use unicode_width::UnicodeWidthStr as _;

/// What `--output` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

const GREEN: &str = "32;1";
const RED: &str = "31;1";
const CYAN: &str = "36;1";
const BOLD: &str = "1";

/// Prints in one format, with or without colour and talk.
#[derive(Debug)]
pub(crate) struct Output {
    name: Name,
    format: Format,
    quiet: bool,
    color_stdout: bool,
    color_stderr: bool,
}

impl Output {
    /// `name` is what the program was called by, `configured` the colour setting of the configuration file.
    pub(crate) fn new(
        name: Name,
        format: Format,
        quiet: bool,
        env: &Env,
        configured: Option<bool>,
    ) -> Self {
        let wish = if env.get(env::NO_COLOR).is_some() {
            Some(false)
        } else if env.get(env::COLOR).is_some() {
            Some(env.is_true(env::COLOR))
        } else {
            configured
        };
        let allowed = wish != Some(false);
        Self {
            name,
            format,
            quiet: quiet || env.is_true(env::QUIET),
            color_stdout: allowed && io::stdout().is_terminal(),
            color_stderr: allowed && io::stderr().is_terminal(),
        }
    }

    /// Whether standard output is to hold JSON alone.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether to colour what goes to standard output.
    pub(crate) const fn is_colored(&self) -> bool {
        self.color_stdout
    }

    /// Whether talk (progress, notes, `OK`) is welcome.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What is about to happen, one sentence ending in `...`, or what has happened on the way to the result.
    pub(crate) fn action(&self, sentence: &str) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.line(sentence)
    }

    /// The line `OK`.
    pub(crate) fn ok(&self) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.line(&paint(self.is_colored(), GREEN, "OK"))
    }

    /// A sentence for people; not printed as JSON.
    pub(crate) fn say(&self, sentence: &str) -> Result<(), Failure> {
        if self.is_json() {
            return Ok(());
        }
        self.line(sentence)
    }

    /// A line of data, printed in every format.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        writeln!(io::stdout().lock(), "{text}")?;
        Ok(())
    }

    /// Bytes of data as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }

    /// A value as JSON, two spaces deep.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
        self.line(&text)
    }

    /// Columns without borders, three blanks apart.
    pub(crate) fn table(&self, header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        self.raw(table(self.is_colored(), header, rows).as_bytes())
    }

    /// `Name: value` lines, the values in one column; control characters in values are made harmless.
    pub(crate) fn pairs(&self, pairs: &[(&str, String)]) -> Result<(), Failure> {
        let width = pairs
            .iter()
            .map(|(name, _)| name.width())
            .max()
            .unwrap_or(0)
            + 3;
        let mut text = String::new();
        for (name, value) in pairs {
            let padded = format!("{name}{}", " ".repeat(width - name.width()));
            let value = paint(self.is_colored(), CYAN, &printable(value));
            let line = format!("{padded}{value}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.raw(text.as_bytes())
    }

    /// Something to know, on standard error.
    pub(crate) fn note(&self, sentence: &str) {
        if !self.quiet {
            to_stderr(&format!("{}\n", self.name.in_commands(sentence)));
        }
    }

    /// Something to beware of, on standard error.
    pub(crate) fn warn(&self, sentence: &str) {
        if !self.quiet {
            to_stderr(&format!(
                "{} {}\n",
                paint(self.color_stderr, BOLD, "warning:"),
                self.name.in_commands(sentence)
            ));
        }
    }

    /// The end of a failed command, on standard error.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut text = String::new();
        if !self.quiet {
            text.push_str(&paint(self.color_stderr, RED, "FAILED"));
            text.push('\n');
        }
        text.push_str(&failure.message);
        text.push('\n');
        text.push_str(&self.name.in_commands(&hints(failure)));
        text.push('\n');
        to_stderr(&text);
    }
}

/// Writes to standard error; where even that is closed nobody is left to tell.
pub(crate) fn to_stderr(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

fn hints(failure: &Failure) -> String {
    failure.hints.iter().fold(String::new(), |mut text, hint| {
        let _ = writeln!(text, "hint: {hint}");
        text
    })
}

fn paint(on: bool, style: &str, text: &str) -> String {
    if on && !text.is_empty() {
        format!("\u{1b}[{style}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Lays out a table; control characters in cells are made harmless.
fn table(color: bool, header: &[&str], rows: &[Vec<String>]) -> String {
    let clean: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell)).collect())
        .collect();
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(column, title)| {
            clean
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .chain([title.width()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>,
                style: &dyn Fn(usize) -> Option<&'static str>| {
        let mut line = String::new();
        for (column, (cell, width)) in cells.zip(&widths).enumerate() {
            let painted =
                style(column).map_or_else(|| cell.to_owned(), |style| paint(color, style, cell));
            line.push_str(&painted);
            line.push_str(&" ".repeat(width - cell.width().min(*width) + 3));
        }
        format!("{}\n", line.trim_end())
    };
    let mut text = line(&mut header.iter().copied(), &|_| Some(BOLD));
    for row in &clean {
        text.push_str(&line(&mut row.iter().map(String::as_str), &|column| {
            (column == 0).then_some(CYAN)
        }));
    }
    text
}

/// A text from the server, fit for a terminal: control characters become `?`.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_three_blanks_apart() {
        let rows = vec![
            vec!["eu-de".to_owned(), "Frankfurt".to_owned()],
            vec!["us-south".to_owned(), "Dal\u{1b}las".to_owned()],
        ];
        assert_eq!(
            table(false, &["Name", "Display name"], &rows),
            "Name       Display name\neu-de      Frankfurt\nus-south   Dal?las\n"
        );
    }
}
