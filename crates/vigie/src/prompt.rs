//! Questions to the person at the terminal. Without a terminal nothing is asked: the error names the flag instead.

mod unseen;

use crate::error::Failure;
use crate::output::{printable, to_stderr};
use base::secret::Secret;
use std::io::{self, BufRead as _, IsTerminal as _};

/// Whether there is someone to ask.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal()
}

fn require(what: &str, flag: &str) -> Result<(), Failure> {
    if is_possible() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{what} is missing, and without a terminal nobody can be asked"
    ))
    .hint(format!("give it with {flag}")))
}

/// Asks for a line of text. `flag` names what to type instead, with its backticks.
pub(crate) fn text(prompt: &str, what: &str, flag: &str) -> Result<String, Failure> {
    require(what, flag)?;
    line(&format!("{prompt}> "))
}

/// Asks for a text that is not shown.
pub(crate) fn secret(prompt: &str, what: &str, flag: &str) -> Result<Secret<String>, Failure> {
    require(what, flag)?;
    unseen::line(&format!("{prompt}> "))
}

/// Asks for yes or no; nothing means no.
pub(crate) fn confirm(question: &str, flag: &str) -> Result<bool, Failure> {
    if !is_possible() {
        return Err(
            Failure::usage(format!("{question} Without a terminal nobody can be asked"))
                .hint(format!("say yes with {flag}")),
        );
    }
    Ok(is_yes(&line(&format!("{question} [y/N]> "))?))
}

/// Offers what does not need doing; nothing means yes. Without a terminal nobody wants it.
pub(crate) fn offer(question: &str) -> Result<bool, Failure> {
    Ok(is_possible() && !is_no(&line(&format!("{question} [Y/n] > "))?))
}

/// Asks which of several; the numbers begin at 1.
pub(crate) fn choose<'a, T>(
    heading: &str,
    items: &'a [T],
    describe: impl Fn(&T) -> String,
    what: &str,
    flag: &str,
) -> Result<&'a T, Failure> {
    require(what, flag)?;
    show(heading, items, describe);
    loop {
        let answer = line("Enter a number> ")?;
        if let Some(item) = numbered(&answer, items) {
            return Ok(item);
        }
    }
}

/// As [`choose`], but an empty answer chooses none. To be called only where someone can be asked.
pub(crate) fn choose_or_skip<'a, T>(
    heading: &str,
    items: &'a [T],
    describe: impl Fn(&T) -> String,
) -> Result<Option<&'a T>, Failure> {
    show(heading, items, describe);
    loop {
        let answer = line("Enter a number> ")?;
        if answer.is_empty() {
            return Ok(None);
        }
        if let Some(item) = numbered(&answer, items) {
            return Ok(Some(item));
        }
    }
}

fn show<T>(heading: &str, items: &[T], describe: impl Fn(&T) -> String) {
    let list: String = items
        .iter()
        .enumerate()
        .map(|(at, item)| format!("{}. {}\n", at + 1, describe(item)))
        .collect();
    to_stderr(&format!("\n{heading}\n{list}"));
}

/// The item of this number; says so when there is none.
fn numbered<'a, T>(answer: &str, items: &'a [T]) -> Option<&'a T> {
    let item = answer
        .parse::<usize>()
        .ok()
        .and_then(|number| items.get(number.checked_sub(1)?));
    if item.is_none() {
        let answer = printable(answer);
        to_stderr(&format!("`{answer}` is none of 1 to {}\n", items.len()));
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

fn line(prompt: &str) -> Result<String, Failure> {
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
