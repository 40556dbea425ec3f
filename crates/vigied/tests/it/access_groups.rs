//! Access groups as IBM's clients know them: made, listed, changed with their tag, deleted; their members and rules; and what a policy
//! for a group gives.

mod dynamic;
mod hours;

use crate::harness::{Account, Reply};
use crate::limits::hits;
use base::limit::{self, Limit};
use serde_json::{Value, json};

pub(crate) const LIMITS: [Limit; 5] = [
    limit::RULES_PER_GROUP,
    limit::GROUPS_PER_MEMBER,
    limit::GROUP_MEMBERS_AT_ONCE,
    limit::CONDITIONS_PER_RULE,
    limit::CLAIM_VALUE_BYTES,
];

const VIEWER: &str = "crn:v1:bluemix:public:iam::::role:Viewer";
const PUBLIC: &str = "AccessGroupId-PublicAccess";

impl Account {
    /// The path of a new group.
    fn group(&self, name: &str) -> String {
        let made = self.make("/v2/groups", &json!({"name": name}));
        format!("/v2/groups/{}", text(&made["id"]))
    }

    /// The statuses of a request that puts these into a group.
    fn put(&self, group: &str, members: &Value) -> Vec<u64> {
        let path = format!("{group}/members");
        let reply = self.ask("PUT", &path, &json!({"members": members}));
        assert_eq!(reply.status, 207, "{}", reply.text());
        statuses(&reply.json()["members"])
    }

    /// Makes a policy that lets whoever is in the group query.
    fn give(&self, group: &str) -> Reply {
        let account = json!({"name": "accountId", "value": self.server.owner.account});
        let subject = json!({"name": "access_group_id", "value": group});
        let body = json!({
            "type": "access",
            "subjects": [{"attributes": [subject]}],
            "roles": [{"role_id": VIEWER}],
            "resources": [{"attributes": [account]}],
        });
        self.ask("POST", "/v1/policies", &body)
    }

    /// The status of a query in the owner's space.
    fn asks(&self, key: &str) -> u16 {
        let request = self.server.request("GET", "/v1/metrics?target=group.seen");
        request
            .header("X-Auth-User-Token", &format!("apikey {key}"))
            .header("X-Auth-Scope-Id", &format!("s-{}", self.server.owner.space))
            .send()
            .status
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn statuses(items: &Value) -> Vec<u64> {
    let all = items.as_array().unwrap().iter();
    all.map(|entry| entry["status_code"].as_u64().unwrap())
        .collect()
}

fn texts(list: &Value, member: &str) -> Vec<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|entry| text(&entry[member])).collect()
}

fn refused(reply: &Reply, status: u16, word: &str, about: &str) {
    let body = reply.text();
    assert_eq!(reply.status, status, "{body}");
    assert_eq!(reply.json()["errors"][0]["message_code"], word, "{body}");
    assert!(body.contains(about), "{body}");
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[test]
fn a_group_lives_and_changes_with_its_tag() {
    let account = Account::start();
    let body = json!({"name": "team", "description": "of ours"});
    let path = format!("/v2/groups?account_id={}", account.server.owner.account);
    let made = account.make(&path, &body);
    assert!(text(&made["id"]).starts_with("AccessGroupId-"), "{made}");
    assert!(text(&made["href"]).ends_with(&text(&made["id"])), "{made}");
    assert!(text(&made["created_by_id"]).starts_with("IBMid-"));
    assert_eq!(made.get("is_federated"), None);
    let path = format!("/v2/groups/{}", text(&made["id"]));
    let read = account.call("GET", &path).send();
    assert_eq!(read.json(), made);
    let tag = read.header("etag").unwrap().to_owned();
    let change = |tag: &str, body: &Value| {
        let request = account.call("PATCH", &path).header("If-Match", tag);
        request.json(body).send()
    };
    let changed = change(&tag, &json!({"name": "crew"}));
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["description"], "of ours");
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let late = change(&tag, &json!({"name": "late"}));
    refused(&late, 409, "conflict", "read it again");
    let unmatched = account.ask("PATCH", &path, &json!({"name": "late"}));
    refused(&unmatched, 400, "invalid_parameter", "If-Match");
    let twice = account.ask("POST", "/v2/groups", &json!({"name": "crew"}));
    refused(&twice, 409, "conflict", "name");
    let nameless = account.ask("POST", "/v2/groups", &json!({"name": " "}));
    refused(&nameless, 400, "invalid_parameter", "`name`");
    let elsewhere = format!("/v2/groups?account_id={}", "0".repeat(32));
    let reply = account.call("GET", &elsewhere).send();
    refused(&reply, 404, "not_found", "account");
    let reply = account.ask("POST", &elsewhere, &body);
    refused(&reply, 404, "not_found", "account");
    assert_eq!(account.call("DELETE", &path).send().status, 204);
    let gone = account.call("GET", &path).send();
    refused(&gone, 404, "not_found", "does not exist");
    let unknown = account.call("GET", "/v2/groups/x/y").send();
    assert_eq!(unknown.json()["errors"][0]["code"], "not_found");
}

