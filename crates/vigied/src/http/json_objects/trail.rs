//! The way to what is read: which member of a body is at fault.

use base::excerpt;
use std::cell::{Cell, RefCell};
use std::fmt;

/// Longest name that is taken for a slip: to compare names takes time by the length of both.
const SLIP_MAX: usize = 64;

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It has a member that is not known.
    Unknown {
        /// The member, as `subjects[0].attributes[0].opertor`.
        member: String,
        /// The members there are in its place.
        known: &'static [&'static str],
    },
    /// It lacks a member.
    Missing {
        /// The member, as `subjects[0].attributes`.
        member: String,
    },
    /// It is no JSON, or not what is asked for.
    Malformed {
        /// The member whose value is wrong; none where the body is wrong as a whole.
        member: Option<String>,
        /// Why.
        error: serde_json::Error,
    },
}

impl Fault {
    /// The member at fault.
    pub(crate) fn member(&self) -> Option<&str> {
        match self {
            Self::Unknown { member, .. } | Self::Missing { member } => Some(member),
            Self::Malformed { member, .. } => member.as_deref(),
        }
    }

    /// The remedy, if it is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { member, known } => {
                let name = member.rsplit('.').next().unwrap_or(member);
                Some(instead(name, known.iter().copied()))
            }
            Self::Missing { .. } | Self::Malformed { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { member, .. } => write!(f, "unknown field `{member}`"),
            Self::Missing { member } => write!(f, "`{member}` is missing"),
            Self::Malformed {
                member: Some(member),
                error,
            } => write!(f, "`{member}`: {}", in_words_of_json(error)),
            Self::Malformed {
                member: None,
                error,
            } => write!(f, "{}", in_words_of_json(error)),
        }
    }
}

/// The member that is missing. The parser says it in words alone, with the place where the object ends.
fn missing_member(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (name, place) = text.strip_prefix("missing field `")?.split_once('`')?;
    let is_whole = place.is_empty() || place.starts_with(" at line ");
    is_whole.then(|| name.to_owned())
}

/// The parser's sentence with JSON's names of lists and objects. What it may quote of the body stays as it is.
fn in_words_of_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let Some((first, last)) = text.rsplit_once(", expected ") else {
        return text;
    };
    let last = match (last.strip_prefix("a sequence"), last.strip_prefix("a map")) {
        (Some(rest), _) => format!("a list{rest}"),
        (_, Some(rest)) => format!("an object{rest}"),
        (None, None) => last.to_owned(),
    };
    let first = match first {
        "invalid type: sequence" => "invalid type: list",
        "invalid type: map" => "invalid type: object",
        other => other,
    };
    format!("{first}, expected {last}")
}

/// The hint for an unknown name: the name that was most likely meant, or else all known names.
pub(crate) fn instead<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(meant) = nearest(name, &known) {
        return format!("did you mean `{meant}`?");
    }
    match known.as_slice() {
        [] => "leave it out: there are none".to_owned(),
        all => {
            let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            format!("leave it out: there are {}", all.join(", "))
        }
    }
}

/// The name that differs by few letters. Capitals and underscores do not count: `expiresAt` is meant for `expires_at`.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    if name.len() > SLIP_MAX {
        return None;
    }
    let letters = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    let name = letters(name);
    let most = (name.chars().count() / 3).max(1);
    let distance = |word: &str| strsim::damerau_levenshtein(&name, &letters(word));
    let near = known.iter().map(|word| (distance(word), *word));
    near.min()
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, word)| word)
}

#[derive(Debug)]
enum Step {
    Member(String),
    Entry(usize),
}

/// The way to what is read. What cannot be read stays the last of it.
#[derive(Debug, Default)]
pub(super) struct Trail {
    steps: RefCell<Vec<Step>>,
    /// Set where the last member is not known: to those that are.
    known: Cell<Option<&'static [&'static str]>>,
}

impl Trail {
    pub(super) fn enter_member(&self, name: &str) {
        self.steps
            .borrow_mut()
            .push(Step::Member(excerpt::beginning(name)));
    }

    pub(super) fn enter_entry(&self, index: usize) {
        self.steps.borrow_mut().push(Step::Entry(index));
    }

    pub(super) fn leave(&self) {
        self.steps.borrow_mut().pop();
    }

    pub(super) fn mark_unknown(&self, known: &'static [&'static str]) {
        self.known.set(Some(known));
    }

    /// The fault that the reader has stopped at.
    pub(super) fn fault(&self, error: serde_json::Error) -> Fault {
        let member = self.to_string();
        if let Some(known) = self.known.get() {
            return Fault::Unknown { member, known };
        }
        if let Some(name) = missing_member(&error) {
            self.enter_member(&name);
            let member = self.to_string();
            return Fault::Missing { member };
        }
        Fault::Malformed {
            // Where it is no JSON, the place in the text says more.
            member: (error.is_data() && !member.is_empty()).then_some(member),
            error,
        }
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.borrow().iter().enumerate() {
            match step {
                Step::Member(name) if index == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Entry(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_what_was_meant_and_a_stranger_what_there_is() {
        let known = ["name", "expires_at", "iam_id"];
        let suggestion = |name: &str| instead(name, known.into_iter());
        for (name, meant) in [
            ("expiresAt", "expires_at"),
            ("Expires-At", "expires_at"),
            ("iamid", "iam_id"),
            ("nmae", "name"),
        ] {
            assert_eq!(suggestion(name), format!("did you mean `{meant}`?"));
        }
        let all = "leave it out: there are `name`, `expires_at`, `iam_id`";
        assert_eq!(suggestion("colour"), all);
        assert_eq!(suggestion(&"name".repeat(99)), all);
        assert_eq!(instead("a", [].into_iter()), "leave it out: there are none");
    }
}
