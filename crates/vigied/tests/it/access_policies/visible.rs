//! Whoever is no Administrator lists the policies that are for them, or for an access group that they are in, and no others.

use super::{Account, VIEWER, WRITER, refused, text};
use crate::harness::Reply;
use serde_json::{Value, json};

impl Account {
    /// A list as the key sees it.
    fn listed(&self, key: &str, path: &str) -> Reply {
        let request = self.server.request("GET", path);
        let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
        request.send()
    }

    /// A new access group with a policy for it: the ids of both.
    fn group_with_policy(&self, name: &str) -> (String, String) {
        let group = text(&self.make("/v2/groups", &json!({"name": name}))["id"]);
        let mut body = self.first("", WRITER, &[]);
        body["subjects"] = json!([{"attributes": [{"name": "access_group_id", "value": group}]}]);
        let policy = text(&self.make("/v1/policies", &body)["id"]);
        (group, policy)
    }
}

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let list = reply.json();
    let all = list["policies"].as_array().unwrap().iter();
    all.map(|policy: &Value| text(&policy["id"])).collect()
}

#[test]
fn everybody_lists_the_policies_that_are_for_them() {
    let account = Account::start();
    let (subject, key) = account.service("ci");
    let (other, _) = account.service("ci");
    let made = account.make("/v1/policies", &account.first(&subject, VIEWER, &[]));
    let foreign = account.make("/v1/policies", &account.first(&other, VIEWER, &[]));
    let (own_group, of_group) = account.group_with_policy("ours");
    let (other_group, of_others) = account.group_with_policy("theirs");
    let member = json!({"members": [{"iam_id": subject, "type": "service"}]});
    let members = format!("/v2/groups/{own_group}/members");
    assert_eq!(account.ask("PUT", &members, &member).status, 207);

    let id = account.server.owner.account.as_str();
    for form in ["v1", "v2"] {
        let list = |query: &str| account.listed(&key, &format!("/{form}/policies?{query}"));
        let listed = list(&format!("account_id={id}&iam_id={subject}"));
        assert_eq!(ids(&listed), [text(&made["id"])]);
        let listed = list(&format!("access_group_id={own_group}"));
        assert_eq!(ids(&listed), std::slice::from_ref(&of_group));
        // All that is asked for holds: no policy is for two.
        for both in [
            format!("iam_id={subject}&access_group_id={other_group}"),
            format!("iam_id={other}&access_group_id={own_group}"),
        ] {
            assert_eq!(ids(&list(&both)), Vec::<String>::new());
        }
        // A group of others is not told apart from one that is not there.
        let nothing = "AccessGroupId-00000000-0000-4000-8000-000000000000";
        for query in [
            format!("account_id={id}"),
            format!("iam_id={other}"),
            format!("access_group_id={other_group}"),
            format!("access_group_id={nothing}"),
        ] {
            refused(
                &list(&query),
                403,
                "insufficient_permissions",
                "Administrator",
            );
        }
        let one = |id: &str| {
            account
                .listed(&key, &format!("/{form}/policies/{id}"))
                .status
        };
        assert_eq!(one(&text(&made["id"])), 200);
        assert_eq!(one(&of_group), 200);
        assert_eq!(one(&text(&foreign["id"])), 404);
        assert_eq!(one(&of_others), 404);
    }

    // What is seen is not changed for that.
    let path = format!("/v1/policies/{of_group}");
    let request = account.server.request("DELETE", &path);
    let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
    refused(
        &request.send(),
        403,
        "insufficient_permissions",
        "Administrator",
    );
    // Who has left the group sees nothing of it any more.
    let member = format!("/v2/groups/{own_group}/members/{subject}");
    assert_eq!(account.call("DELETE", &member).send().status, 204);
    let gone = account.listed(&key, &format!("/v1/policies?access_group_id={own_group}"));
    refused(&gone, 403, "insufficient_permissions", "Administrator");
    assert_eq!(account.listed(&key, &path).status, 404);
}
