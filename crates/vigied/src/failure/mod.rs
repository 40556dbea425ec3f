//! Errors of the program: prose for a person, and with `--output json` one line of JSON, the last on standard error. The exit
//! code is the same for both.

pub(crate) mod coded_error;
mod hidden_domain;
pub(crate) mod refused;

use base::invisible::{escaped, escaped_lines};
use base::store::StoreError;
use clap::error::ErrorKind as Usage;
use db::DbError;
use iam::IamError;
use serde_json::json;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use crate::data_dir::DataDirError;
use crate::failure::coded_error::CodedError;

/// The exit code for a wrong command line.
const USAGE: u8 = 2;

/// The remedy for a full disk.
const MAKE_ROOM: &str = "make room on the disk";

/// The start of a better hint.
const MAKE_ROOM_BEGIN: &str = "make room";

/// The parts of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// A stable code.
    pub(crate) code: String,
    /// The error with its causes, in one line.
    pub(crate) message: String,
    /// The remedies, each once.
    pub(crate) hints: Vec<String>,
}

impl Report {
    /// Splits an error into its parts.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let mut causes: Vec<String> = Vec::new();
        let mut hints: Vec<String> = Vec::new();
        for cause in error.chain() {
            let text = cause.to_string();
            let mut parts = text.split("\nhint: ");
            let what = parts.next().unwrap_or_default();
            // Some errors repeat the message of their cause.
            if !causes.last().is_some_and(|last| last.ends_with(what)) {
                causes.push(what.to_owned());
            }
            let identity_error = cause.downcast_ref::<IamError>();
            for hint in parts.chain(identity_error.and_then(crate::failure::refused::operator_hint))
            {
                if !hints.iter().any(|known| known == hint) {
                    hints.push(hint.to_owned());
                }
            }
        }
        if is_full(error) {
            // The caller names the disk in a better hint.
            let says_more = |hint: &String| hint.starts_with(MAKE_ROOM_BEGIN) && hint != MAKE_ROOM;
            let is_covered = hints.iter().any(says_more);
            hints.retain(|hint| hint != MAKE_ROOM);
            if !is_covered {
                hints.push(MAKE_ROOM.to_owned());
            }
        }
        if hints.is_empty() && error.chain().any(is_denied) {
            hints.push(
                "run this as the user that `vigied` runs as, whom the data belongs to".to_owned(),
            );
        }
        let seen = |text: &String| escaped_lines(text).into_owned();
        Self {
            code: code(error),
            message: seen(&causes.join(": ")),
            hints: hints.iter().map(seen).collect(),
        }
    }

    /// For people: the message, and the hints below it.
    pub(crate) fn text(&self) -> String {
        let hints: String = self
            .hints
            .iter()
            .map(|hint| format!("\nhint: {hint}"))
            .collect();
        self.message.clone() + &hints
    }

    /// For programs: one line of JSON.
    fn json(&self) -> String {
        let hint = (!self.hints.is_empty()).then(|| self.hints.join("; "));
        let error = json!({"code": self.code, "message": self.message, "hint": hint});
        json!({"error": error}).to_string()
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

fn kind(cause: Cause<'_>) -> Option<ErrorKind> {
    cause
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::kind)
}

fn is_denied(cause: Cause<'_>) -> bool {
    kind(cause) == Some(ErrorKind::PermissionDenied)
}

/// A store's refusal as a failure kind: a full disk is the same kind wherever it is found.
pub(crate) fn of_store(error: StoreError) -> anyhow::Error {
    match error.is_out_of_space() {
        true => std::io::Error::new(ErrorKind::StorageFull, error).into(),
        false => error.into(),
    }
}

/// Whether a disk, or a quota on it, had no room.
pub(crate) fn is_full(error: &anyhow::Error) -> bool {
    let is_full = |cause: Cause<'_>| {
        matches!(
            kind(cause),
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        ) || matches!(cause.downcast_ref::<IamError>(), Some(IamError::OutOfRoom))
            || matches!(cause.downcast_ref::<DbError>(), Some(DbError::Full { .. }))
    };
    error.chain().any(is_full)
}

