//! The turn of a login: where the server has no place for it at the moment, it waits as long as the server asks, once.

use crate::client::Reply;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use base::limit::{self, Limit};
use std::time::Duration;
use wire::code;

/// The longest wait. Whoever typed wrong passwords too often may have to wait for longer, and is told so at once.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The limits of those that wait: whoever is refused for one of them was not looked at. A wrong key or code beyond
/// `guesses_per_source` was, and would count once more.
const PLACES: [&Limit; 5] = [
    &limit::LOGINS_WAITING_PER_ACCOUNT,
    &limit::LOGINS_WAITING_PER_IDENTITY,
    &limit::PASSWORD_CHECKS_WAITING,
    &limit::PASSWORD_CHECKS_WAITING_PER_SOURCE,
    &limit::PASSWORD_WAIT_SECONDS,
];

/// Sends once more what is answered with 429 for want of a place, so that nothing was done, and a short `Retry-After`.
pub(crate) fn in_turn(
    context: &Context,
    send: impl Fn() -> Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    let reply = send()?;
    let Some(wait) = wait_asked(reply.status, reply.header("retry-after")) else {
        return Ok(reply);
    };
    let refusal = reply.refusal("log in");
    let text = refusal.text.unwrap_or_default();
    if !is_for_want_of_a_place(refusal.code.as_deref(), &text) {
        return Ok(reply);
    }
    context.output.note(escaped!(
        "the server answers {}: {}; trying again in {} s",
        reply.status,
        text,
        wait.as_secs()
    ));
    std::thread::sleep(wait);
    send()
}

/// Whether the server had no place for the request: its error names the limit.
fn is_for_want_of_a_place(error_code: Option<&str>, text: &str) -> bool {
    let is_named = |limit: &Limit| text.contains(&format!("`{}`", limit.name));
    error_code == Some(code::TOO_BUSY.code) || PLACES.into_iter().any(is_named)
}

/// How long to wait before another attempt; `None` for no further one.
fn wait_asked(status: u16, retry_after: Option<&str>) -> Option<Duration> {
    let seconds = retry_after.filter(|_| status == 429)?.parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|wait| *wait <= WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_waited_for_and_no_other_limit() {
        for (error_code, text, expected) in [
            (
                Some("BXNIM0602E"),
                "of the account wait for each other (`logins_waiting_per_account` = 100)",
                true,
            ),
            (
                Some("BXNIM0602E"),
                "Too many logins at once (`password_wait_seconds`): try again",
                true,
            ),
            (Some("BXNMSSV06E"), "no place (`concurrent_requests`)", true),
            (
                Some("BXNIM0415E"),
                "Provided API key could not be found",
                false,
            ),
            (
                Some("BXNIM0602E"),
                "Too many failed logins from your network (`login_failures_per_source`): wait 10 s",
                false,
            ),
            (None, "", false),
        ] {
            let is_for_place = is_for_want_of_a_place(error_code, text);
            assert_eq!(is_for_place, expected, "{text}");
        }
    }

    #[test]
    fn only_a_short_wait_for_a_place_is_gone_along_with() {
        for (status, retry_after, expected_s) in [
            (429, Some("0"), Some(0)),
            (429, Some("10"), Some(10)),
            (429, Some("11"), None),
            (429, Some("soon"), None),
            (429, None, None),
            (503, Some("1"), None),
            (400, Some("1"), None),
        ] {
            let wait = wait_asked(status, retry_after);
            assert_eq!(
                wait,
                expected_s.map(Duration::from_secs),
                "{status} {retry_after:?}"
            );
        }
    }
}
