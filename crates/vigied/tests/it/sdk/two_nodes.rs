//! The Python SDK on two nodes that share a PostgreSQL: what it does at one node is seen at the other, and its scripts, whose requests go
//! to both in turn, do there what they do on one server with SQLite.

use super::{activity, authorizations, groups, identity, policies, profiles, resources, users};
use super::{run, run_with_late_counts};
use crate::harness::{Request, knows, token};
use crate::nodes::{Nodes, wait_for};
use serde_json::{Value, json};

const SCRIPT: &str = r#"
import json, sys, time, urllib.error, urllib.request
from ibm_cloud_sdk_core.authenticators import IAMAssumeAuthenticator, IAMAuthenticator
from ibm_platform_services import (
    IamAccessGroupsV2, IamIdentityV1, IamPolicyManagementV1, ResourceControllerV2,
)

one, two, key, account, space, region = sys.argv[1:7]
writer = "crn:v1:bluemix:public:iam::::serviceRole:Writer"
viewer = "crn:v1:bluemix:public:iam::::role:Viewer"


def both(service):
    """A client of each node."""
    clients = []
    for url in (one, two):
        client = service(authenticator=IAMAuthenticator(key, url=url))
        client.set_service_url(url)
        clients.append(client)
    return clients


def soon(expected, ask, *arguments, **named):
    for _ in range(600):
        found = ask(*arguments, **named)
        if found == expected:
            return
        time.sleep(0.1)
    sys.exit(f"{found} in place of {expected}")


def status(url, credential, method="GET"):
    body = [{"name": "sdk.nodes", "value": 1, "timestamp": int(time.time()) - 5}]
    headers = {"X-Auth-User-Token": credential, "X-Auth-Scope-Id": "s-" + space}
    data = json.dumps(body).encode() if method == "POST" else None
    path = "/v1/metrics" if method == "POST" else "/v1/metrics?target=sdk.nodes"
    try:
        return urllib.request.urlopen(urllib.request.Request(url + path, data=data, headers=headers)).status
    except urllib.error.HTTPError as error:
        return error.code


def does(url, credential):
    return status(url, credential, "POST"), status(url, credential)


def wish(subject, role):
    resources = [{"attributes": [{"name": "accountId", "value": account}, {"name": "spaceId", "value": space}]}]
    subjects = [{"attributes": [subject]}]
    return dict(type="access", subjects=subjects, roles=[{"role_id": role}], resources=resources)


iam, policies, groups, controller = map(
    both, (IamIdentityV1, IamPolicyManagementV1, IamAccessGroupsV2, ResourceControllerV2)
)

# A service ID and its policy: made at one node, changed at the other, where a stale tag is refused as well.
made = iam[0].create_service_id(account_id=account, name="ci", apikey={"name": "first"}).get_result()
service, own = made["iam_id"], "apikey " + made["apikey"]["apikey"]
soon((404, 404), does, two, own)
of_service = {"name": "iam_id", "value": service}
created = policies[0].create_policy(**wish(of_service, viewer))
policy, stale = created.get_result()["id"], created.get_headers()["ETag"]
soon((403, 200), does, two, own)
assert policies[1].get_policy(policy_id=policy).get_headers()["ETag"] == stale
policies[1].replace_policy(policy_id=policy, if_match=stale, **wish(of_service, writer))
assert does(two, own) == (200, 200)
refused(409, policies[0].replace_policy, policy_id=policy, if_match=stale, **wish(of_service, viewer))
soon((200, 200), does, one, own)
policies[0].delete_policy(policy_id=policy)
soon((404, 404), does, two, own)

# An access group.
group = groups[1].create_access_group(account_id=account, name="team").get_result()["id"]
groups[0].add_members_to_access_group(access_group_id=group, members=[{"iam_id": service, "type": "service"}])
policies[1].create_policy(**wish({"name": "access_group_id", "value": group}, writer))
for url in (one, two):
    soon((200, 200), does, url, own)
groups[0].delete_access_group(access_group_id=group, force=True)
soon((404, 404), does, two, own)

# A trusted profile, taken on at one node, until it is not for the service ID any more at the other.
profile = iam[0].create_profile(name="ops", account_id=account).get_result()
named = dict(profile_id=profile["id"], identity_type="serviceid")
iam[1].set_profile_identity(identifier=made["id"], type="serviceid", **named)
iam[0].get_profile_identity(identifier_id=made["id"], **named)
authenticator = IAMAssumeAuthenticator(made["apikey"]["apikey"], iam_profile_id=profile["id"], url=one)
token = "iam " + authenticator.token_manager.get_token()
policies[0].create_policy(**wish({"name": "iam_id", "value": profile["iam_id"]}, viewer))
soon((403, 200), does, two, token)
iam[1].delete_profile_identity(identifier_id=made["id"], **named)
soon((401, 401), does, one, token)

