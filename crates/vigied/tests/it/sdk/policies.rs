//! Access policies through `IamPolicyManagementV1`, and their effect on samples: create, list with pages, get, update with the
//! tag, a stale tag, delete, in both forms; conditions of time; roles of the account's own; settings.

use super::run;
use super::two_nodes::second_space;
use crate::harness::Server;

pub(super) const SCRIPT: &str = r#"
import json, sys, time, urllib.error, urllib.request
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamIdentityV1, IamPolicyManagementV1
from ibm_platform_services.iam_policy_management_v1 import (
    Control, Grant, NestedConditionRuleAttribute, PoliciesPager, PolicyResource, PolicyRole, PolicySubject, ResourceAttribute, Roles,
    SubjectAttribute, V2PolicyResource, V2PolicyResourceAttribute, V2PolicyRuleRuleAttribute,
    V2PolicyRuleRuleWithNestedConditions, V2PolicySubject, V2PolicySubjectAttribute,
)

url, key, account, space, second_space = sys.argv[1:6]
authenticator = IAMAuthenticator(key, url=url)
iam = IamIdentityV1(authenticator=authenticator)
policies = IamPolicyManagementV1(authenticator=authenticator)
iam.set_service_url(url)
policies.set_service_url(url)
viewer = "crn:v1:bluemix:public:iam::::role:Viewer"
writer = "crn:v1:bluemix:public:iam::::serviceRole:Writer"
reader = "crn:v1:bluemix:public:iam::::serviceRole:Reader"


def status(credential, method, space):
    body = [{"name": "sdk.policy", "value": 1, "timestamp": int(time.time()) - 5}]
    headers = {"X-Auth-User-Token": credential, "X-Auth-Scope-Id": "s-" + space}
    data = json.dumps(body).encode() if method == "POST" else None
    path = "/v1/metrics" if method == "POST" else "/v1/metrics?target=sdk.policy"
    try:
        return urllib.request.urlopen(urllib.request.Request(url + path, data=data, headers=headers)).status
    except urllib.error.HTTPError as error:
        return error.code


def does(own):
    return tuple(status("apikey " + own, method, space) for method in ("POST", "GET"))


def does_with_token(token):
    """What a token lets its holder do in both spaces: send, and query."""
    return [tuple(status("iam " + token, method, one) for method in ("POST", "GET")) for one in (space, second_space)]


made = iam.create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
subject, own = made["iam_id"], made["apikey"]["apikey"]
assert does(own) == (404, 404)

subjects = [PolicySubject(attributes=[SubjectAttribute(name="iam_id", value=subject)])]
resources = [PolicyResource(attributes=[
    ResourceAttribute(name="accountId", value=account, operator="stringEquals"),
    ResourceAttribute(name="serviceName", value="ibmcloud-monitoring", operator="stringEquals"),
    ResourceAttribute(name="spaceId", value=space, operator="stringEquals"),
])]
first = dict(type="access", subjects=[one.to_dict() for one in subjects], resources=[one.to_dict() for one in resources])
created = policies.create_policy(roles=[PolicyRole(role_id=viewer).to_dict()], description="of a test", **first)
assert created.get_status_code() == 201
policy = created.get_result()
assert does(own) == (403, 200)
error = refused(409, policies.create_policy, roles=[PolicyRole(role_id=viewer).to_dict()], description="again", **first)
assert policy["id"] in error.message, error.message

reply = policies.get_policy(policy_id=policy["id"])
tag = reply.get_headers()["ETag"]
changed = policies.replace_policy(
    policy_id=policy["id"], if_match=tag, roles=[PolicyRole(role_id=writer).to_dict()], **first
)
assert changed.get_headers()["ETag"] != tag
assert does(own) == (200, 200)
refused(409, policies.replace_policy, policy_id=policy["id"], if_match=tag, roles=[{"role_id": viewer}], **first)

# What is given for a space gives nothing in another one, until a policy says so: for the token that is held already, too.
token = IAMAuthenticator(own, url=url).token_manager.get_token()
assert does_with_token(token) == [(200, 200), (404, 404)]
there = dict(first, resources=[{"attributes": [
    {"name": "accountId", "value": account}, {"name": "spaceId", "value": second_space},
]}])
other = policies.create_policy(roles=[{"role_id": reader}], **there).get_result()
assert does_with_token(token) == [(200, 200), (403, 200)]
for limit, sizes in ((1, [1, 1]), (2, [2])):
    pages, start = [], None
    while True:
        page = policies.list_policies(account_id=account, iam_id=subject, limit=limit, start=start).get_result()
        pages.append([one["id"] for one in page["policies"]])
        if "next" not in page:
            break
        start = page["next"]["start"]
    assert [len(page) for page in pages] == sizes, pages
    assert sorted(sum(pages, [])) == sorted([policy["id"], other["id"]]), pages
