//! What an account has of trusted profiles, and of their rules and links, as its limits say.

use super::{Account, of_resources, path_of, refused, saml, text};
use base::limit;
use serde_json::{Value, json};

#[test]
fn profiles_with_their_rules_and_links_are_counted() {
    let account = Account::start();
    let ops = account.profile("ops");
    account.profile("idle");
    let (id, path) = (text(&ops["id"]), path_of(&ops));
    let user = account.server.owner.user.clone();
    account.make(&format!("{path}/rules"), &saml(&user));
    account.make(&format!("{path}/rules"), &of_resources());
    let link = json!({"cr_type": "IKS_SA", "link": {"crn": "crn:v1:x", "namespace": "prod"}});
    account.make(&format!("{path}/links"), &link);
    let account_id = account.server.owner.account.clone();
    let group = account.make(
        &format!("/v2/groups?account_id={account_id}"),
        &json!({"name": "g"}),
    );
    let group = text(&group["id"]);
    let rule = json!({
        "name": "ours", "expiration": 24, "realm_name": "IBMid",
        "conditions": saml(&user)["conditions"],
    });
    account.make(&format!("/v2/groups/{group}/rules"), &rule);

    let nobody = "Profile-00000000-0000-4000-8000-000000000000";
    let no_group = "AccessGroupId-00000000-0000-4000-8000-000000000000";
    let (profiles, rules) = (limit::PROFILES_PER_ACCOUNT, limit::RULES_PER_PROFILE);
    let links = limit::LINKS_PER_PROFILE;
    let per_profile = |limit: u64, count: u64| {
        let counts =
            json!([{"profile_id": id, "count": count}, {"profile_id": nobody, "count": 0}]);
        json!({"limit": limit, "profiles": counts})
    };
    let expected = json!({
        "profiles": {"limit": profiles.default, "count": 2},
        "claim_rules_per_profile": per_profile(rules.default, 2),
        "cr_rules": {"limit": profiles.default * rules.default, "count": 1},
        "cr_rules_per_profile": per_profile(rules.default, 1),
        "cr_links": {"limit": profiles.default * links.default, "count": 1},
        "cr_links_per_profile": per_profile(links.default, 1),
        "claim_rules_per_group": {
            "limit": limit::RULES_PER_GROUP.default,
            "access_groups": [{"group_id": group, "count": 1}, {"group_id": no_group, "count": 0}],
        },
    });
    let path = format!("/v1/accounts/{account_id}/limits/identity");
    // By the profile's id or by its IAM id.
    let named = format!("iam-{id},{nobody}");
    let query = format!(
        "profiles=true&cr_rules=true&cr_links=true&claim_rules_per_profile={named}\
         &cr_rules_per_profile={named}&cr_links_per_profile={named}&claim_rules_per_group={group},{no_group}"
    );
    assert_eq!(account.read(&format!("{path}?{query}")), expected);
    let named = json!([id, nobody]);
    let body = json!({
        "profiles": true, "cr_rules": true, "cr_links": true, "claim_rules_per_profile": named,
        "cr_rules_per_profile": named, "cr_links_per_profile": named,
        "claim_rules_per_group": [group, no_group],
    });
    let reply = account.ask("POST", &path, &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json(), expected);

    for field in [
        "claim_rules_per_profile",
        "cr_rules_per_profile",
        "cr_links_per_profile",
        "claim_rules_per_group",
    ] {
        let reply = account.call("GET", &format!("{path}?{field}=x")).send();
        refused(&reply, 400, "invalid_parameter", field);
        let mut body = json!({});
        body[field] = Value::from(vec![nobody; 101]);
        let reply = account.ask("POST", &path, &body);
        refused(&reply, 400, "invalid_parameter", field);
    }
}
