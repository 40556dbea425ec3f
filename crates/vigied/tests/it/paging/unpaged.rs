//! Lists that have no pages with the original's clients are bounded by what an account may have.

use super::{ask, get, make};
use crate::harness::Server;
use crate::limits::hits;
use base::limit;
use serde_json::json;

#[test]
fn an_account_has_no_more_resource_groups_than_one_answer_holds() {
    let many = ["--set", "limits.resource_groups_per_account=100000"];
    let server = Server::with(&many);
    let most = limit::UNPAGED_ENTRIES.default;
    // The first group, which every account has, counts too.
    for number in 1..most {
        let body = json!({"name": format!("group {number}")});
        make(&server, "/v2/resource_groups", &body);
    }
    let one_more = json!({"name": "one more"});
    let refused = ask(&server, "POST", "/v2/resource_groups", Some(&one_more));
    assert_eq!(refused.status, 409, "{}", refused.text());
    let name = limit::UNPAGED_ENTRIES.name;
    assert!(refused.text().contains(name), "{}", refused.text());
    assert_eq!(hits(&server, limit::UNPAGED_ENTRIES), 1);
    let all = get(&server, "/v2/resource_groups");
    assert_eq!(all["resources"].as_array().unwrap().len() as u64, most);
}