# The plan of an instance.
instance = controller[0].create_resource_instance(
    name="monitoring", target=region, resource_group=account, resource_plan_id="lite", parameters={"space_id": space}
).get_result()["id"]
soon(403, status, two, "apikey " + key, "POST")
controller[1].delete_resource_instance(id=instance)
soon(200, status, one, "apikey " + key, "POST")

# What has ended at one node ends at the other.
token = "iam " + IAMAuthenticator(made["apikey"]["apikey"], url=one).token_manager.get_token()
soon((404, 404), does, two, token)
iam[0].delete_service_id(id=made["id"])
for credential in (own, token):
    soon((401, 401), does, two, credential)
print("ok")
"#;

#[test]
fn what_the_python_sdk_does_at_one_node_is_seen_at_the_other() {
    let test = "what_the_python_sdk_does_at_one_node_is_seen_at_the_other";
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let (one, two) = (nodes.url(0), nodes.url(1));
    let names = ["api_key", "account_guid", "space_guid", "region"];
    let [key, account, space, region] = names.map(|name| nodes.owner(name));
    run(test, SCRIPT, &[&one, &two, key, account, space, region]);
}

/// The scripts that need an account of their own, and what each is told of it beside its id and a key.
const SCRIPTS: [(&str, &str, &[&str]); 7] = [
    ("identity", identity::SCRIPT, &[]),
    ("policies", policies::SCRIPT, &["space_guid", "second"]),
    ("groups", groups::SCRIPT, &["space_guid", "user"]),
    (
        "resources",
        resources::SCRIPT,
        &["space_guid", "second", "region"],
    ),
    ("profiles", profiles::SCRIPT, &["space_guid", "user"]),
    ("activity", activity::SCRIPT, &[]),
    (
        "authorizations",
        authorizations::SCRIPT,
        &["space_guid", "second", "region"],
    ),
];

/// A node adds what it counts to the database twice a minute.
const COUNTS_LATE_SECONDS: u32 = 120;

#[test]
fn the_python_sdk_does_the_same_on_postgres() {
    let test = "the_python_sdk_does_the_same_on_postgres";
    let Some(nodes) = Nodes::start(test, &[]) else {
        return;
    };
    let url = nodes.url_in_turn();
    // An Administrator sees the codes of whom they invite only while there is one account.
    let (key, account) = (nodes.owner("api_key"), nodes.owner("account_guid"));
    run(test, users::SCRIPT, &[&url, key, account]);
    let made = SCRIPTS.map(|(name, _, _)| account_for(&nodes, name));
    for ((_, script, names), mut account) in SCRIPTS.into_iter().zip(made) {
        let key = text(&account, "api_key").to_owned();
        wait_for_both(&nodes, &key);
        if names.contains(&"second") {
            account["second"] = second_space(&url, &key, text(&account, "org_guid")).into();
        }
        let values = names.iter().map(|name| text(&account, name));
        let arguments = [url.as_str(), &key, text(&account, "account_guid")];
        let arguments: Vec<&str> = arguments.into_iter().chain(values).collect();
        run_with_late_counts(test, script, &arguments, COUNTS_LATE_SECONDS);
    }
}

/// Waits until both nodes know the account of a key, which the operator has made.
pub(super) fn wait_for_both(nodes: &Nodes, api_key: &str) {
    for node in 0..2 {
        let url = nodes.url(node);
        wait_for("the account is known", || knows(&url, api_key));
    }
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// A further account, as the operator makes it.
pub(super) fn account_for(nodes: &Nodes, script: &str) -> Value {
    let owner = format!("{script}@example.net");
    let words = [
        "account", "create", script, "--owner", &owner, "--output", "json",
    ];
    nodes.vigied(0, &words)
}

/// The GUID of a second space in an organization.
pub(super) fn second_space(url: &str, api_key: &str, org: &str) -> String {
    let body = json!({"name": "second", "organization_guid": org});
    let token = token(url, api_key);
    let request = Request::new(url, "POST", "/v2/spaces").bearer(&token);
    text(&request.json(&body).send().json()["metadata"], "guid").to_owned()
}
