//! Users of an account through `UserManagementV1`: invited into access groups, listed with pages, read, renamed, removed; and the account
//! itself through `AccountManagementV4`.

use super::run;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import json, sys, urllib.request
from urllib.parse import parse_qs, urlsplit
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamAccessGroupsV2, UserManagementV1
from ibm_platform_services.account_management_v4 import AccountManagementV4, AccountResponse
from ibm_platform_services.user_management_v1 import UserList, UserProfile, UserSettings, UsersPager

url, key, account = sys.argv[1:4]
authenticator = IAMAuthenticator(key, url=url)
users = UserManagementV1(authenticator=authenticator)
groups = IamAccessGroupsV2(authenticator=authenticator)
accounts = AccountManagementV4(authenticator=authenticator)
for one in (users, groups, accounts):
    one.set_service_url(url)

def post(path, body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    return urllib.request.urlopen(request).status


team = groups.create_access_group(account_id=account, name="team").get_result()["id"]
invited = users.invite_users(
    account_id=account,
    users=[{"email": "bea@example.org", "account_role": "Member"}, {"email": "cid@example.org", "account_role": "Member"}],
    access_groups=[team],
)
assert invited.get_status_code() == 202
bea, cid = invited.get_result()["resources"]
assert bea["state"] == "PENDING", bea
refused(400, users.invite_users, account_id=account, users=[{"email": "dan@example.org"}], access_groups=["x"])
assert groups.list_access_group_members(access_group_id=team).get_result()["members"] == []
body = {"email": "bea@example.org", "one_time_code": bea["one_time_code"], "new_password": "of bea, her own"}
assert post("/v2/users/redeem", body) == 204
members = groups.list_access_group_members(access_group_id=team).get_result()["members"]
assert len(members) == 1, members

one = UserProfile.from_dict(users.get_user_profile(account_id=account, iam_id=bea["id"], include_activity="true").get_result())
assert (one.state, one.email, one.iam_id) == ("ACTIVE", "bea@example.org", members[0]["iam_id"]), one
waiting = UserProfile.from_dict(users.get_user_profile(account_id=account, iam_id=cid["id"]).get_result())
assert waiting.state == "PENDING", waiting
changed = users.update_user_profile(account_id=account, iam_id=one.iam_id, firstname="Beatrix", lastname="Field")
assert changed.get_status_code() == 204
one = UserProfile.from_dict(users.get_user_profile(account_id=account, iam_id=one.iam_id).get_result())
assert (one.firstname, one.lastname) == ("Beatrix", "Field"), one
refused(400, users.update_user_profile, account_id=account, iam_id=one.iam_id, state="VPN_ONLY")
refused(400, users.update_user_profile, account_id=account, iam_id=one.iam_id, phonenumber="1")

settings = UserSettings.from_dict(users.get_user_settings(account_id=account, iam_id=one.iam_id).get_result())
assert settings.allowed_ip_addresses == "" and settings.self_manage is False, settings
same = users.update_user_settings(account_id=account, iam_id=one.iam_id, language="", self_manage=False)
assert same.get_status_code() == 204
refused(400, users.update_user_settings, account_id=account, iam_id=one.iam_id, language="French")

pages, start = [], None
while True:
    page = users.list_users(account_id=account, limit=1, start=start, include_settings=True).get_result()
    page = UserList.from_dict(page)
    assert page.total_results == 3, page
    pages.append([person.iam_id for person in page.resources])
    if not page.next_url:
        break
    start = parse_qs(urlsplit(page.next_url).query)["_start"][0]
everybody = [person["iam_id"] for person in users.list_users(account_id=account).get_result()["resources"]]
assert pages == [[person] for person in everybody] and len(set(everybody)) == 3, (pages, everybody)
assert {one.iam_id, cid["id"]} < set(everybody), everybody
found = UsersPager(client=users, account_id=account, limit=2).get_all()
assert [person["iam_id"] for person in found] == everybody, found
found = users.list_users(account_id=account, search="email:bea").get_result()["resources"]
assert [person["firstname"] for person in found] == ["Beatrix"], found

removed = users.v3_remove_user(account_id=account, iam_id=one.iam_id)
assert removed.get_status_code() == 202
refused(404, users.get_user_profile, account_id=account, iam_id=one.iam_id)
assert users.remove_user(account_id=account, iam_id=cid["id"]).get_status_code() == 204
assert users.list_users(account_id=account).get_result()["total_results"] == 1

own = AccountResponse.from_dict(accounts.get_account(account_id=account).get_result())
owner = users.list_users(account_id=account).get_result()["resources"][0]
assert (own.id, own.owner_iamid, own.owner_userid) == (account, owner["iam_id"], owner["email"]), own
refused(404, accounts.get_account, account_id="0" * 32)
print("ok")
"#;

#[test]
fn the_python_sdk_invites_reads_and_removes_users() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_invites_reads_and_removes_users",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.account],
    );
}
