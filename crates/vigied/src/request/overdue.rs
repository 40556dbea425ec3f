//! The refusal of a request whose time has ended: what it waited for or was doing then, and what its caller may do.

use crate::http::problem::Refusal;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use iam::progress::Stage;
use std::time::Duration;
use wire::code;

const FEWER: &str = "send again after `Retry-After` seconds, and fewer at once";

/// The refusal by how far the request had come. Only of what has begun to write it is not known what it has done.
pub(super) fn overdue(stage: Stage, request_time: Duration) -> Refusal {
    let longer = format!("longer than `request_seconds` = {}", request_time.as_secs());
    let problem = match stage {
        Stage::NoChange => unavailable(format!("the request took {longer}"))
            .hint("send again after `Retry-After` seconds; of metrics, ask for a shorter range or send smaller batches"),
        Stage::ListWaits => {
            let waited = waited("list", &limit::LISTS_AT_ONCE_PER_ACCOUNT, &longer);
            unavailable(waited).hint(FEWER)
        }
        Stage::ChangeWaits => {
            let waited = waited("change", &limit::CHANGES_AT_ONCE_PER_ACCOUNT, &longer);
            unavailable(format!("{waited}: nothing was changed")).hint(FEWER)
        }
        Stage::LoginWaits => {
            let waited = waited("login", &limit::LOGINS_AT_ONCE_PER_ACCOUNT, &longer);
            unavailable(format!(
                "{waited}: it was given up, and a one-time code or refresh token is as good as before"
            ))
            .hint(FEWER)
        }
        // Never with a time to send again: a second one might be made.
        Stage::ChangeBegun => code::OUTCOME_UNKNOWN
            .problem(format!(
                "the change took {longer}, and goes on: it may have been made, or may be yet"
            ))
            .hint("look whether it was made before you send it again"),
        Stage::LoginBegun => code::OUTCOME_UNKNOWN
            .problem(format!(
                "the login took {longer}, and goes on: it may have been made, or may be yet, and uses up a one-time code that it was for"
            ))
            .hint("log in again: by the same key or token at once, where it was a code by another one"),
        Stage::EndsLogin => unavailable(format!(
            "ending the login, or its wait for logins of the account, took {longer}: it may have ended, or may end yet"
        ))
        .hint("send again after `Retry-After` seconds: a login that has ended stays so"),
        Stage::KeepsAlive => unavailable(format!(
            "noting that the session is in use, or its wait for logins of the account, took {longer}: it may be noted, or may be yet"
        ))
        .hint("send again after `Retry-After` seconds: noting it twice does no harm"),
    };
    Refusal(problem.limit(&limit::REQUEST_SECONDS))
}

fn waited(what: &str, at_once: &Limit, longer: &str) -> String {
    let (name, most) = (at_once.name, at_once.default);
    format!("the {what} waited for others of the account (`{name}` = {most}) for {longer}")
}

fn unavailable(message: String) -> Problem {
    Problem {
        kind: Kind::Unavailable,
        ..code::TIMEOUT.problem(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(stage: Stage) -> Problem {
        let Refusal(problem) = overdue(stage, Duration::from_secs(30));
        assert_eq!(problem.limit, Some(&limit::REQUEST_SECONDS));
        assert!(problem.message.contains("`request_seconds` = 30"));
        problem
    }

    #[test]
    fn what_waited_may_be_sent_again_and_names_the_limit_of_its_turns() {
        let waits = [
            (Stage::ListWaits, &limit::LISTS_AT_ONCE_PER_ACCOUNT),
            (Stage::ChangeWaits, &limit::CHANGES_AT_ONCE_PER_ACCOUNT),
            (Stage::LoginWaits, &limit::LOGINS_AT_ONCE_PER_ACCOUNT),
        ];
        for (stage, at_once) in waits {
            let problem = problem(stage);
            assert_eq!(problem.code, code::TIMEOUT.code);
            assert_eq!(problem.kind, Kind::Unavailable);
            let message = &problem.message;
            assert!(message.contains(at_once.name), "{message}");
            assert_eq!(problem.hint.as_deref(), Some(FEWER), "{message}");
        }
    }

    #[test]
    fn what_does_no_harm_twice_may_be_sent_again_and_is_told_of_no_range() {
        for stage in [Stage::EndsLogin, Stage::KeepsAlive] {
            let problem = problem(stage);
            let is = (problem.code, problem.kind);
            assert_eq!(is, (code::TIMEOUT.code, Kind::Unavailable));
            let hint = problem.hint.unwrap();
            assert!(
                hint.contains("Retry-After") && !hint.contains("range"),
                "{hint}"
            );
        }
    }

    #[test]
    fn what_has_begun_is_unknown() {
        for stage in [Stage::ChangeBegun, Stage::LoginBegun] {
            let problem = problem(stage);
            assert_eq!(problem.code, code::OUTCOME_UNKNOWN.code);
            assert_eq!(problem.kind, code::OUTCOME_UNKNOWN.problem("").kind);
        }
    }
}
