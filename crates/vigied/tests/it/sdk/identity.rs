//! API keys, service IDs and settings of the account through `IamIdentityV1`: create, list with pages, get, update with the tag, a
//! stale tag, lock, delete.

use super::run;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import jwt
import sys
from urllib.parse import parse_qs, urlsplit
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import (
    AccountSettingsResponse,
    EffectiveAccountSettingsResponse,
    UserMfaEnrollments,
)

url, key, account = sys.argv[1:4]
iam = IamIdentityV1(authenticator=IAMAuthenticator(key, url=url))
iam.set_service_url(url)


def pages(call, field, **named):
    found, token = [], None
    while True:
        page = call(account_id=account, pagesize=2, pagetoken=token, **named).get_result()
        found += page[field]
        if "next" not in page:
            return found
        token = parse_qs(urlsplit(page["next"]).query)["pagetoken"][0]


def lives(kind, get, update, lock, unlock, delete, one):
    reply = get(id=one["id"])
    tag = reply.get_headers()["ETag"]
    assert tag.strip('"') == reply.get_result()["entity_tag"] == one["entity_tag"], (kind, tag)
    renamed = update(id=one["id"], if_match=tag, name="renamed").get_result()
    assert renamed["name"] == "renamed" and renamed["entity_tag"] != one["entity_tag"], renamed
    refused(409, update, id=one["id"], if_match=tag, name="late")
    update(id=one["id"], if_match="*", description="any version")
    told = get(id=one["id"], include_history=True).get_result()["history"]
    assert len(told) == 3 and told[0]["action"].endswith("_changed"), told
    assert lock(id=one["id"]).get_status_code() == 204
    assert get(id=one["id"]).get_result()["locked"] is True
    refused(409, delete, id=one["id"])
    assert unlock(id=one["id"]).get_status_code() == 204
    assert delete(id=one["id"]).get_status_code() == 204
    error = refused(404, get, id=one["id"])
    assert "no" in error.message.lower() or "not" in error.message.lower(), error.message


services = []
for name in ("b", "a", "c"):
    apikey = {"name": "first"} if name == "a" else None
    made = iam.create_service_id(account_id=account, name=name, description="of a test", apikey=apikey)
    assert made.get_status_code() == 201
    services.append(made.get_result())
assert [one["name"] for one in pages(iam.list_service_ids, "serviceids")] == ["a", "b", "c"]
assert [one["id"] for one in pages(iam.list_service_ids, "serviceids", name="b")] == [services[0]["id"]]
found = iam.list_service_ids(account_id=account, filter='name sw "c"').get_result()["serviceids"]
assert [one["id"] for one in found] == [services[2]["id"]]
for listed in pages(iam.list_service_ids, "serviceids", include_history=True):
    assert [change["action"] for change in listed["history"]] == ["service_id_made"], listed

first = services[1]["apikey"]["apikey"]
held = IAMAuthenticator(first, url=url).token_manager.get_token()
assert held.count(".") == 2
second = iam.create_api_key(name="second", iam_id=services[1]["iam_id"], account_id=account).get_result()
assert second["iam_id"] == services[1]["iam_id"] and second["apikey"]
keys = pages(iam.list_api_keys, "apikeys", scope="account", type="serviceid")
assert len(keys) == 2, keys
details = iam.get_api_keys_details(iam_api_key=second["apikey"]).get_result()
assert details["id"] == second["id"]
details = iam.get_api_keys_details(iam_api_key=second["apikey"], include_history=True).get_result()
assert [change["action"] for change in details["history"]] == ["key_made"], details
for listed in pages(iam.list_api_keys, "apikeys", scope="account", type="serviceid", include_history=True):
    assert [change["action"] for change in listed["history"]] == ["key_made"], listed
refused(
    400, iam.create_api_key, name="x", iam_id=services[1]["iam_id"], account_id=account, action_when_leaked="delete"
)

