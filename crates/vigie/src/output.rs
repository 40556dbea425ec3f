//! The screen: everything the program prints goes through here, in the layout people's scripts know, and as [`Shown`],
//! which nothing of others' making is before it was escaped.
//!
//! Results and the `OK` line go to standard output; failures, warnings and prompts to standard error. With
//! `--output json` standard output holds nothing but JSON.

mod closed;
mod failed;
mod machine;
mod rows;

pub(crate) use self::closed::when_stdout_closes;
pub(crate) use self::machine::csv_field;
pub(crate) use self::rows::{Column, Row};
pub(crate) use crate::shown::printable;

use crate::context::Name;
use crate::env::{self, Env};
use crate::error::{Failure, Kind};
use crate::shown::{Shown, shown};
use serde::Serialize;
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
/// No failure is longer; what a server says in it has a bound of its own, far below.
const FAILURE_CHARACTERS_MAX: usize = 16_384;
const RED: &str = "31;1";
const CYAN: &str = "36;1";
const BOLD: &str = "1";
const DIM: &str = "2";

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
    pub(crate) fn action(&self, sentence: impl Into<Shown>) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.told(sentence)
    }

    /// The line `OK`.
    pub(crate) fn ok(&self) -> Result<(), Failure> {
        if self.is_json() || self.is_quiet() {
            return Ok(());
        }
        self.told(paint(self.is_colored(), GREEN, "OK".into()))
    }

    /// What a change says on its way: the change goes on where whoever read it has gone (`vigie login … | grep -q OK`).
    fn told(&self, sentence: impl Into<Shown>) -> Result<(), Failure> {
        match self.line(sentence) {
            Err(failure) if failure.kind == Kind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// A sentence for people; not printed as JSON.
    pub(crate) fn say(&self, sentence: impl Into<Shown>) -> Result<(), Failure> {
        if self.is_json() {
            return Ok(());
        }
        self.line(sentence)
    }

    /// A line of data, printed in every format.
    pub(crate) fn line(&self, text: impl Into<Shown>) -> Result<(), Failure> {
        self.text(&shown!("{}\n", text.into()))
    }

    /// Lines as they are laid out.
    pub(crate) fn text(&self, text: &Shown) -> Result<(), Failure> {
        to_stdout(text.as_str().as_bytes())
    }

    /// A text that this program made of its own words alone, for a program to read.
    pub(crate) fn generated(&self, bytes: &[u8]) -> Result<(), Failure> {
        to_stdout(bytes)
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
        let mut text = Shown::default();
        for (name, value) in pairs {
            if value.is_empty() {
                text.push(&shown!("{}\n", name));
                continue;
            }
            let padding = " ".repeat(width - name.width());
            let value = paint(self.is_colored(), CYAN, value.into());
            text.push(&shown!("{}{}{}\n", name, padding, value));
        }
        self.text(&text)
    }
}

/// Writes to standard error; where even that is closed nobody is left to tell.
pub(crate) fn to_stderr(text: &Shown) {
    drop(io::stderr().lock().write_all(text.as_str().as_bytes()));
}

fn to_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

fn paint(on: bool, style: &'static str, text: Shown) -> Shown {
    if on { text.painted(style) } else { text }
}

/// Lays out a table; each cell is one line.
fn table(color: bool, header: &[&'static str], rows: &[Vec<String>]) -> Shown {
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
        let mut line = Shown::default();
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate().take(last + 1) {
            let shown = Shown::from((*cell).to_owned());
            line.push(&style(column).map_or(shown.clone(), |style| paint(color, style, shown)));
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
