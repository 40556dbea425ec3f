//! The output of the tour: titles, answers without repeated parts, and shortened tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::io::{ErrorKind, IsTerminal, Write};

/// The reader of the tour has closed the pipe, and wants no more of it.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has gone")]
pub(super) struct ReaderGone;

/// Prints a line on standard output. A closed pipe stops the tour, with [`ReaderGone`].
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => ReaderGone.into(),
        _ => anyhow::Error::new(error).context("cannot write to standard output"),
    })
}

/// The title of a step: bold on a terminal, unless `NO_COLOR` asks for none.
pub(super) fn title(text: &str) -> String {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    styled(text, !is_plain && std::io::stdout().is_terminal())
}

fn styled(text: &str, is_bold: bool) -> String {
    if is_bold {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Lines of a login that the tour leaves out: the address of the server, twice.
const ADDRESSES: [&str; 2] = ["API endpoint:", "CF API endpoint:"];

/// The last paragraph of an answer, without empty fields and addresses: a login repeats everything at its end.
pub(super) fn last_paragraph(answer: &str) -> String {
    let paragraph = answer.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let lines = paragraph.lines().filter(|line| {
        let line = line.trim_end();
        let is_address = ADDRESSES.iter().any(|address| line.starts_with(address));
        !line.is_empty() && !line.ends_with(':') && !is_address
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The answer after `OK` and the empty line after it.
pub(super) fn receipt(answer: &str) -> String {
    let receipt = answer.split_once("OK\n").map_or(answer, |(_, rest)| rest);
    receipt.trim().to_owned()
}

/// Maximum characters of a token to show: others may read the output.
const TOKEN_CHARACTERS: usize = 12;

/// The answer with each token shortened, and its expiry added.
pub(super) fn without_tokens(answer: &str) -> String {
    let lines = answer.trim_end().lines().map(|line| {
        let Some((before, token)) = line.rsplit_once(' ').filter(|(_, word)| is_token(word)) else {
            return line.to_owned();
        };
        let begin: String = token.chars().take(TOKEN_CHARACTERS).collect();
        let until = expiry(token).map_or_else(String::new, |until| format!(", good until {until}"));
        format!("{before} {begin}… (cut short here{until})")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_token(word: &str) -> bool {
    word.split('.').count() == 3 && word.len() > 100
}

/// The expiry that a token states.
fn expiry(token: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1)?)
        .ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    let until = jiff::Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()?;
    Some(until.strftime("%H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regression_7_titles_stand_out_where_there_is_a_terminal_to_show_it() {
        assert_eq!(styled("1. A server", true), "\u{1b}[1m1. A server\u{1b}[0m");
        assert_eq!(styled("1. A server", false), "1. A server");
    }

    #[test]
    fn a_token_is_cut_short_and_its_expiry_is_its_own() {
        let claims =
            BASE64_URL_SAFE_NO_PAD.encode(r#"{"exp":1764132605,"sub":"owner@vigie.local"}"#);
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{claims}.{}", "x".repeat(342));
        assert_eq!(
            without_tokens(&format!("IAM token:  Bearer {token}\nno token here\n")),
            "IAM token:  Bearer eyJhbGciOiJS… (cut short here, good until 04:50:05 UTC)\nno token here"
        );
        let unreadable = format!("a.{}.c", "?".repeat(200));
        assert_eq!(without_tokens(&unreadable), unreadable);
        assert_eq!(
            without_tokens(&format!("T {unreadable}")),
            "T a.??????????… (cut short here)"
        );
    }

    #[test]
    fn an_answer_is_told_once() {
        let login = "Authenticating...\nOK\n\nTargeted space dev\n\n\nAPI endpoint:  http://h\nUser:     ada\nResource group:   \nSpace:    dev\n\n";
        assert_eq!(last_paragraph(login), "User:     ada\nSpace:    dev");
        assert_eq!(
            receipt("Sending...\nOK\n\nReceived:   2\nStored:     2\n"),
            "Received:   2\nStored:     2"
        );
        assert_eq!(receipt("Received: 2"), "Received: 2");
    }
}