#[test]
fn lists_are_searched_sorted_and_paged() {
    let account = Account::start();
    let (member, _) = account.service("ci");
    for (name, description) in [("alpha", "third"), ("beta", "second"), ("gamma", "first")] {
        let body = json!({"name": name, "description": description});
        account.make("/v2/groups", &body);
    }
    let named = |query: &str| {
        let list = account.read(&format!("/v2/groups?{query}"));
        texts(&list["groups"], "name").join(" ")
    };
    assert_eq!(named(""), "alpha beta gamma");
    assert_eq!(named("sort=-name"), "gamma beta alpha");
    assert_eq!(named("sort=description"), "gamma beta alpha");
    assert_eq!(named("search=name:AM"), "gamma");
    assert_eq!(named("search=description:sec"), "beta");
    let list = account.read("/v2/groups");
    assert_eq!(list["total_count"], 3);
    let beta = text(&list["groups"][1]["id"]);
    assert_eq!(named(&format!("search=id:{beta}")), "beta");
    let path = format!("/v2/groups/{beta}");
    assert_eq!(account.put(&path, &json!([{"iam_id": member}])), [200]);
    assert_eq!(named(&format!("iam_id={member}")), "beta");
    assert_eq!(
        named(&format!("iam_id={member}&membership_type=static")),
        "beta"
    );
    assert_eq!(
        named(&format!("iam_id={member}&membership_type=dynamic")),
        ""
    );

    let mut path = "/v2/groups?limit=2&sort=-name".to_owned();
    let mut found = Vec::new();
    loop {
        let page = account.read(&path);
        found.extend(texts(&page["groups"], "name"));
        assert!(text(&page["last"]["href"]).contains("offset=2"), "{page}");
        let Some(next) = page["next"]["href"].as_str() else {
            assert!(text(&page["previous"]["href"]).contains("offset=0"));
            break;
        };
        path = next[next.find("/v2/").unwrap()..].to_owned();
    }
    assert_eq!(found, ["gamma", "beta", "alpha"]);
    // With a CRN where that is asked for, on each page and of each group by itself.
    let first = account.read("/v2/groups?limit=2&show_crn=true");
    let next = text(&first["next"]["href"]);
    assert!(next.contains("show_crn=true"), "{next}");
    let account_id = &account.server.owner.account;
    for group in first["groups"].as_array().unwrap() {
        let id = text(&group["id"]);
        let crn = format!("crn:v1:bluemix:public:iam-groups:global:a/{account_id}::groups:{id}");
        assert_eq!(group["crn"], json!(crn));
        let path = format!("/v2/groups/{id}");
        assert_eq!(
            account.read(&format!("{path}?show_crn=true"))["crn"],
            json!(crn)
        );
        assert_eq!(account.read(&path).get("crn"), None);
    }
    for (query, about) in [
        ("sort=colour", "`sort`"),
        ("search=colour:red", "`search`"),
        ("search=id:x", "`search`"),
        ("membership_type=static", "`membership_type`"),
        ("iam_id=x", "`iam_id`"),
        ("show_crn=perhaps", "`show_crn`"),
        ("show_federated=perhaps", "`show_federated`"),
    ] {
        let reply = account.call("GET", &format!("/v2/groups?{query}")).send();
        refused(&reply, 400, "invalid_parameter", about);
    }
}

