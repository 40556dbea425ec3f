//! The refusal of a request whose time has ended: what it waited for or was doing then, and what its caller may do.

use super::change_progress::ChangeStage;
use crate::http::problem::Refusal;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use iam::flow::login_progress::LoginStage;
use std::time::Duration;
use wire::code;

const FEWER: &str = "send again after `Retry-After` seconds, and fewer at once";

/// The refusal by how far the change or the login of the request had come. Only of one that has begun it is not known what it has done.
pub(super) fn overdue(change: ChangeStage, login: LoginStage, request_time: Duration) -> Refusal {
    let longer = format!("longer than `request_seconds` = {}", request_time.as_secs());
    let problem = match login {
        LoginStage::NotYet => change_overdue(change, &longer),
        LoginStage::Waits => {
            let at_once = &limit::LOGINS_AT_ONCE_PER_ACCOUNT;
            let waited = waited("login", at_once, &longer);
            unavailable(format!(
                "{waited}: it was given up, and a one-time code or refresh token is as good as before"
            ))
            .hint(FEWER)
        }
        // Never with a time to send again: a second one might be made.
        LoginStage::Begun => code::OUTCOME_UNKNOWN
            .problem(format!(
                "the login took {longer}, and goes on: it may have been made, or may be yet, and has used up its one-time code then"
            ))
            .hint("renew with the same refresh token at once, or log in anew, with another one-time code"),
        LoginStage::Ends => unavailable(format!(
            "ending the login, or its wait for logins of the account, took {longer}: it may have ended, or may end yet"
        ))
        .hint("send again after `Retry-After` seconds: a login that has ended stays so"),
    };
    Refusal(problem.limit(&limit::REQUEST_SECONDS))
}

fn change_overdue(stage: ChangeStage, longer: &str) -> Problem {
    match stage {
        ChangeStage::NoChange => unavailable(format!("the request took {longer}"))
            .hint("ask for a shorter range, or send smaller batches"),
        ChangeStage::Waits => {
            let waited = waited("change", &limit::CHANGES_AT_ONCE_PER_ACCOUNT, longer);
            unavailable(format!("{waited}: nothing was changed")).hint(FEWER)
        }
        // Never with a time to send again: a second one might be made.
        ChangeStage::Begun => code::OUTCOME_UNKNOWN
            .problem(format!(
                "the change took {longer}, and goes on: it may have been made, or may be yet"
            ))
            .hint("look whether it was made before you send it again"),
    }
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

    fn problem(change: ChangeStage, login: LoginStage) -> Problem {
        let Refusal(problem) = overdue(change, login, Duration::from_secs(30));
        assert_eq!(problem.limit, Some(&limit::REQUEST_SECONDS));
        assert!(problem.message.contains("`request_seconds` = 30"));
        problem
    }

    #[test]
    fn what_waited_may_be_sent_again_and_names_the_limit_of_its_turns() {
        let waits = [
            (
                problem(ChangeStage::NoChange, LoginStage::Waits),
                &limit::LOGINS_AT_ONCE_PER_ACCOUNT,
            ),
            (
                problem(ChangeStage::Waits, LoginStage::NotYet),
                &limit::CHANGES_AT_ONCE_PER_ACCOUNT,
            ),
        ];
        for (problem, at_once) in waits {
            assert_eq!(problem.code, code::TIMEOUT.code);
            assert_eq!(problem.kind, Kind::Unavailable);
            let message = &problem.message;
            assert!(message.contains(at_once.name), "{message}");
            assert_eq!(problem.hint.as_deref(), Some(FEWER), "{message}");
        }
        let ends = problem(ChangeStage::NoChange, LoginStage::Ends);
        assert_eq!(
            (ends.code, ends.kind),
            (code::TIMEOUT.code, Kind::Unavailable)
        );
    }

    #[test]
    fn what_has_begun_is_unknown() {
        for (change, login) in [
            (ChangeStage::Begun, LoginStage::NotYet),
            (ChangeStage::NoChange, LoginStage::Begun),
        ] {
            let problem = problem(change, login);
            assert_eq!(problem.code, code::OUTCOME_UNKNOWN.code);
            assert_eq!(problem.kind, code::OUTCOME_UNKNOWN.problem("").kind);
        }
    }
}