/// The error code for programs: the refusal's own code, else the kind of failure.
fn code(error: &anyhow::Error) -> String {
    let of_cause = |cause: Cause<'_>| {
        if let Some(coded) = cause.downcast_ref::<CodedError>() {
            return Some(coded.code().to_owned());
        }
        let refused = cause
            .downcast_ref::<IamError>()
            .and_then(crate::failure::refused::of);
        if let Some(problem) = refused {
            return Some(problem.code.to_owned());
        }
        match cause.downcast_ref() {
            Some(IamError::NoSuchKey { .. }) => return Some("not_found".to_owned()),
            Some(IamError::LastKey | IamError::NoSuccessorYet { .. }) => {
                return Some("conflict".to_owned());
            }
            _ => {}
        }
        if let Some(DataDirError::Locked { .. }) = cause.downcast_ref() {
            return Some("locked".to_owned());
        }
        if let Some(DbError::Refused { .. } | DbError::Unavailable { .. }) = cause.downcast_ref() {
            return Some("database_unreachable".to_owned());
        }
        if let Some(DbError::OutcomeUnknown { .. }) = cause.downcast_ref() {
            return Some("outcome_unknown".to_owned());
        }
        is_denied(cause).then(|| "permission_denied".to_owned())
    };
    if is_full(error) {
        return "out_of_room".to_owned();
    }
    let found = error.chain().find_map(of_cause);
    found.unwrap_or_else(|| "failed".to_owned())
}

/// Reports a failed command.
pub(crate) fn of(error: &anyhow::Error) -> ExitCode {
    let report = Report::of(error);
    let message = match wants_json() {
        true => report.json(),
        false => format!("error: {}", report.text()),
    };
    // There is nowhere to report a failure of this.
    let _ = writeln!(std::io::stderr(), "{message}");
    let is_usage = |cause: Cause<'_>| cause.downcast_ref().is_some_and(CodedError::is_usage);
    match error.chain().any(is_usage) {
        true => ExitCode::from(USAGE),
        false => ExitCode::FAILURE,
    }
}

