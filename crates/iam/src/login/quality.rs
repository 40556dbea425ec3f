//! Rules for passwords: not too short, not too long, not a common one, and not made of the user's own address.

use super::common_passwords;
use super::guessable::parts;
use crate::error::IamError;
use crate::refusal::{Reason, Refusal, Remedy};
use base::limit;

/// Shortest password, in bytes.
const BYTES_MIN: usize = 8;

/// Least number of characters that are neither a repetition nor part of a run.
const PARTS_MIN: usize = 5;

/// A password that repeats fewer than this many characters is as weak as those alone.
const PERIOD_MIN: usize = 8;

/// Accepts a new password for the user with this address, or says what is wrong with it.
pub(crate) fn check(password: &str, address: &str) -> Result<(), IamError> {
    let most = usize::try_from(limit::PASSWORD_BYTES.default).unwrap_or(usize::MAX);
    let refused = |what: String| {
        Refusal::new(Reason::Field, what)
            .field("new_password")
            .remedy(Remedy::BetterPassword)
    };
    let length = password.len();
    if length < BYTES_MIN {
        let what = format!("`new_password` has {length} bytes, fewer than {BYTES_MIN}");
        return Err(IamError::Refused(refused(what)));
    }
    if length > most {
        let name = limit::PASSWORD_BYTES.name;
        let what = format!("`new_password` has {length} bytes, more than `{name}` = {most}");
        return Err(IamError::Refused(
            refused(what).limit(&limit::PASSWORD_BYTES),
        ));
    }
    let weak = |why: &str| {
        let what = format!("`new_password` is guessed among the first: {why}");
        Err(IamError::Refused(refused(what)))
    };
    let folded = password.to_lowercase();
    if common_passwords::contains(&folded) || common_passwords::contains(folded.trim()) {
        return weak("it is one of the most common passwords");
    }
    if parts(folded.trim()) < PARTS_MIN || period(&folded) < PERIOD_MIN {
        return weak("it repeats or counts up a few characters");
    }
    if is_made_of_address(&folded, &address.to_lowercase()) {
        return weak("it is made of the e-mail address");
    }
    Ok(())
}

/// Whether the password consists of the address or its parts (the name, the domain, words of either, in any order) with
/// only digits and signs around and between them.
fn is_made_of_address(folded: &str, address: &str) -> bool {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    if [address, local, host].contains(&folded) {
        return true;
    }
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphabetic()).collect() };
    let site = host.rsplit_once('.').map_or(host, |(site, _)| site);
    let mut parts: Vec<String> = [local, host, site].map(letters).to_vec();
    parts.extend(words(address).map(str::to_owned));
    parts.retain(|part| !part.is_empty());
    // The longest first: `ada` would leave a rest of `adalovelace`.
    parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len()));
    let mut words = words(folded).peekable();
    words.peek().is_some() && words.all(|word| is_sequence_of(word, &parts))
}

/// The runs of letters in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
}

/// Whether the word is a sequence of these parts.
fn is_sequence_of(word: &str, parts: &[String]) -> bool {
    let mut rest = word;
    while let Some(after) = parts
        .iter()
        .find_map(|part| rest.strip_prefix(part.as_str()))
    {
        rest = after;
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// The length of the part that the text repeats at least twice; else the length of the text.
fn period(text: &str) -> usize {
    let text: Vec<char> = text.chars().collect();
    let repeats = |period: &usize| {
        let later = text.iter().skip(*period);
        later.zip(&text).all(|(a, b)| a == b)
    };
    (1..=text.len() / 2).find(repeats).unwrap_or(PERIOD_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_no_password() {
        let address = "Ada.Lovelace@example.org";
        for weak in [
            "short",
            "password",
            "PASSWORD",
            " password ",
            "12345678",
            "        ",
            "zzzzzzzzzzzz",
            "abcabcabcabc",
            "correctcorrect",
            "ada.lovelace@example.org",
            "ADA.LOVELACE",
            "adalovelace",
            "ada.lovelace1",
            "1ada.lovelace2026!",
            "ada.lovelaceada.lovelace",
            "example.org",
            "EXAMPLE.ORG1!",
            "example2026",
            "examplelovelace",
            "lovelace@ada",
            "example.ada.42",
            "adaexampleorg",
            "abcdefgh12345678",
        ] {
            assert!(check(weak, address).is_err(), "{weak}");
        }
        assert!(check(&"kX2_9fQz-L".repeat(200), address).is_err());
        for good in [
            "correct horse battery",
            "kX2_9fQz",
            "long enough",
            "größer als 1 Haus",
            "lovelace horse",
            "exemplary org",
            "adamantine",
        ] {
            assert!(check(good, address).is_ok(), "{good}");
        }
        for _ in 0..200 {
            let made = crate::flow::password::generate();
            assert!(check(made.expose(), address).is_ok());
        }
    }

    #[test]
    fn an_address_without_letters_forbids_no_password() {
        assert!(check("correct horse", "@").is_ok());
        assert!(check("kX2_9fQz", "7@example.org").is_ok());
        assert!(check("new.example", "a@new.example").is_err());
        assert!(check("294-8271-6035", "a@new.example").is_ok());
    }
}
