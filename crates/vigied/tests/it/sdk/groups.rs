//! Access groups through `IamAccessGroupsV2`, and what a policy for one gives on samples: groups with pages and their tag, members, rules,
//! settings.

use super::run;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import sys, urllib.error, urllib.request
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamAccessGroupsV2, IamIdentityV1, IamPolicyManagementV1
from ibm_platform_services.iam_access_groups_v2 import (
    AccessGroupMembersPager, AccessGroupsPager, AddGroupMembersRequestMembersItem, RuleConditions,
)

url, key, account, space, user = sys.argv[1:6]
authenticator = IAMAuthenticator(key, url=url)
iam = IamIdentityV1(authenticator=authenticator)
policies = IamPolicyManagementV1(authenticator=authenticator)
groups = IamAccessGroupsV2(authenticator=authenticator)
for one in (iam, policies, groups):
    one.set_service_url(url)


def asks(own):
    headers = {"X-Auth-User-Token": "apikey " + own, "X-Auth-Scope-Id": "s-" + space}
    try:
        request = urllib.request.Request(url + "/v1/metrics?target=sdk.group", headers=headers)
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


made = iam.create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
member, own = made["iam_id"], made["apikey"]["apikey"]

created = groups.create_access_group(account_id=account, name="team", description="of ours")
assert created.get_status_code() == 201
group = created.get_result()["id"]
tag = groups.get_access_group(access_group_id=group).get_headers()["ETag"]
changed = groups.update_access_group(access_group_id=group, if_match=tag, name="crew", description="of all")
assert changed.get_result()["name"] == "crew"
refused(409, groups.update_access_group, access_group_id=group, if_match=tag, name="late")
for name in ("second", "third"):
    groups.create_access_group(account_id=account, name=name)
found = AccessGroupsPager(client=groups, account_id=account, limit=1, sort="-name").get_all()
assert [one["name"] for one in found] == ["third", "second", "crew"], found

policies.create_policy(
    type="access",
    subjects=[{"attributes": [{"name": "access_group_id", "value": group}]}],
    roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
    resources=[{"attributes": [{"name": "accountId", "value": account}]}],
)
assert asks(own) == 404
nobody = "IBMid-00000000-0000-4000-8000-000000000000"
wishes = [AddGroupMembersRequestMembersItem(iam_id=member, type="service"),
          AddGroupMembersRequestMembersItem(iam_id=nobody, type="user")]
added = groups.add_members_to_access_group(access_group_id=group, members=wishes)
assert added.get_status_code() == 207
assert [one["status_code"] for one in added.get_result()["members"]] == [200, 404], added.get_result()
assert asks(own) == 200
assert groups.is_member_of_access_group(access_group_id=group, iam_id=member).get_status_code() == 204
refused(404, groups.is_member_of_access_group, access_group_id=group, iam_id=nobody)
listed = AccessGroupMembersPager(client=groups, access_group_id=group, verbose=True, limit=1).get_all()
assert [(one["iam_id"], one["name"]) for one in listed] == [(member, "ci")], listed
assert groups.remove_member_from_access_group(access_group_id=group, iam_id=member).get_status_code() == 204
assert asks(own) == 404
several = groups.add_member_to_multiple_access_groups(
    account_id=account, iam_id=member, type="service", groups=[group]
).get_result()
assert [one["status_code"] for one in several["groups"]] == [200] and asks(own) == 200
removed = groups.remove_members_from_access_group(access_group_id=group, members=[member]).get_result()
assert [one["status_code"] for one in removed["members"]] == [204] and asks(own) == 404
groups.add_members_to_access_group(access_group_id=group, members=wishes[:1])
gone = groups.remove_member_from_all_access_groups(account_id=account, iam_id=member).get_result()
assert [one["access_group_id"] for one in gone["groups"]] == [group] and asks(own) == 404

conditions = [RuleConditions(claim="email", operator="EQUALS", value='"' + user + '"')]
rule = groups.add_access_group_rule(
    access_group_id=group, expiration=12, realm_name="IBMid", conditions=conditions, name="ours"
).get_result()
assert rule["expiration"] == 12, rule
listed = groups.list_access_group_members(access_group_id=group, membership_type="dynamic", verbose=True).get_result()
assert [one["email"] for one in listed["members"]] == [user], listed
assert len(groups.list_access_group_rules(access_group_id=group).get_result()["rules"]) == 1
tag = groups.get_access_group_rule(access_group_id=group, rule_id=rule["id"]).get_headers()["ETag"]
others = [RuleConditions(claim="email", operator="NOT_EQUALS", value='"' + user + '"')]
said = dict(access_group_id=group, rule_id=rule["id"], expiration=1, realm_name="IBMid", conditions=others)
assert groups.replace_access_group_rule(if_match=tag, **said).get_result()["conditions"][0]["operator"] == "NOT_EQUALS"
refused(409, groups.replace_access_group_rule, if_match=tag, **said)
listed = groups.list_access_group_members(access_group_id=group).get_result()
assert listed["total_count"] == 0, listed
refused(409, groups.delete_access_group, access_group_id=group)
assert groups.remove_access_group_rule(access_group_id=group, rule_id=rule["id"]).get_status_code() == 204

settings = groups.get_account_settings(account_id=account).get_result()
assert settings["public_access_enabled"] is False
on = groups.update_account_settings(account_id=account, public_access_enabled=True).get_result()
assert on["public_access_enabled"] is True and on["account_id"] == account
listed = groups.list_access_groups(
    account_id=account, hide_public_access=True, show_federated=True, show_crn=True
).get_result()
assert listed["total_count"] == 3 and listed["groups"][0]["is_federated"] is False, listed
shown = groups.get_access_group(access_group_id=listed["groups"][0]["id"], show_crn=True).get_result()
assert shown["crn"] == listed["groups"][0]["crn"] and shown["crn"].endswith(shown["id"]), shown
assert groups.delete_access_group(access_group_id=group, force=True).get_status_code() == 204
refused(404, groups.get_access_group, access_group_id=group)
print("ok")
"#;

#[test]
fn the_python_sdk_gives_access_by_groups() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_gives_access_by_groups",
        SCRIPT,
        &[
            &url,
            &server.owner.api_key,
            &server.owner.account,
            &server.owner.space,
            &server.owner.user,
        ],
    );
}
