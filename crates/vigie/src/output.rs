//! Output: everything the program prints goes through here, in the layout that people's scripts know, and as [`PrintableText`]: a
//! text in which everything that came from outside is escaped. Commands give a `String`, which is escaped as a whole, or lay a text out
//! with [`escaped!`]; they escape nothing themselves.
//!
//! Results and the `OK` line go to standard output; failures, warnings and prompts to standard error. With
//! `--output json` standard output holds nothing but JSON.
//!
//! What programs get is a type with named fields ([`Serialize`]), never JSON put together in a command. Scripts depend on it, so
//! neither its keys nor their order change:
//!
//! - A command that has JSON in the original keeps the original's keys, whatever their case (`OrgGuid`, `ibmUniqueId`).
//! - Every other command has keys in snake_case, and `null` for none.
//!
//! | a command | calls | people read | programs get | with `--quiet` |
//! |---|---|---|---|---|
//! | is about to ask the server | [`Output::action`] | a sentence that ends with `...` | | nothing |
//! | has what it asked for | [`Output::ok`] | `OK` | | nothing |
//! | lists things | [`Output::rows`], or [`Output::list`] with the flag for more columns | a table, or that there is none | an array | the same |
//! | shows one thing | [`Output::details`] | `Name: value` lines | an object | the same |
//! | has changed something | [`Output::done`] | `OK` | what was changed | nothing, or what was changed |
//! | adds something for people | [`Output::say`] | the sentence | | the same |

mod closed;
mod failure_report;
mod machine;
mod rows;

pub(crate) use self::closed::when_stdout_closes;
pub(crate) use self::machine::{csv as safe_csv, csv_field, json as safe_json};
pub(crate) use self::rows::{Column, Row};

use crate::context::Name;
use crate::env::{self, Env};
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped, printable};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};
use unicode_width::UnicodeWidthStr as _;

/// The values of `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

const GREEN: &str = "32;1";
/// The maximum length of a failure; a server's text in it has a much lower limit of its own.
const FAILURE_CHARACTERS_MAX: usize = 16_384;
const RED: &str = "31;1";
const CYAN: &str = "36;1";
const BOLD: &str = "1";
const DIM: &str = "2";

