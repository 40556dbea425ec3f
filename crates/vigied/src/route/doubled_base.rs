//! Clients whose base address has a part that they add themselves: `https://HOST/v1` leads to `/v1/v1/serviceids`, where nothing is.

use crate::http::problem::Refusal;

/// Ends that base addresses are given, and that no client needs.
const ENDS: [&str; 5] = ["v1", "v2", "v3", "identity", "oidc"];

/// How paths begin that clients add to the base address.
const BEGINS: [&str; 6] = ["v1", "v2", "v3", "identity", "oidc", "coe"];

/// The superfluous end of the client's base address, if `path` begins with one.
fn superfluous(path: &str) -> Option<&'static str> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let first = parts.next()?;
    let end = ENDS.into_iter().find(|end| *end == first)?;
    let next = parts.next()?;
    (parts.next().is_some() && BEGINS.contains(&next)).then_some(end)
}

/// The refusal of a path that is no route. What is wrong with the base address stands in the message: the SDKs show nothing else.
pub(super) fn explained(path: &str, refusal: Refusal) -> Refusal {
    let Some(end) = superfluous(path) else {
        return refusal;
    };
    let Refusal(mut problem) = refusal;
    problem.message = format!(
        "there is no such route: the client's base address ends in `/{end}`, and must be the server's address alone"
    )
    .into();
    Refusal(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_clients_add_themselves_is_found() {
        for (path, end) in [
            ("/v1/v1/serviceids", Some("v1")),
            ("/v1/identity/token", Some("v1")),
            ("/v2/v1/policies", Some("v2")),
            ("/identity/v1/apikeys/ApiKey-1", Some("identity")),
            ("/identity/identity/token", Some("identity")),
            ("/v1/serviceids/v1", None),
            ("/v1/v1", None),
            ("/metrics/v1/a", None),
            ("/v2/groups/a/b", None),
            ("*", None),
            ("/", None),
        ] {
            assert_eq!(superfluous(path), end, "{path}");
        }
    }
}
