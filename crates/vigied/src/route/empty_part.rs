//! Deletions whose path ends in a slash: what a script was to put behind it was empty. They reach nothing, because without the slash many
//! are the deletion of all that there is.

use crate::http::problem::Refusal;
use http::Method;

/// The refusal of a path that is no route. What is wrong stands in the message: the SDKs show nothing else.
pub(super) fn explained(method: &Method, path: &str, refusal: Refusal) -> Refusal {
    if method != Method::DELETE || path.len() < 2 || !path.ends_with('/') {
        return refusal;
    }
    let Refusal(mut problem) = refusal;
    problem.message =
        "there is no such route: the path ends in a slash with nothing behind it, and a deletion must name what it deletes".into();
    Refusal(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::code;

    #[test]
    fn a_deletion_of_nothing_is_told_what_is_missing() {
        let message = |method: &Method, path: &str| {
            let refusal = Refusal(code::ROUTE_UNKNOWN.problem("none"));
            let Refusal(problem) = explained(method, path, refusal);
            problem.message.into_owned()
        };
        let told = message(&Method::DELETE, "/v1/sessions/");
        assert!(told.contains("ends in a slash"), "{told}");
        for (method, path) in [
            (Method::DELETE, "/v1/nothing"),
            (Method::DELETE, "/"),
            (Method::GET, "/v1/nothing/"),
        ] {
            assert_eq!(message(&method, path), "none", "{path}");
        }
    }
}
