//! A client that sends again what fails for a while does not do so where a quota is full: waiting would not mend that.

use super::run;
use crate::harness::Server;
use crate::nodes::Nodes;

const SCRIPT: &str = r#"
import sys
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamAccessGroupsV2, IamIdentityV1, IamPolicyManagementV1

url, key, account = sys.argv[1:4]
authenticator = IAMAuthenticator(key, url=url)
iam = IamIdentityV1(authenticator=authenticator)
policies = IamPolicyManagementV1(authenticator=authenticator)
groups = IamAccessGroupsV2(authenticator=authenticator)
answers = []


def note(answer, **_):
    answers.append((answer.status_code, len(answer.raw.retries.history)))


for one in (iam, policies, groups):
    one.set_service_url(url)
    one.enable_retries(max_retries=3, retry_interval=60.0)
    one.get_http_client().hooks["response"].append(note)

service = iam.create_service_id(account_id=account, name="first").get_result()["iam_id"]


def policy(name):
    value = {"first": "Viewer", "second": "Operator"}[name]
    return policies.create_policy(
        type="access",
        subjects=[{"attributes": [{"name": "iam_id", "value": service}]}],
        roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:" + value}],
        resources=[{"attributes": [{"name": "accountId", "value": account}]}],
    )


def role(name):
    return policies.create_role(
        display_name=name, name=name.capitalize(), actions=["domain.write"], account_id=account,
        service_name="ibmcloud-monitoring",
    )


quotas = {
    "service_ids_per_account": lambda name: iam.create_service_id(account_id=account, name=name),
    "keys_per_user": lambda name: iam.create_api_key(name=name, iam_id=service),
    "profiles_per_account": lambda name: iam.create_profile(account_id=account, name=name),
    "access_groups_per_account": lambda name: groups.create_access_group(account_id=account, name=name),
    "policies_per_account": policy,
    "custom_roles_per_account": role,
}
for quota, make in quotas.items():
    if quota != "service_ids_per_account":
        make("first")
    answers.clear()
    error = refused(409, make, "second")
    assert answers == [(409, 0)], (quota, answers)
    assert quota in error.message, error.message
print("ok")
"#;

/// One of each.
const FLAGS: [&str; 12] = [
    "--set",
    "limits.service_ids_per_account=1",
    "--set",
    "limits.keys_per_user=1",
    "--set",
    "limits.profiles_per_account=1",
    "--set",
    "limits.access_groups_per_account=1",
    "--set",
    "limits.policies_per_account=1",
    "--set",
    "limits.custom_roles_per_account=1",
];

#[test]
fn the_python_sdk_is_told_once_that_a_quota_is_full() {
    let server = Server::with(&FLAGS);
    let url = server.serving.url();
    run(
        "the_python_sdk_is_told_once_that_a_quota_is_full",
        SCRIPT,
        &[&url, &server.owner.api_key, &server.owner.account],
    );
}

#[test]
fn the_python_sdk_is_told_once_on_postgres_that_a_quota_is_full() {
    let test = "the_python_sdk_is_told_once_on_postgres_that_a_quota_is_full";
    let Some(nodes) = Nodes::start(test, &FLAGS) else {
        return;
    };
    let (key, account) = (nodes.owner("api_key"), nodes.owner("account_guid"));
    run(test, SCRIPT, &[&nodes.url_in_turn(), key, account]);
}