found = PoliciesPager(client=policies, account_id=account, iam_id=subject, limit=1).get_all()
assert sorted(one["id"] for one in found) == sorted([policy["id"], other["id"]]), found
assert policies.delete_policy(policy_id=other["id"]).get_status_code() == 204
assert does_with_token(token) == [(200, 200), (404, 404)]
off = policies.update_policy_state(policy_id=policy["id"], if_match="*", state="deleted").get_result()
assert off["state"] == "deleted" and does(own) == (404, 404)
assert policies.list_policies(account_id=account, iam_id=subject).get_result()["policies"] == []
on = policies.update_policy_state(policy_id=policy["id"], if_match="*", state="active").get_result()
assert on["state"] == "active" and does(own) == (200, 200)

unknown = dict(first, resources=[{"attributes": [
    {"name": "accountId", "value": account}, {"name": "serviceName", "value": "kms"},
]}])
error = refused(400, policies.create_policy, roles=[{"role_id": viewer}], **unknown)
assert "serviceName" in error.message, error.message

def grant(role):
    return Control(grant=Grant(roles=[Roles(role_id=role)])).to_dict()


form = dict(
    type="access",
    subject=V2PolicySubject(
        attributes=[V2PolicySubjectAttribute(key="iam_id", operator="stringEquals", value=subject)]
    ).to_dict(),
    resource=V2PolicyResource(attributes=[
        V2PolicyResourceAttribute(key="accountId", operator="stringEquals", value=account),
        V2PolicyResourceAttribute(key="serviceName", operator="stringEquals", value="ibmcloud-monitoring"),
    ]).to_dict(),
)
second = policies.create_v2_policy(control=grant(viewer), **form).get_result()
read = policies.get_v2_policy(id=second["id"])
assert read.get_result()["subject"]["attributes"][0]["value"] == subject
tag = read.get_headers()["ETag"]
changed = policies.replace_v2_policy(id=second["id"], if_match=tag, control=grant(reader), **form)
assert changed.get_result()["control"]["grant"]["roles"][0]["role_id"] == reader, changed
refused(409, policies.replace_v2_policy, id=second["id"], if_match=tag, control=grant(viewer), **form)
found, start = [], None
while True:
    page = policies.list_v2_policies(account_id=account, iam_id=subject, limit=1, start=start).get_result()
    found += [one["id"] for one in page["policies"]]
    if "next" not in page:
        break
    start = page["next"]["start"]
assert sorted(found) == sorted([policy["id"], second["id"]]), found
assert policies.delete_policy(policy_id=policy["id"]).get_status_code() == 204
assert does(own) == (403, 200)
assert policies.delete_v2_policy(id=second["id"]).get_status_code() == 204
assert does(own) == (404, 404)
refused(404, policies.get_policy, policy_id=policy["id"])

def compared(attribute, operator, value):
    return NestedConditionRuleAttribute(
        key="{{environment.attributes." + attribute + "}}", operator=operator, value=value
    )


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + seconds))


def every(*conditions):
    return V2PolicyRuleRuleWithNestedConditions(operator="and", conditions=list(conditions))


