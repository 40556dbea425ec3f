//! Questions to the user at the terminal. Without a terminal the error names the flag to use instead.

mod new_password;
mod no_echo;
mod piped;

pub(crate) use new_password::new_password;
pub(crate) use piped::{secret_or_line, text_or_line};

use crate::error::{Failure, code};
use crate::output::to_stderr;
use crate::printable_text::{PrintableText, escaped};
use base::secret::Secret;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};

static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Turns questions off, as if there were no terminal.
pub(crate) fn forbid() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}

/// Whether there is a terminal to ask at.
pub(crate) fn is_possible() -> bool {
    !FORBIDDEN.load(Ordering::Relaxed) && io::stdin().is_terminal()
}

fn require(what: &PrintableText, flag: &PrintableText) -> Result<(), Failure> {
    if is_possible() {
        return Ok(());
    }
    Err(Failure::usage(escaped!(
        "{} is missing, and without a terminal nobody can be asked",
        what
    ))
    .hint(escaped!("give it with {}", flag)))
}

/// Asks for a line of text. `flag` names what to type instead, with its backticks.
pub(crate) fn text(
    prompt: &'static str,
    what: &'static str,
    flag: &'static str,
) -> Result<String, Failure> {
    require(&what.into(), &flag.into())?;
    line(&escaped!("{}> ", PrintableText::from(prompt)))
}

/// Asks for a text that is not shown.
pub(crate) fn secret(
    prompt: &'static str,
    what: impl Into<PrintableText>,
    flag: impl Into<PrintableText>,
) -> Result<Secret<String>, Failure> {
    require(&what.into(), &flag.into())?;
    no_echo::line(&escaped!("{}> ", PrintableText::from(prompt)))
}

/// Asks for yes or no; an empty answer means no.
pub(crate) fn confirm(
    question: impl Into<PrintableText>,
    flag: impl Into<PrintableText>,
) -> Result<bool, Failure> {
    let question = question.into();
    if !is_possible() {
        return Err(Failure::usage(escaped!(
            "this needs a confirmation, and there is no terminal to ask at: {}",
            question
        ))
        .coded(code::CONFIRMATION_MISSING)
        .hint(escaped!("say yes with {}", flag.into())));
    }
    Ok(is_yes(&line(&escaped!("{} [y/N]> ", question))?))
}

/// Asks about something optional; an empty answer means yes. Without a terminal the answer is no.
pub(crate) fn offer(question: &'static str) -> Result<bool, Failure> {
    Ok(is_possible() && !is_no(&line(&escaped!("{} [Y/n] > ", question))?))
}

/// Asks which of several; the numbers begin at 1.
pub(crate) fn choose<'a, T>(
    heading: &'static str,
    items: &'a [T],
    describe: impl Fn(&T) -> String,
    what: impl Into<PrintableText>,
    flag: &'static str,
) -> Result<&'a T, Failure> {
    require(&what.into(), &flag.into())?;
    show(heading, items, &describe);
    loop {
        let answer = line(&"Enter a number or a name> ".into())?;
        if let Some(item) = selected(&answer, items, &describe) {
            return Ok(item);
        }
    }
}

/// As [`choose`], but an empty answer chooses none. Call it only if there is a terminal.
pub(crate) fn choose_or_skip<'a, T>(
    heading: &'static str,
    items: &'a [T],
    describe: impl Fn(&T) -> String,
) -> Result<Option<&'a T>, Failure> {
    show(heading, items, &describe);
    loop {
        let answer = line(&"Enter a number or a name> ".into())?;
        if answer.is_empty() {
            return Ok(None);
        }
        if let Some(item) = selected(&answer, items, &describe) {
            return Ok(Some(item));
        }
    }
}

fn show<T>(heading: &'static str, items: &[T], describe: impl Fn(&T) -> String) {
    let mut list = escaped!("\n{}\n", heading);
    for (at, item) in items.iter().enumerate() {
        list.push(&escaped!("{}. {}\n", at + 1, describe(item)));
    }
    to_stderr(&list);
}

/// The item with this number, else with this name; prints a message if there is none.
fn selected<'a, T>(
    answer: &str,
    items: &'a [T],
    describe: &impl Fn(&T) -> String,
) -> Option<&'a T> {
    let item = answer
        .parse::<usize>()
        .ok()
        .and_then(|number| items.get(number.checked_sub(1)?))
        .or_else(|| items.iter().find(|item| describe(item) == answer));
    if item.is_none() {
        to_stderr(&escaped!(
            "`{}` is not a number from 1 to {}, and not a name in the list\n",
            answer,
            items.len()
        ));
    }
    item
}

/// Whether the answer to a `[y/N]` question is yes.
fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.to_ascii_lowercase().as_str())
}

/// Whether the answer to a `[Y/n]` question is no.
fn is_no(answer: &str) -> bool {
    ["n", "no"].contains(&answer.to_ascii_lowercase().as_str())
}

fn line(prompt: &PrintableText) -> Result<String, Failure> {
    to_stderr(prompt);
    let mut answer = String::new();
    let read = io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::failed(format!("no answer could be read: {error}")))?;
    if read == 0 {
        return Err(Failure::failed("the input ended before an answer"));
    }
    Ok(answer.trim().to_owned())
}
