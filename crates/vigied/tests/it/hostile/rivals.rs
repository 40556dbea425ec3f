//! Two credentials in one request.

use super::bounds::presented::{Fixture, text};
use crate::harness::Reply;

#[test]
fn two_credentials_of_this_server_for_different_accounts_are_refused() {
    let place = Fixture::start();
    let here = text(&place.login(None), "access_token");
    let there = text(&place.login(Some(&place.second)), "access_token");
    let key = &place.server.owner.api_key;
    let ask = |path: &str, token: &str, beside: &str| -> Reply {
        let request = place.server.request("GET", path);
        let request = request.header("X-Auth-User-Token", token);
        request.header("Authorization", beside).send()
    };
    let foreign = "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2ln";
    for path in [
        "/v1/metrics/list?query=*",
        "/v2/organizations",
        "/v1/apikeys",
    ] {
        for token in [format!("iam {here}"), format!("apikey {key}")] {
            let refused = ask(path, &token, &format!("Bearer {there}"));
            assert_eq!(refused.status, 400, "{path}: {}", refused.text());
            for name in ["X-Auth-User-Token", "Authorization"] {
                assert!(refused.text().contains(name), "{}", refused.text());
            }
            let same = format!("Bearer {here}");
            for beside in [&*same, "Basic cHJveHk6c2VjcmV0", foreign, "Bearer x", ""] {
                let reply = ask(path, &token, beside);
                assert_eq!(reply.status, 200, "{path} {beside}: {}", reply.text());
            }
        }
    }
}
