//! An `account_id` in the query of a list that is longer than any id.

use super::texts::with_key;
use crate::harness::Server;

#[test]
fn a_long_account_in_a_query_is_refused_by_its_limit_and_not_repeated() {
    let server = Server::start();
    let long = "a".repeat(129);
    for path in [
        "/v1/apikeys",
        "/v1/serviceids",
        "/v1/serviceid_groups",
        "/v1/policies",
        "/v2/policies",
        "/v2/groups",
        "/v2/groups/settings",
        "/v2/resource_groups",
    ] {
        let asked = with_key(&server, "GET", &format!("{path}?account_id={long}"));
        let reply = asked.send();
        let text = reply.text();
        assert_eq!(reply.status, 400, "{path}: {text}");
        assert!(text.contains("word_bytes"), "{path}: {text}");
        assert!(!text.contains(&long), "{path}: {text}");
    }
}
