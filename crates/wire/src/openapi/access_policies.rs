//! Access policies and authorizations of the identity interface, in both forms, and the settings of access management.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use crate::iam::access_settings::{AccessSettings, UpdateAccessSettings};
use crate::iam::policy::{
    Policy, PolicyList, PolicyListV2, PolicyRequest, PolicyRequestV2, PolicyState, PolicyV2,
};
use crate::problem::IdentityBody;
use serde_json::{Value, json};

const SETTINGS: &str = "/v1/accounts/{account}/settings/access_management";

const FORMAT: &str = "`display`: what is for people is always shown";

const CHANGED: &str = "it has changed meanwhile, or another in force says the same";

const CHANGED_OR_CONDITIONAL: &str = "it has changed meanwhile, another in force says the same, or it has a condition of time, which this \
                                      form would lose";

/// One form: its paths, and the ends of its operations' names.
struct Form {
    all: &'static str,
    one: &'static str,
    /// Whether `read` takes `format`, as `list` does.
    one_has_format: bool,
    /// Why it does not replace a policy.
    unreplaced: &'static str,
    /// `list`, `create`, `read`, `replace` and `delete`.
    names: [&'static str; 5],
    page: Value,
    policy: Value,
    request: Value,
}

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let first = Form {
        all: "/v1/policies",
        one: "/v1/policies/{id}",
        one_has_format: false,
        unreplaced: CHANGED_OR_CONDITIONAL,
        names: [
            "listPolicies",
            "createPolicy",
            "readPolicy",
            "replacePolicy",
            "deletePolicy",
        ],
        page: document.schema::<PolicyList>(),
        policy: document.schema::<Policy>(),
        request: document.schema::<PolicyRequest>(),
    };
    let state = document.schema::<PolicyState>();
    let operation = of("switchPolicy", "Sets a policy in force, or out of it")
        .header("If-Match", "its `ETag`, or `*`", true)
        .json(state)
        .answers("200", "the policy from now on", first.policy.clone())
        .answers("409", CHANGED, error.clone());
    document.route("PATCH", first.one, failing(operation, &error));
    form(document, &error, &first);
    let second = Form {
        all: "/v2/policies",
        one: "/v2/policies/{id}",
        one_has_format: true,
        unreplaced: CHANGED,
        names: [
            "listPoliciesV2",
            "createPolicyV2",
            "readPolicyV2",
            "replacePolicyV2",
            "deletePolicyV2",
        ],
        page: document.schema::<PolicyListV2>(),
        policy: document.schema::<PolicyV2>(),
        request: document.schema::<PolicyRequestV2>(),
    };
    form(document, &error, &second);
    settings(document, &error);
}

fn of(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary)
        .needs(&CALLER)
        .path("id", "the policy's id")
}

fn form(document: &mut Document, error: &Value, form: &Form) {
    let [list, create, read, replace, delete] = form.names;
    let operation = Operation::new(
        list,
        "Lists the access policies and authorizations of the account",
    )
    .needs(&CALLER)
    .query("account_id", ACCOUNT_ID)
    .query(
        "iam_id",
        "those for this user, service ID or profile; your own, also without Administrator",
    )
    .query(
        "access_group_id",
        "those for this access group; one that you are in, also without Administrator",
    )
    .query(
        "type",
        "`access`, or `authorization`: those for instances of the service; both without it",
    )
    .query("service_type", "those with this attribute `serviceType`")
    .query("service_name", "those with this attribute `serviceName`")
    .query("state", "`active`, as without it, or `deleted`")
    .query("format", FORMAT)
    .query(
        "sort",
        "the name of a member, as `created_at`, with `-` before it in reverse",
    )
    .paged(
        ("limit", 100),
        ("start", "where the page begins; out of `next`"),
        json!({ "type": "string" }),
    )
    .unserved(&["tag_name", "tag_value", "service_group_id"])
    .answers("200", "a page of policies", form.page.clone());
    document.route("GET", form.all, failing(operation, error));
    let operation = Operation::new(
        create,
        "Makes a policy: its subject has the roles at once in every domain that has all attributes of the resource",
    )
    .needs(&CALLER)
    .json(form.request.clone())
    .answers("201", "the policy", form.policy.clone())
    .answers("409", "another in force says the same", error.clone());
    document.route("POST", form.all, failing(operation, error));
    let mut operation = of(read, "Reads a policy");
    if form.one_has_format {
        operation = operation.query("format", FORMAT);
    }
    let operation = operation.answers("200", "the policy", form.policy.clone());
    document.route("GET", form.one, failing(operation, error));
    let operation = of(replace, "Replaces a policy")
        .header("If-Match", "its `ETag`, or `*`", true)
        .json(form.request.clone())
        .answers("200", "the policy from now on", form.policy.clone())
        .answers("409", form.unreplaced, error.clone());
    document.route("PUT", form.one, failing(operation, error));
    let operation =
        of(delete, "Deletes a policy, and at once what it gave").answers_empty("204", "it is gone");
    document.route("DELETE", form.one, failing(of_version(operation), error));
}

fn settings(document: &mut Document, error: &Value) {
    let settings = document.schema::<AccessSettings>();
    let update = document.schema::<UpdateAccessSettings>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account's id")
    };
    let operation = of(
        "readAccessSettings",
        "How identities of other accounts may act in the account",
    )
    .answers("200", "the settings", settings.clone());
    document.route("GET", SETTINGS, failing(operation, error));
    let operation = of(
        "changeAccessSettings",
        "Takes the settings that hold, and refuses others",
    )
    .header("If-Match", "their `ETag`, or `*`", true)
    .json(update)
    .answers("200", "the settings", settings)
    .answers("409", "they have another version", error.clone());
    document.route("PATCH", SETTINGS, failing(operation, error));
}