#[test]
fn members_have_at_once_what_a_policy_for_their_group_gives() {
    let account = Account::start();
    let (member, key) = account.service("ci");
    let (other, other_key) = account.service("apps");
    let group = account.group("team");
    let policy = account.give(last_part(&group));
    assert_eq!(policy.status, 201, "{}", policy.text());
    let attribute = policy.json()["subjects"][0]["attributes"][0].clone();
    assert_eq!(
        attribute,
        json!({"name": "access_group_id", "value": last_part(&group)})
    );
    let listed = format!("/v1/policies?access_group_id={}", last_part(&group));
    assert_eq!(account.read(&listed)["policies"][0], policy.json());
    assert_eq!((account.asks(&key), account.asks(&other_key)), (404, 404));

    let wish = json!([{"iam_id": member, "type": "service"}]);
    assert_eq!(account.put(&group, &wish), [200]);
    assert_eq!((account.asks(&key), account.asks(&other_key)), (200, 404));
    let path = format!("{group}/members/{member}");
    for method in ["HEAD", "GET"] {
        assert_eq!(account.call(method, &path).send().status, 204);
    }
    let path_of_other = format!("{group}/members/{other}");
    assert_eq!(account.call("HEAD", &path_of_other).send().status, 404);
    let list = account.read(&format!("{group}/members"));
    assert_eq!(list["total_count"], 1);
    let first = &list["members"][0];
    assert_eq!(first["iam_id"], json!(member));
    assert_eq!(first["type"], "service");
    assert_eq!(first["membership_type"], "static");
    assert_eq!(first.get("name"), None);
    let verbose = account.read(&format!("{group}/members?verbose=true&sort=-name"));
    assert_eq!(verbose["members"][0]["name"], "ci");
    assert_eq!(verbose["members"][0]["description"], "of the build");
    let users = account.read(&format!("{group}/members?type=user"));
    assert_eq!(users["members"], json!([]));
    for query in ["type=robot", "sort=name", "membership_type=half"] {
        let (name, _) = query.split_once('=').unwrap();
        let reply = account.call("GET", &format!("{group}/members?{query}"));
        refused(&reply.send(), 400, "invalid_parameter", name);
    }

    assert_eq!(account.call("DELETE", &path).send().status, 204);
    assert_eq!(account.asks(&key), 404);
    let again = account.call("DELETE", &path).send();
    refused(&again, 404, "not_found", "does not exist");

    // With the group its policies go.
    assert_eq!(account.put(&group, &wish), [200]);
    let held = account.call("DELETE", &group).send();
    refused(&held, 409, "conflict", "force");
    let gone = account.call("DELETE", &format!("{group}?force=true"));
    assert_eq!(gone.send().status, 204);
    assert_eq!(account.asks(&key), 404);
    assert_eq!(account.read("/v1/policies")["policies"], json!([]));
    refused(
        &account.give(last_part(&group)),
        400,
        "invalid_parameter",
        "subject",
    );
}