/// Reports a wrong command line; help and version are no failure.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    let code = match error.kind() {
        Usage::InvalidSubcommand => "unknown_command",
        Usage::MissingSubcommand => "missing_command",
        Usage::UnknownArgument => "unknown_argument",
        Usage::MissingRequiredArgument => "missing_argument",
        Usage::ArgumentConflict => "conflicting_arguments",
        Usage::InvalidValue
        | Usage::ValueValidation
        | Usage::NoEquals
        | Usage::TooManyValues
        | Usage::TooFewValues
        | Usage::WrongNumberOfValues
        | Usage::InvalidUtf8 => "invalid_value",
        _ => "usage",
    };
    let plain = error.render().to_string();
    let seen = with_words_shown(&plain, std::env::args_os().skip(1));
    if error.use_stderr() && wants_json() {
        let report = usage(code, &seen);
        let _ = writeln!(std::io::stderr(), "{}", report.json());
    } else if error.use_stderr() && seen != plain {
        let _ = write!(std::io::stderr(), "{seen}");
    } else {
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The parser's message, in which words of the command line are repeated: what is not seen in them becomes its number, line ends
/// too.
fn with_words_shown(text: &str, words: impl Iterator<Item = OsString>) -> String {
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let text = words.fold(text.to_owned(), |text, word| {
        // The parser may repeat a flag without its value, or the value alone.
        let (flag, value) = word.split_once('=').unwrap_or_default();
        [word.as_str(), flag, value]
            .into_iter()
            .filter(|part| part.contains('\n'))
            .fold(text, |text, part| text.replace(part, &escaped(part)))
    });
    escaped_lines(&text).into_owned()
}

/// The parts of the parser's message: the error, its tips, and its end.
fn usage(code: &str, text: &str) -> Report {
    let mut parts = text.split("\n\n").map(one_line);
    let what = parts.next().unwrap_or_default();
    let message = what.strip_prefix("error: ").unwrap_or(&what).to_owned();
    let tip = |part: String| Some(tip_sentence(part.strip_prefix("tip: ")?));
    let mut hints: Vec<String> = parts.filter_map(tip).collect();
    if hints.is_empty() {
        hints.push("`--help` after the command shows what it takes".to_owned());
    }
    Report {
        code: code.to_owned(),
        message,
        hints,
    }
}

/// The parser's tip about a flag that stands before its command (`'list --output' exists`), as a sentence.
fn tip_sentence(tip: &str) -> String {
    let quoted = tip
        .strip_prefix('\'')
        .and_then(|tip| tip.strip_suffix("' exists"));
    match quoted {
        Some(place) => format!("write it as in `{place}`, after the command"),
        None => tip.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the command line asks for JSON. The raw words are searched, because a command line that cannot be parsed may still
/// ask for it.
fn wants_json() -> bool {
    is_json(std::env::args().skip(1))
}

fn is_json(words: impl Iterator<Item = String>) -> bool {
    let mut follows = false;
    for word in words.take_while(|word| word != "--") {
        let value = if follows {
            Some(word.as_str())
        } else {
            word.strip_prefix("--output=")
        };
        if value.is_some_and(|value| value.eq_ignore_ascii_case("json")) {
            return true;
        }
        follows = word == "--output";
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;
    use base::store::{Outage, Unavailable};

    #[test]
    fn json_is_asked_for_in_either_way_of_writing_and_not_behind_the_end_of_flags() {
        let asks = |line: &str| is_json(line.split(' ').map(str::to_owned));
        assert!(asks("account list --output json"));
        assert!(asks("account --output=JSON nonsense"));
        assert!(!asks("account list --output text"));
        assert!(!asks("account delete -- --output json"));
        assert!(!asks("account delete json"));
    }

    #[test]
    fn what_is_not_seen_in_a_command_line_is_told_by_its_number() {
        let words = ["--outp\u{200b}ut", "--set=a\nhint: b"].map(OsString::from);
        let text = "error: unexpected '--outp\u{200b}ut'\n\ntip: a\nhint: b\n";
        assert_eq!(
            with_words_shown(text, words.into_iter()),
            "error: unexpected '--outp\\u{200b}ut'\n\ntip: a\\u{a}hint: b\n"
        );
        let report = Report::of(&anyhow::anyhow!("no `a\u{a0}b`\nhint: c\u{200b}"));
        assert_eq!(report.text(), "no `a\\u{a0}b`\nhint: c\\u{200b}");
    }

    #[test]
    fn a_full_disk_is_told_whoever_met_it() {
        let full = || std::io::Error::from(ErrorKind::StorageFull);
        let reason = Unavailable::new(Outage::DiskFull, "no space");
        for error in [
            anyhow::Error::new(full()),
            of_store(reason.into()).context("cannot copy the samples"),
            anyhow::Error::new(IamError::OutOfRoom),
        ] {
            let report = Report::of(&error);
            assert_eq!(report.code, "out_of_room");
            assert_eq!(report.hints, [MAKE_ROOM]);
        }
        let better = Err::<(), _>(full())
            .context("x\nhint: make room there")
            .unwrap_err();
        assert_eq!(Report::of(&better).hints, ["make room there"]);
    }

    #[test]
    fn every_hint_is_told_once_and_a_line_for_programs_is_one_line() {
        let error = anyhow::anyhow!("it broke\nhint: mend it\nhint: or not")
            .context("outer\nhint: mend it");
        let report = Report::of(&error);
        assert_eq!(
            report.text(),
            "outer: it broke\nhint: mend it\nhint: or not"
        );
        assert_eq!(
            report.json(),
            r#"{"error":{"code":"failed","hint":"mend it; or not","message":"outer: it broke"}}"#
        );
    }
}
