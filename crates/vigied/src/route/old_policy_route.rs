//! The route of the command line's first years for access policies, which is not served: its refusal names the one that is.

use crate::http::problem::Refusal;

/// How its paths begin.
const BEGIN: &str = "/acms/";

/// The refusal of a path that is no route. What to use stands in the message: old scripts show nothing else.
pub(super) fn explained(path: &str, refusal: Refusal) -> Refusal {
    if !path.starts_with(BEGIN) {
        return refusal;
    }
    let Refusal(mut problem) = refusal;
    let message = "there is no such route: access policies are made with `POST /v1/policies`, listed with \
                   `GET /v1/policies?account_id=ACCOUNT` and deleted with `DELETE /v1/policies/ID`";
    problem.message = message.into();
    Refusal(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::code;

    fn message(path: &str) -> String {
        let refusal = Refusal(code::ROUTE_UNKNOWN.problem("none"));
        let Refusal(problem) = explained(path, refusal);
        problem.message.into_owned()
    }

    #[test]
    fn the_old_route_alone_is_explained() {
        let old = message("/acms/v1/scopes/a%2F0/users/IBMid-1/policies");
        assert!(old.contains("`POST /v1/policies`"), "{old}");
        for other in ["/acms", "/v1/acms/", "/v1/policy"] {
            assert_eq!(message(other), "none", "{other}");
        }
    }
}
