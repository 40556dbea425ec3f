//! What is no password: too short, too long, one of those that everybody tries first, or the person's own address.

use super::common;
use crate::error::IamError;
use crate::guessable::parts;
use base::error::{Kind, Problem};
use base::limit;

/// Shortest password, in bytes.
const BYTES_MIN: usize = 8;

/// Least number of characters that are neither repeated nor in a run.
const PARTS_MIN: usize = 5;

/// A password that repeats less than this many characters is as bad as those alone.
const PERIOD_MIN: usize = 8;

/// Lets a new password of the person with this address pass, or says what is wrong with it.
pub(crate) fn check(password: &str, address: &str) -> Result<(), IamError> {
    let most = usize::try_from(limit::PASSWORD_BYTES.default).unwrap_or(usize::MAX);
    let refused = |what: String| {
        Problem::new(Kind::Invalid, "invalid_parameter", what)
            .field("new_password")
            .hint("take four or five words that do not belong together")
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
    if common::contains(&folded) || common::contains(folded.trim()) {
        return weak("it is one of the most common passwords");
    }
    if parts(folded.trim()) < PARTS_MIN || period(&folded) < PERIOD_MIN {
        return weak("it repeats or counts up a few characters");
    }
    if is_own(&folded, &address.to_lowercase()) {
        return weak("it is the e-mail address, or its name");
    }
    Ok(())
}

/// Whether it is the address or the name in it, with nothing but digits and signs around.
fn is_own(folded: &str, address: &str) -> bool {
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic());
    let local = address.split('@').next().unwrap_or(address);
    let local_bare = local.trim_matches(|c: char| !c.is_alphabetic());
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphabetic()).collect() };
    [address, local, local_bare].contains(&bare)
        || [address, local].contains(&folded)
        || (!local_bare.is_empty() && letters(folded) == letters(local))
        || (!local.is_empty() && folded.replace(local, "").is_empty())
}

/// After how many characters it begins again, at least twice in all; else all of them.
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
        ] {
            assert!(check(good, address).is_ok(), "{good}");
        }
        for _ in 0..200 {
            let made = super::super::password::generate();
            assert!(check(made.expose(), address).is_ok());
        }
    }

    #[test]
    fn an_address_without_letters_forbids_no_password() {
        assert!(check("correct horse", "@").is_ok());
        assert!(check("kX2_9fQz", "7@example.org").is_ok());
    }
}