#[test]
fn of_many_wishes_each_is_answered() {
    let account = Account::start();
    let (member, key) = account.service("ci");
    let group = account.group("team");
    account.give(last_part(&group));
    let nobody = "IBMid-00000000-0000-4000-8000-000000000000";
    let wishes = json!([
        {"iam_id": nobody, "type": "user"}, {"iam_id": "x", "type": "user"},
        {"iam_id": member, "type": "user"}, {"iam_id": member, "type": "service"},
    ]);
    let path = format!("{group}/members");
    let request = account.call("PUT", &path).header("Transaction-Id", "t-1");
    let reply = request.json(&json!({"members": wishes})).send();
    assert_eq!(reply.status, 207, "{}", reply.text());
    let members = reply.json()["members"].clone();
    let members = &members;
    assert_eq!(statuses(members), [404, 400, 400, 200]);
    assert_eq!(texts(members, "trace"), ["t-1"; 4]);
    assert_eq!(
        texts(members, "iam_id"),
        [nobody, "x", member.as_str(), member.as_str()]
    );
    assert_eq!(members[1]["errors"][0]["message_code"], "invalid_parameter");
    assert_eq!(members[3].get("errors"), None);
    assert!(text(&members[3]["created_by_id"]).starts_with("IBMid-"));
    assert_eq!(account.asks(&key), 200);

    let path = format!("{group}/members/delete");
    let removal = json!({"members": [nobody, "x", member]});
    let reply = account.ask("POST", &path, &removal);
    assert_eq!(reply.status, 207, "{}", reply.text());
    assert_eq!(reply.json()["access_group_id"], last_part(&group));
    assert_eq!(statuses(&reply.json()["members"]), [404, 400, 204]);
    assert_eq!(account.asks(&key), 404);

    // One member in several groups, and out of all.
    let second = account.group("crew");
    let everywhere = format!("/v2/groups/_allgroups/members/{member}");
    let unknown = "AccessGroupId-00000000-0000-4000-8000-000000000000";
    let wish = json!({
        "type": "service",
        "groups": [last_part(&group), unknown, PUBLIC, last_part(&second)],
    });
    let reply = account.ask("PUT", &everywhere, &wish);
    assert_eq!(reply.status, 207, "{}", reply.text());
    assert_eq!(reply.json()["iam_id"], json!(member));
    assert_eq!(statuses(&reply.json()["groups"]), [200, 404, 400, 200]);
    assert_eq!(account.asks(&key), 200);
    let reply = account.call("DELETE", &everywhere).send();
    assert_eq!(reply.status, 207, "{}", reply.text());
    assert_eq!(statuses(&reply.json()["groups"]), [204, 204]);
    assert_eq!(account.asks(&key), 404);
    let again = account.call("DELETE", &everywhere).send();
    refused(&again, 404, "not_found", "does not exist");
    for (path, body) in [
        (format!("{group}/members"), json!({"members": []})),
        (everywhere, json!({"groups": []})),
    ] {
        let reply = account.ask("PUT", &path, &body);
        refused(&reply, 400, "invalid_parameter", "needs one");
    }
}

#[test]
fn members_and_conditions_are_limited() {
    let account = Account::start();
    let (member, _) = account.service("ci");
    let mut groups = Vec::new();
    for number in 0..=limit::GROUPS_PER_MEMBER.default {
        groups.push(account.group(&format!("team {number}")));
    }
    let (one_more, rest) = groups.split_last().unwrap();
    let ids: Vec<&str> = rest.iter().map(|path| last_part(path)).collect();
    let everywhere = format!("/v2/groups/_allgroups/members/{member}");
    let reply = account.ask("PUT", &everywhere, &json!({"groups": ids}));
    assert_eq!(
        statuses(&reply.json()["groups"]),
        vec![200; ids.len()],
        "{}",
        reply.text()
    );
    let path = format!("{one_more}/members");
    let wish = json!({"members": [{"iam_id": member}]});
    let refused_one = account.ask("PUT", &path, &wish);
    assert_eq!(statuses(&refused_one.json()["members"]), [409]);
    let name = limit::GROUPS_PER_MEMBER.name;
    assert!(refused_one.text().contains(name), "{}", refused_one.text());

    let over = |reply: &Reply, limit: Limit| {
        refused(reply, 400, "invalid_parameter", limit.name);
        assert_eq!(hits(&account.server, limit), 1, "{}", limit.name);
    };
    let most = usize::try_from(limit::GROUP_MEMBERS_AT_ONCE.default).unwrap();
    let many = json!({"members": vec![json!({"iam_id": member}); most + 1]});
    over(
        &account.ask("PUT", &path, &many),
        limit::GROUP_MEMBERS_AT_ONCE,
    );
    let path = format!("{one_more}/rules");
    let rule = |conditions: &[Value]| {
        let body = json!({
            "expiration": 24, "realm_name": "IBMid", "conditions": conditions,
        });
        account.ask("POST", &path, &body)
    };
    let condition = |value: &str| json!({"claim": "email", "operator": "EQUALS", "value": value});
    let most = usize::try_from(limit::CONDITIONS_PER_RULE.default).unwrap();
    let many = vec![condition("a"); most + 1];
    over(&rule(&many), limit::CONDITIONS_PER_RULE);
    let long = "a".repeat(1025);
    over(&rule(&[condition(&long)]), limit::CLAIM_VALUE_BYTES);
}
