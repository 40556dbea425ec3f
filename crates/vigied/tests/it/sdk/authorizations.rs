//! Authorizations through `IamPolicyManagementV1`, and what an instance does by one with a token of the grant `iam-authz`, for which the
//! SDK has no authenticator: a form.

use super::run;
use crate::harness::Account;
use serde_json::json;

pub(super) const SCRIPT: &str = r#"
import base64, json, sys, time, urllib.error, urllib.parse, urllib.request
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamPolicyManagementV1, ResourceControllerV2

url, key, account, space, second, region = sys.argv[1:7]
authenticator = IAMAuthenticator(key, url=url)
policies = IamPolicyManagementV1(authenticator=authenticator)
controller = ResourceControllerV2(authenticator=authenticator)
policies.set_service_url(url)
controller.set_service_url(url)
reader = "crn:v1:bluemix:public:iam::::serviceRole:Reader"
writer = "crn:v1:bluemix:public:iam::::serviceRole:Writer"

instance = controller.create_resource_instance(
    name="monitoring", target=region, resource_group=account, resource_plan_id="premium",
    parameters={"space_id": space},
).get_result()
own = controller.create_resource_key(name="agent", source=instance["id"], role="Writer").get_result()
shown = IAMAuthenticator(own["credentials"]["apikey"], url=url).token_manager.get_token()


def token():
    form = {
        "grant_type": "urn:ibm:params:oauth:grant-type:iam-authz",
        "access_token": shown,
        "desired_iam_id": "crn-" + instance["crn"],
    }
    data = urllib.parse.urlencode(form).encode()
    try:
        return 200, json.load(urllib.request.urlopen(url + "/identity/token", data=data))
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def send(acting, space):
    body = json.dumps([{"name": "sdk.acting", "value": 1, "timestamp": int(time.time()) - 5}]).encode()
    headers = {"X-Auth-User-Token": "iam " + acting, "X-Auth-Scope-Id": "s-" + space}
    try:
        return urllib.request.urlopen(urllib.request.Request(url + "/v1/metrics", data=body, headers=headers)).status
    except urllib.error.HTTPError as error:
        return error.code


status, answer = token()
assert (status, answer["errorCode"]) == (403, "BXNIM0513E"), answer

subject = [
    {"name": "serviceName", "value": "ibmcloud-monitoring"},
    {"name": "accountId", "value": account},
    {"name": "serviceInstance", "value": instance["guid"]},
]
place = [
    {"name": "accountId", "value": account},
    {"name": "serviceName", "value": "ibmcloud-monitoring"},
    {"name": "spaceId", "value": second},
]
form = dict(type="authorization", subjects=[{"attributes": subject}], resources=[{"attributes": place}])
made = policies.create_policy(roles=[{"role_id": writer}], **form)
assert made.get_status_code() == 201
policy = made.get_result()
assert policy["type"] == "authorization", policy
found = policies.list_policies(account_id=account, type="authorization").get_result()["policies"]
assert [one["id"] for one in found] == [policy["id"]], found
found = policies.list_v2_policies(account_id=account, type="authorization").get_result()["policies"]
assert found[0]["subject"]["attributes"][2]["value"] == instance["guid"], found
roles = policies.list_roles(
    account_id=account, policy_type="authorization", source_service_name="ibmcloud-monitoring",
    service_name="ibmcloud-monitoring",
).get_result()
assert roles["system_roles"] == [] and len(roles["service_roles"]) == 3, roles
elsewhere = [dict(one, value="0" * 32) if one["name"] == "accountId" else one for one in subject]
error = refused(
    400, policies.create_policy, type="authorization", roles=[{"role_id": writer}],
    subjects=[{"attributes": elsewhere}], resources=[{"attributes": place}],
)
assert "accountId" in error.message, error.message

status, answer = token()
assert status == 200, answer
assert answer["refresh_token"] == "not_supported", answer
acting = answer["access_token"]
claims = acting.split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
assert claims["iam_id"] == "crn-" + instance["crn"] and claims["sub"] == instance["crn"], claims
assert (claims["realmid"], claims["sub_type"]) == ("crn", "CRN"), claims
assert (claims["acr"], claims["amr"]) == (0, []), claims
assert claims["exp"] <= json.loads(
    base64.urlsafe_b64decode(shown.split(".")[1] + "=" * (-len(shown.split(".")[1]) % 4))
)["exp"]
assert send(acting, second) == 200
assert send(acting, space) == 404

tag = policies.get_policy(policy_id=policy["id"]).get_headers()["ETag"]
policies.replace_policy(policy_id=policy["id"], if_match=tag, roles=[{"role_id": reader}], **form)
assert send(acting, second) == 403
refused(409, policies.replace_policy, policy_id=policy["id"], if_match=tag, roles=[{"role_id": writer}], **form)
policies.update_policy_state(policy_id=policy["id"], if_match="*", state="deleted")
assert send(acting, second) == 401
policies.update_policy_state(policy_id=policy["id"], if_match="*", state="active")
assert send(acting, second) == 403
assert policies.delete_policy(policy_id=policy["id"]).get_status_code() == 204
assert send(acting, second) == 401
assert token()[0] == 403
print("ok")
"#;

#[test]
fn the_python_sdk_lets_an_instance_act_by_an_authorization() {
    let account = Account::start();
    let owner = &account.server.owner;
    let body = json!({"name": "second", "organization_guid": owner.org});
    let second = account.make("/v2/spaces", &body);
    let second = second["metadata"]["guid"].as_str().unwrap();
    let url = account.server.serving.url();
    run(
        "the_python_sdk_lets_an_instance_act_by_an_authorization",
        SCRIPT,
        &[
            &url,
            &owner.api_key,
            &owner.account,
            &owner.space,
            second,
            &owner.region,
        ],
    );
}