now = every(
    compared("current_date_time", "dateTimeGreaterThanOrEquals", moment(-60)),
    compared("current_date_time", "dateTimeLessThanOrEquals", moment(3600)),
)
timed = policies.create_v2_policy(
    control=grant(viewer), pattern="time-based-conditions:once", rule=now, **form
).get_result()
assert does(own) == (403, 200)
read = policies.get_v2_policy(id=timed["id"])
assert read.get_result()["rule"] == now.to_dict(), read
assert read.get_result()["pattern"] == "time-based-conditions:once"
later = every(
    compared("current_date_time", "dateTimeGreaterThanOrEquals", moment(3600)),
    compared("current_date_time", "dateTimeLessThanOrEquals", moment(7200)),
)
tag = read.get_headers()["ETag"]
changed = policies.replace_v2_policy(
    id=timed["id"], if_match=tag, control=grant(viewer), pattern="time-based-conditions:once", rule=later, **form
)
assert changed.get_headers()["ETag"] != tag and does(own) == (404, 404)
hours = every(
    compared("day_of_week", "dayOfWeekAnyOf", [f"{day}+00:00" for day in range(1, 8)]),
    compared("current_time", "timeGreaterThanOrEquals", "00:00:00+00:00"),
    compared("current_time", "timeLessThanOrEquals", "23:59:59+00:00"),
)
weekly = dict(control=grant(viewer), pattern="time-based-conditions:weekly:custom-hours", rule=hours, **form)
policies.replace_v2_policy(id=timed["id"], if_match="*", **weekly)
assert does(own) == (403, 200)
days = V2PolicyRuleRuleAttribute(
    key="{{environment.attributes.day_of_week}}", operator="dayOfWeekAnyOf", value=["1+00:00", "2-05:00"]
)
all_day = dict(control=grant(reader), pattern="time-based-conditions:weekly:all-day", rule=days, **form)
other = policies.create_v2_policy(**all_day).get_result()
listed = policies.list_v2_policies(account_id=account, iam_id=subject).get_result()["policies"]
assert {one["id"]: one["rule"] for one in listed} == {timed["id"]: hours.to_dict(), other["id"]: days.to_dict()}
shown = policies.list_policies(account_id=account, iam_id=subject).get_result()["policies"]
assert {one["roles"][0]["display_name"] for one in shown} == {"Unsupported Version"}, shown
refused(409, policies.replace_policy, policy_id=timed["id"], if_match="*", roles=[{"role_id": viewer}], **first)
error = refused(400, policies.create_v2_policy, **dict(all_day, pattern="time-based-conditions:once"))
assert "`rule`" in error.message, error.message
for made in (timed, other):
    assert policies.delete_v2_policy(id=made["id"]).get_status_code() == 204
assert does(own) == (404, 404)

role = policies.create_role(
    display_name="Sender of ours", actions=["domain.write"], name="Sender", account_id=account,
    service_name="ibmcloud-monitoring",
).get_result()
listed = policies.list_roles(account_id=account, service_name="ibmcloud-monitoring").get_result()
assert [one["crn"] for one in listed["custom_roles"]] == [role["crn"]], listed
assert {one["display_name"] for one in listed["system_roles"]} == {"Viewer", "Operator", "Editor", "Administrator"}
assert {one["display_name"] for one in listed["service_roles"]} == {"Reader", "Writer", "Manager"}
policy = policies.create_policy(roles=[{"role_id": role["crn"]}], **first).get_result()
assert does(own) == (200, 403)
tag = policies.get_role(role_id=role["id"]).get_headers()["ETag"]
policies.replace_role(role_id=role["id"], if_match=tag, display_name="Reader of ours", actions=["domain.render"])
assert does(own) == (403, 200)
refused(409, policies.replace_role, role_id=role["id"], if_match=tag, display_name="x", actions=["domain.find"])
refused(409, policies.delete_role, role_id=role["id"])
assert policies.delete_policy(policy_id=policy["id"]).get_status_code() == 204
assert policies.delete_role(role_id=role["id"]).get_status_code() == 204

settings = policies.get_settings(account_id=account)
tag = settings.get_headers()["ETag"]
held = settings.get_result()["external_account_identity_interaction"]
assert held["identity_types"]["user"]["state"] == "limited"
same = policies.update_settings(account_id=account, if_match=tag, external_account_identity_interaction=held)
assert same.get_status_code() == 200
stale = dict(if_match='"of another version"', external_account_identity_interaction=held)
error = refused(409, policies.update_settings, account_id=account, **stale)
assert "tag" in error.message, error.message
wider = {"identity_types": {"user": {"state": "enabled", "external_allowed_accounts": []}}}
refused(
    400, policies.update_settings, account_id=account, if_match="*", external_account_identity_interaction=wider
)
print("ok")
"#;

#[test]
fn the_python_sdk_gives_access_by_policies() {
    let server = Server::start();
    let url = server.serving.url();
    let second = second_space(&url, &server.owner.api_key, &server.owner.org);
    run(
        "the_python_sdk_gives_access_by_policies",
        SCRIPT,
        &[
            &url,
            &server.owner.api_key,
            &server.owner.account,
            &server.owner.space,
            &second,
        ],
    );
}