lives(
    "key", iam.get_api_key, iam.update_api_key, iam.lock_api_key, iam.unlock_api_key, iam.delete_api_key, second
)
lives(
    "service ID",
    iam.get_service_id,
    iam.update_service_id,
    iam.lock_service_id,
    iam.unlock_service_id,
    iam.delete_service_id,
    services[1],
)
refused(400, IAMAuthenticator(first, url=url).token_manager.get_token)

# IBM's list of these has no pages: all come at once, also when they are more than a page of other lists has.
names = [f"group {at:02}" for at in range(25)]
many = [iam.create_service_id_group(account_id=account, name=name).get_result()["id"] for name in names]
listed = iam.list_service_id_group(account_id=account).get_result()
assert [one["name"] for one in listed["serviceid_groups"]] == names and "next" not in listed, listed
for one in many:
    assert iam.delete_service_id_group(id=one).get_status_code() == 204
group = iam.create_service_id_group(account_id=account, name="ci", description="of a test").get_result()
assert [one["id"] for one in iam.list_service_id_group(account_id=account).get_result()["serviceid_groups"]] == [group["id"]]
tag = iam.get_service_id_group(id=group["id"]).get_headers()["ETag"]
changed = iam.update_service_id_group(id=group["id"], if_match=tag, name="build").get_result()
assert changed["name"] == "build" and changed["description"] == "of a test", changed
refused(409, iam.update_service_id_group, id=group["id"], if_match=tag, name="late")
grouped = iam.create_service_id(account_id=account, name="grouped", group_id=group["id"], show_group_id="true").get_result()
assert grouped["group_id"] == group["id"], grouped
found = iam.list_service_ids(account_id=account, group_id=group["id"]).get_result()["serviceids"]
assert [one["id"] for one in found] == [grouped["id"]], found
refused(409, iam.delete_service_id_group, id=group["id"])
iam.create_api_key(name="of the group", iam_id=grouped["iam_id"], account_id=account)
found = iam.list_api_keys(account_id=account, group_id=group["id"]).get_result()["apikeys"]
assert [one["name"] for one in found] == ["of the group"], found
iam.delete_service_id(id=grouped["id"])
assert iam.delete_service_id_group(id=group["id"]).get_status_code() == 204
refused(404, iam.get_service_id_group, id=group["id"])

reply = iam.get_account_settings(account_id=account)
settings = AccountSettingsResponse.from_dict(reply.get_result())
assert reply.get_headers()["ETag"].strip('"') == settings.entity_tag, settings
changed = iam.update_account_settings(
    if_match=settings.entity_tag,
    account_id=account,
    session_expiration_in_seconds="3600",
    max_sessions_per_identity="5",
    system_access_token_expiration_in_seconds="900",
).get_result()
assert AccountSettingsResponse.from_dict(changed).session_expiration_in_seconds == "3600", changed
refused(409, iam.update_account_settings, if_match=settings.entity_tag, account_id=account, mfa="NONE")
refused(400, iam.update_account_settings, if_match="*", account_id=account, mfa="LEVEL3")
owner = iam.get_api_keys_details(iam_api_key=key).get_result()["iam_id"]
status = UserMfaEnrollments.from_dict(iam.get_mfa_status(account_id=account, iam_id=owner).get_result())
assert status.effective_mfa_type == "NONE" and status.id_based_mfa.complies, status
effective = iam.get_effective_account_settings(account_id=account).get_result()
effective = EffectiveAccountSettingsResponse.from_dict(effective)
assert effective.effective.max_sessions_per_identity == "5", effective
short = jwt.decode(IAMAuthenticator(key, url=url).token_manager.get_token(), options={"verify_signature": False})
assert short["exp"] - short["iat"] == 900, short
print("ok")
"#;

#[test]
fn the_python_sdk_manages_keys_and_service_ids() {
    let server = Server::start();
    let url = server.serving.url();
    run(
        "the_python_sdk_manages_keys_and_service_ids",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.account],
    );
}