/// Prints in one format, with or without colour and progress messages.
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
        let color_setting = if env.get(env::NO_COLOR).is_some() {
            Some(false)
        } else if env.get(env::COLOR).is_some() {
            Some(env.is_true(env::COLOR))
        } else if env.get(env::TERM) == Some("dumb") {
            Some(false)
        } else {
            configured
        };
        let allowed = color_setting != Some(false);
        Self {
            name,
            format,
            quiet: quiet || env.is_true(env::QUIET),
            color_stdout: allowed && io::stdout().is_terminal(),
            color_stderr: allowed && io::stderr().is_terminal(),
        }
    }

    /// Whether standard output may contain only JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether to colour what goes to standard output.
    pub(crate) const fn is_colored(&self) -> bool {
        self.color_stdout
    }

    /// Whether progress, notes and `OK` are suppressed.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A progress message: what is about to happen (one sentence ending in `...`), or what has happened so far.
    pub(crate) fn action(&self, sentence: impl Into<PrintableText>) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.progress_line(sentence)
    }

    /// The line `OK`.
    pub(crate) fn ok(&self) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.progress_line(paint(self.is_colored(), GREEN, "OK".into()))
    }

    /// Ends a change: programs get what was changed, people `OK`. What a command says after it with [`Output::say`] is for people.
    pub(crate) fn done(&self, changed: &impl Serialize) -> Result<(), Failure> {
        if self.is_json() {
            return self.json(changed);
        }
        self.ok()
    }

    /// Shows one thing: programs get it as it is serialized, people the pairs.
    pub(crate) fn details(
        &self,
        shown: &impl Serialize,
        pairs: &[(&'static str, String)],
    ) -> Result<(), Failure> {
        if self.is_json() {
            return self.json(shown);
        }
        self.pairs(pairs)
    }

    /// A line that is printed during a change. The change goes on when the reader has closed the pipe, as in
    /// `vigie login … | grep -q OK`.
    fn progress_line(&self, sentence: impl Into<PrintableText>) -> Result<(), Failure> {
        match self.line(sentence) {
            Err(failure) if failure.kind == Kind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// A sentence for people; not printed as JSON.
    pub(crate) fn say(&self, sentence: impl Into<PrintableText>) -> Result<(), Failure> {
        if self.is_json() {
            return Ok(());
        }
        self.line(sentence)
    }

    /// A line of data, printed in every format.
    pub(crate) fn line(&self, text: impl Into<PrintableText>) -> Result<(), Failure> {
        self.text(&escaped!("{}\n", text.into()))
    }

    /// Lines as they are laid out.
    pub(crate) fn text(&self, text: &PrintableText) -> Result<(), Failure> {
        to_stdout(text.as_str().as_bytes())
    }

    /// A text generated by this program alone, for a program to read.
    pub(crate) fn generated(&self, bytes: &[u8]) -> Result<(), Failure> {
        to_stdout(bytes)
    }

    /// A part of an export, of which the names are fit for a terminal.
    pub(crate) fn exported(&self, bytes: &[u8]) -> io::Result<()> {
        io::stdout().lock().write_all(bytes)
    }

    /// Whether the written part of an export has left this program.
    pub(crate) fn export_ended(&self) -> io::Result<()> {
        io::stdout().lock().flush()
    }

    /// A value as JSON, two spaces deep.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
        self.json_text(&format!("{text}\n"))
    }

    /// JSON as someone else wrote it; every value in it keeps its digits.
    pub(crate) fn json_text(&self, text: &str) -> Result<(), Failure> {
        to_stdout(machine::json(text).as_bytes())
    }

    /// Rows of CSV.
    pub(crate) fn csv(&self, text: &str) -> Result<(), Failure> {
        to_stdout(machine::csv(text, io::stdout().is_terminal()).as_bytes())
    }

    /// Columns without borders, three blanks apart.
    pub(crate) fn table(
        &self,
        header: &[&'static str],
        rows: &[Vec<String>],
    ) -> Result<(), Failure> {
        self.text(&table(self.is_colored(), header, rows))
    }

    /// `Name: value` lines, the values in one column.
    pub(crate) fn pairs(&self, pairs: &[(&'static str, String)]) -> Result<(), Failure> {
        let width = pairs
            .iter()
            .map(|(name, _)| name.width())
            .max()
            .unwrap_or(0)
            + 3;
        let mut text = PrintableText::default();
        for (name, value) in pairs {
            if value.is_empty() {
                text.push(&escaped!("{}\n", name));
                continue;
            }
            let padding = " ".repeat(width - name.width());
            let value = paint(self.is_colored(), CYAN, value.into());
            text.push(&escaped!("{}{}{}\n", name, padding, value));
        }
        self.text(&text)
    }
}

/// Writes to standard error. If that is closed as well, there is nowhere to report it.
pub(crate) fn to_stderr(text: &PrintableText) {
    drop(io::stderr().lock().write_all(text.as_str().as_bytes()));
}

fn to_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

fn paint(on: bool, style: &'static str, text: PrintableText) -> PrintableText {
    if on { text.painted(style) } else { text }
}

/// Lays out a table; each cell is one line.
fn table(color: bool, header: &[&'static str], rows: &[Vec<String>]) -> PrintableText {
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
    let line = |cells: &[&str], style: &dyn Fn(usize) -> Option<&'static str>| {
        let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        let mut line = PrintableText::default();
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate().take(last + 1) {
            let text = PrintableText::from((*cell).to_owned());
            line.push(&style(column).map_or(text.clone(), |style| paint(color, style, text)));
            if column < last {
                line.push(&" ".repeat(width - cell.width().min(*width) + 3).into());
            }
        }
        line.push(&"\n".into());
        line
    };
    let mut text = line(header, &|_| Some(BOLD));
    for row in &clean {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        text.push(&line(&cells, &|column| (column == 0).then_some(CYAN)));
    }
    text
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
            table(false, &["Name", "Display name"], &rows).as_str(),
            "Name       Display name\neu-de      Frankfurt\nus-south   Dal\\u{1b}las\n"
        );
    }
}
