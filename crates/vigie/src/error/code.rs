//! The codes of failures, for programs: they stay the same when the sentences change. A server's refusal has the server's own
//! code; these are for everything else.

use clap::error::ErrorKind;

macro_rules! codes {
    ($($constant:ident = $code:literal, $meaning:literal;)*) => {
        $(pub(crate) const $constant: &str = $code;)*

        /// All of them and what they mean, in the order of the help.
        const ALL: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    FAILED = "failed", "anything not named below";
    USAGE = "usage", "the command line asks for what cannot be";
    UNKNOWN_COMMAND = "unknown_command", "there is no such command";
    MISSING_COMMAND = "missing_command", "the command line ends before its command";
    UNKNOWN_ARGUMENT = "unknown_argument", "there is no such flag, or a word too many";
    MISSING_ARGUMENT = "missing_argument", "a word or flag that is needed is not there";
    INVALID_VALUE = "invalid_value", "a word or flag says what it cannot say";
    CONFIRMATION_MISSING = "confirmation_missing", "it needs a confirmation, and nobody can be asked";
    CONFLICTING_ARGUMENTS = "conflicting_arguments", "two flags exclude each other";
    NOT_LOGGED_IN = "not_logged_in", "nobody is logged in, or the credential was refused";
    FORBIDDEN = "forbidden", "no right to do this";
    NOT_FOUND = "not_found", "it does not exist, or is not yours to see";
    UNREACHABLE = "unreachable", "no answer from the server";
    TIMEOUT = "timeout", "no answer in time";
    UNKNOWN_HOST = "unknown_host", "the name service does not know the host";
    CONNECTION_REFUSED = "connection_refused", "nothing listens there";
    PROXY = "proxy", "the proxy in between does not do it";
    UNTRUSTED_CERTIFICATE = "untrusted_certificate", "the server's certificate was not trusted";
    WRONG_PROTOCOL = "wrong_protocol", "TLS met plain HTTP, or the reverse";
    ANSWER_MALFORMED = "answer_malformed", "the server answered with something else than expected";
    ANSWER_TOO_LARGE = "answer_too_large", "the server's answer is larger than what is read of one";
    PARTIAL = "partial", "done in part";
    FILE = "file", "a file could not be read or written";
    OUTPUT = "output", "standard output could not be written";
}

/// The section of `--help` about failures as JSON.
pub(crate) fn help() -> String {
    ALL.iter().fold(
        "With `--output json` a failure is one line of JSON, the last on standard error, and standard output is \
         empty, but for the receipt of `metrics send` and the totals of `import`, which tell what was stored beside what was rejected:\n  \
         {\"error\":{\"code\",\"message\",\"hint\",\"transaction_id\",\"status\"}}, `null` where there is none\n\
         The `code` is the server's own where it refused (see its list of errors), else one of:\n"
            .to_owned(),
        |mut text, (code, meaning)| {
            text.push_str(&format!("  {code}\n      {meaning}\n"));
            text
        },
    )
}

/// The code for an error of the parser.
pub(crate) const fn of_usage(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSubcommand => UNKNOWN_COMMAND,
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            MISSING_COMMAND
        }
        ErrorKind::UnknownArgument => UNKNOWN_ARGUMENT,
        ErrorKind::MissingRequiredArgument => MISSING_ARGUMENT,
        ErrorKind::ArgumentConflict => CONFLICTING_ARGUMENTS,
        ErrorKind::InvalidValue
        | ErrorKind::ValueValidation
        | ErrorKind::NoEquals
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::InvalidUtf8 => INVALID_VALUE,
        _ => USAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_one_word_and_there_once() {
        let mut codes: Vec<&str> = ALL.iter().map(|(code, _)| *code).collect();
        assert!(
            codes
                .iter()
                .all(|code| code.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()))
        );
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
