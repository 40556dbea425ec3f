//! The turn of a login: where the server has no place for it at the moment, it waits as long as the server asks, once.

use crate::client::Reply;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use std::time::Duration;

/// The longest wait. Whoever typed wrong passwords too often may have to wait for longer, and is told so at once.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Sends once more what is answered with 429, so that nothing was done, and a short `Retry-After`.
pub(crate) fn in_turn(
    context: &Context,
    send: impl Fn() -> Result<Reply, Failure>,
) -> Result<Reply, Failure> {
    let reply = send()?;
    let Some(wait) = wait_asked(reply.status, reply.header("retry-after")) else {
        return Ok(reply);
    };
    let text = reply.refusal("log in").text.unwrap_or_default();
    context.output.note(escaped!(
        "the server answers {}: {}; trying again in {} s",
        reply.status,
        text,
        wait.as_secs()
    ));
    std::thread::sleep(wait);
    send()
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
