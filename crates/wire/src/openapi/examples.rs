//! Examples of bodies, to be copied: with your own ids in place of these, each does what it says.

use serde_json::{Value, json};

/// The ids of nothing that is there.
const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const SPACE: &str = "11111111-2222-4333-8444-555555555555";
const SERVICE_ID: &str = "ServiceId-01234567-89ab-4def-8123-456789abcdef";
const SERVICE_IAM_ID: &str = "iam-ServiceId-01234567-89ab-4def-8123-456789abcdef";
const GROUP: &str = "AccessGroupId-89abcdef-0123-4567-89ab-cdef01234567";
const RESOURCE_GROUP: &str = "fedcba9876543210fedcba9876543210";
const INSTANCE: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";

const SERVICE_NAME: &str = "ibmcloud-monitoring";
const READER: &str = "crn:v1:bluemix:public:iam::::serviceRole:Reader";
const WRITER: &str = "crn:v1:bluemix:public:iam::::serviceRole:Writer";

/// The example of an operation's JSON body.
pub(super) fn body(operation: &str) -> Option<Value> {
    let mut all = all().into_iter();
    let (_, example) = all.find(|(names, _)| names.contains(&operation))?;
    Some(example)
}

/// Each with the names of its operations.
pub(super) fn all() -> Vec<(&'static [&'static str], Value)> {
    let mut all = people_and_programs();
    all.extend(policies());
    all.extend(groups());
    all.extend(resources());
    all
}

fn policies() -> Vec<(&'static [&'static str], Value)> {
    let equal =
        |key: &str, value: &str| json!({ "key": key, "operator": "stringEquals", "value": value });
    vec![
        (
            &["createPolicy", "replacePolicy"],
            json!({
                "type": "access",
                "description": "the collector sends to the space",
                "subjects": [{ "attributes": [{ "name": "iam_id", "value": SERVICE_IAM_ID }] }],
                "roles": [{ "role_id": WRITER }],
                "resources": [{ "attributes": [
                    { "name": "accountId", "value": ACCOUNT },
                    { "name": "serviceName", "value": SERVICE_NAME },
                    { "name": "spaceId", "value": SPACE },
                ] }],
            }),
        ),
        (&["switchPolicy"], json!({ "state": "active" })),
        (
            &["createPolicyV2", "replacePolicyV2"],
            json!({
                "type": "access",
                "description": "the dashboard reads the space",
                "control": { "grant": { "roles": [{ "role_id": READER }] } },
                "subject": { "attributes": [equal("iam_id", SERVICE_IAM_ID)] },
                "resource": { "attributes": [
                    equal("accountId", ACCOUNT),
                    equal("serviceName", SERVICE_NAME),
                    equal("spaceId", SPACE),
                ] },
            }),
        ),
        (
            &["createRole"],
            json!({
                "name": "Sender",
                "display_name": "Sends alone",
                "description": "sends, and reads nothing",
                "actions": ["domain.write"],
                "account_id": ACCOUNT,
                "service_name": SERVICE_NAME,
            }),
        ),
        (
            &["replaceRole"],
            json!({ "display_name": "Sends and lists", "actions": ["domain.write", "domain.find"] }),
        ),
        (
            &["decide"],
            json!([{
                "subject": { "attributes": { "id": SERVICE_IAM_ID } },
                "resource": { "attributes": { "serviceName": SERVICE_NAME, "spaceId": SPACE } },
                "action": "domain.write",
            }]),
        ),
    ]
}

fn people_and_programs() -> Vec<(&'static [&'static str], Value)> {
    vec![
        (
            &["createServiceId"],
            json!({
                "account_id": ACCOUNT,
                "name": "collector",
                "description": "sends what the hosts measure",
                "apikey": { "name": "first" },
            }),
        ),
        (
            &["updateServiceId"],
            json!({ "name": "collector of the shop" }),
        ),
        (
            &["createApiKey"],
            json!({
                "name": "second",
                "iam_id": SERVICE_IAM_ID,
                "account_id": ACCOUNT,
                "expires_at": "2099-12-31T12:00+0000",
            }),
        ),
        (
            &["updateApiKey"],
            json!({ "name": "second", "description": "for the new hosts" }),
        ),
        (
            &["createTrustedProfile"],
            json!({ "name": "deployment", "account_id": ACCOUNT }),
        ),
        (
            &["addProfileIdentity"],
            json!({ "identifier": SERVICE_ID, "type": "serviceid" }),
        ),
        (
            &["createProfileRule", "replaceProfileRule"],
            json!({
                "type": "Profile-SAML",
                "realm_name": "IBMid",
                "expiration": 3600,
                "conditions": [{ "claim": "email", "operator": "EQUALS", "value": "\"ada@example.org\"" }],
            }),
        ),
        (
            &["createProfileLink"],
            json!({ "cr_type": "IKS_SA", "link": { "namespace": "prod", "name": "collector" } }),
        ),
        (
            &["updateAccountSettings"],
            json!({ "mfa": "NONE", "session_expiration_in_seconds": "86400" }),
        ),
        (
            &["inviteUsers"],
            json!({ "users": [{ "email": "ada@example.org", "account_role": "Viewer" }] }),
        ),
    ]
}

fn groups() -> Vec<(&'static [&'static str], Value)> {
    vec![
        (
            &["createAccessGroup"],
            json!({ "name": "senders", "description": "programs that send" }),
        ),
        (
            &["updateAccessGroup"],
            json!({ "name": "senders of the shop" }),
        ),
        (
            &["addGroupMembers"],
            json!({ "members": [{ "iam_id": SERVICE_IAM_ID, "type": "service" }] }),
        ),
        (
            &["removeGroupMembers"],
            json!({ "members": [SERVICE_IAM_ID] }),
        ),
        (
            &["addToAccessGroups"],
            json!({ "type": "service", "groups": [GROUP] }),
        ),
        (
            &["createGroupRule", "replaceGroupRule"],
            json!({
                "name": "those of the shop",
                "expiration": 24,
                "realm_name": "IBMid",
                "conditions": [{ "claim": "email", "operator": "IN", "value": "[\"ada@example.org\", \"bo@example.org\"]" }],
            }),
        ),
    ]
}

fn resources() -> Vec<(&'static [&'static str], Value)> {
    vec![
        (
            &["createResourceGroup"],
            json!({ "account_id": ACCOUNT, "name": "shop" }),
        ),
        (
            &["createResourceInstance"],
            json!({
                "name": "monitoring",
                "target": "local",
                "resource_group": RESOURCE_GROUP,
                "resource_plan_id": "premium",
                "parameters": { "space_id": SPACE },
            }),
        ),
        (
            &["updateResourceInstance"],
            json!({ "resource_plan_id": "lite" }),
        ),
        (
            &["createResourceKey"],
            json!({ "name": "hosts", "source": INSTANCE, "role": "Writer" }),
        ),
    ]
}
