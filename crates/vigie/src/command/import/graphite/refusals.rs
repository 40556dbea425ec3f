//! The failures of a server of another kind, in words: what it said in a few of them, and hints that name it and not the server of
//! the login.

use crate::client::Reply;
use crate::error::{Failure, Kind, code};
use crate::printable_text::{PrintableText, escaped};
use base::excerpt;

/// How much of an answer is searched for its message.
const INSPECTED_BYTES: usize = 4096;

/// The hint where something else answers.
const WHERE: &str = "name the address at which `/render` and `/metrics/find` are";

/// Whether another attempt may go better.
pub(super) fn may_pass(failure: &Failure) -> bool {
    let lasting = [
        code::UNTRUSTED_CERTIFICATE,
        code::WRONG_PROTOCOL,
        code::UNKNOWN_HOST,
    ];
    failure.kind == Kind::Unreachable && !lasting.contains(&failure.machine_code())
}

/// No answer came.
pub(super) fn unanswered(mut failure: Failure) -> Failure {
    let hint = match failure.machine_code() {
        // What these say holds for any server.
        code::PROXY | code::WRONG_PROTOCOL | code::ANSWER_TOO_LARGE | code::ANSWER_MALFORMED => {
            return failure;
        }
        code::TIMEOUT => "try again, or allow more time with `vigie config --http-timeout SECONDS`",
        code::CONNECTION_REFUSED => "is it running, and is this its port?",
        code::UNTRUSTED_CERTIFICATE => {
            "name its certificate authority in `VIGIE_CA_FILE`, or add `--skip-ssl-validation` where that is safe"
        }
        _ => "check the address after `vigie import graphite`",
    };
    failure.hints = vec![hint.into()];
    failure
}

/// The answer was no.
pub(super) fn refused(
    url: &str,
    reply: &Reply,
    doing: &'static str,
    has_credentials: bool,
) -> Failure {
    let kind = match reply.status {
        401 => Kind::NotLoggedIn,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        502..=504 => Kind::Unreachable,
        _ => Kind::Failed,
    };
    let message = message(reply).map_or_else(PrintableText::default, |text| escaped!(": {}", text));
    let mut failure = Failure::new(
        kind,
        escaped!(
            "cannot {}: `{}` answered {}{}",
            doing,
            url,
            reply.status,
            message
        ),
    );
    failure.status = Some(reply.status);
    match reply.status {
        401 | 403 if !has_credentials => failure
            .hint("it asks for a user and a password: write `USER:PASSWORD` into a file, and name it with `--credentials FILE`"),
        401 | 403 => failure.hint("it does not take these credentials"),
        300..=399 => failure.hint(escaped!(
            "it is at another address: `{}`",
            PrintableText::untrusted(reply.header("location").unwrap_or("nowhere"))
        )),
        404 => failure.hint(WHERE),
        _ => failure,
    }
}

/// The answer was yes, and not what was asked for.
pub(super) fn unreadable(
    url: &str,
    reply: &Reply,
    doing: &'static str,
    error: &serde_json::Error,
) -> Failure {
    let what = match title(&beginning(reply)) {
        Some(title) => escaped!("a web page ({})", title),
        None => escaped!(
            "something else than expected: {}",
            PrintableText::untrusted(&excerpt::beginning(&error.to_string()))
        ),
    };
    Failure::failed(escaped!(
        "cannot {}: `{}` answered {} with {}",
        doing,
        url,
        reply.status,
        what
    ))
    .coded(code::ANSWER_MALFORMED)
    .hint(WHERE)
}

/// The message of an answer: that of an error in JSON, the title of a page, or the first line of a text.
fn message(reply: &Reply) -> Option<PrintableText> {
    if let Some(message) = reply.error_message() {
        return Some(short(&message));
    }
    let text = beginning(reply);
    let text = text.trim();
    match text.chars().next()? {
        '{' | '[' => None,
        '<' => title(text),
        _ => text.lines().next().map(short),
    }
}

fn beginning(reply: &Reply) -> String {
    let bytes = reply.body.get(..INSPECTED_BYTES).unwrap_or(&reply.body);
    String::from_utf8_lossy(bytes).into_owned()
}

fn short(text: &str) -> PrintableText {
    PrintableText::untrusted(&excerpt::beginning(text.trim()))
}

/// The title of a page; `None` for what is none.
fn title(text: &str) -> Option<PrintableText> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|at| {
        let begin = at + "<title>".len();
        let end = begin + lower.get(begin..)?.find("</title>")?;
        text.get(begin..end)
    });
    let title = title.map(str::trim).filter(|title| !title.is_empty());
    Some(title.map_or_else(|| "without a title".into(), short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_page_only_the_title_is_told() {
        let title = |text: &str| title(text).map(PrintableText::into_string);
        let page = " <!DOCTYPE html><html><head><TITLE> Page\nnot found </title><body>much more";
        assert_eq!(title(page).as_deref(), Some("Page\\nnot found"));
        assert_eq!(title("<h1>No</h1>").as_deref(), Some("without a title"));
        assert_eq!(title("no page"), None);
        let long = format!("<title>{}</title>", "é".repeat(1000));
        assert!(title(&long).unwrap().len() < 300);
    }

    #[test]
    fn hints_are_not_those_of_the_login() {
        for code in [
            code::CONNECTION_REFUSED,
            code::UNKNOWN_HOST,
            code::UNTRUSTED_CERTIFICATE,
            code::UNREACHABLE,
        ] {
            let failure = Failure::new(Kind::Unreachable, "x")
                .coded(code)
                .hint("start it with `vigied serve`, or see `vigie api`, or `vigie login`");
            let refusal = unanswered(failure);
            let [hint] = refusal.hints.as_slice() else {
                panic!("{:?}", refusal.hints);
            };
            for word in ["vigied", "vigie api", "vigie login"] {
                assert!(!hint.as_str().contains(word), "{code}: {hint}");
            }
        }
    }
}
