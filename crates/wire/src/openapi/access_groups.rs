//! Access groups of the identity interface, their members and rules.

use super::build::{Document, Operation};
use super::caller::{ACCOUNT_ID, CALLER, failing, of_version};
use crate::iam::access_group::{
    AccessGroup, AccessGroupList, AddGroupMembers, AddToAccessGroups, AddedGroupMembers,
    ChangeGroupSettings, ChangedMemberships, CreateAccessGroup, GroupMemberList, GroupRule,
    GroupRuleList, GroupRuleRequest, GroupSettings, RemoveGroupMembers, RemovedGroupMembers,
    UpdateAccessGroup,
};
use crate::problem::IdentityBody;
use serde_json::{Value, json};

const ALL: &str = "/v2/groups";
const SETTINGS: &str = "/v2/groups/settings";
const ONE: &str = "/v2/groups/{id}";
const MEMBERS: &str = "/v2/groups/{id}/members";
const MEMBER: &str = "/v2/groups/{id}/members/{iam_id}";
const REMOVAL: &str = "/v2/groups/{id}/members/delete";
const EVERYWHERE: &str = "/v2/groups/_allgroups/members/{iam_id}";
const RULES: &str = "/v2/groups/{id}/rules";
const RULE: &str = "/v2/groups/{id}/rules/{rule}";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    groups(document, &error);
    one_group(document, &error);
    settings(document, &error);
    members(document, &error);
    changes_of_members(document, &error);
    rules(document, &error);
}

fn of_account(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary)
        .needs(&CALLER)
        .query("account_id", ACCOUNT_ID)
}

fn of_group(id: &'static str, summary: &'static str) -> Operation {
    let what = "the group's id, `AccessGroupId-<GUID>` or `AccessGroupId-PublicAccess`";
    Operation::new(id, summary).needs(&CALLER).path("id", what)
}

fn paged(operation: Operation) -> Operation {
    operation.paged(
        ("limit", 50),
        ("offset", "where the page begins; out of `next`"),
        json!({ "type": "string" }),
    )
}

fn groups(document: &mut Document, error: &Value) {
    let one = document.schema::<AccessGroup>();
    let page = document.schema::<AccessGroupList>();
    let create = document.schema::<CreateAccessGroup>();
    let operation = of_account(
        "listAccessGroups",
        "Lists the access groups of the account, or those that a member is in",
    )
    .query(
        "iam_id",
        "those that this user, service ID or profile is in",
    )
    .query(
        "membership_type",
        "beside `iam_id`: `static`, `dynamic` or `all`, as without it",
    )
    .query(
        "search",
        "`id:ID`, or what the name or description holds: `name:TEXT`, `description:TEXT`",
    )
    .query(
        "sort",
        "`id`, `name`, `description` or `is_federated`, with `-` before it in reverse",
    )
    .query("show_federated", "`true`: say whether a group has rules")
    .query(
        "hide_public_access",
        "`true`: without the public access group",
    )
    .query(
        "show_crn",
        "`true`: with the CRN of each group, which is for the eye alone: every call takes the `id`",
    );
    let operation = paged(operation).answers("200", "a page of groups", page);
    document.route("GET", ALL, failing(operation, error));
    let operation = of_account(
        "createAccessGroup",
        "Makes an access group: its members have what policies for it give",
    )
    .json(create)
    .answers("201", "the group", one)
    .answers("409", "the name is taken", error.clone());
    document.route("POST", ALL, failing(operation, error));
}

fn one_group(document: &mut Document, error: &Value) {
    let one = document.schema::<AccessGroup>();
    let update = document.schema::<UpdateAccessGroup>();
    let operation = of_group("readAccessGroup", "Reads an access group")
        .query("show_federated", "`true`: say whether it has rules")
        .query(
            "show_crn",
            "`true`: with its CRN, which is for the eye alone: every call takes the `id`",
        )
        .answers("200", "the group", one.clone());
    document.route("GET", ONE, failing(operation, error));
    let operation = of_group("updateAccessGroup", "Changes an access group")
        .header("If-Match", "its `ETag`, or `*`", true)
        .json(update)
        .answers("200", "the group from now on", one)
        .answers(
            "409",
            "it has changed meanwhile, or the name is taken",
            error.clone(),
        );
    document.route("PATCH", ONE, failing(operation, error));
    let operation = of_group(
        "deleteAccessGroup",
        "Deletes an access group with its policies, and at once what they gave",
    )
    .query("force", "`true`: also if it has members or rules")
    .answers_empty("204", "it is gone")
    .answers("409", "it has members or rules", error.clone());
    document.route("DELETE", ONE, failing(of_version(operation), error));
}

fn settings(document: &mut Document, error: &Value) {
    let settings = document.schema::<GroupSettings>();
    let change = document.schema::<ChangeGroupSettings>();
    let operation = of_account(
        "readGroupSettings",
        "Whether the account has a public access group",
    )
    .answers("200", "the settings", settings.clone());
    document.route("GET", SETTINGS, failing(operation, error));
    let operation = of_account(
        "changeGroupSettings",
        "Gives the account a public access group, or takes it away with its policies",
    )
    .json(change)
    .answers("200", "the settings from now on", settings);
    document.route("PATCH", SETTINGS, failing(operation, error));
}

fn members(document: &mut Document, error: &Value) {
    let page = document.schema::<GroupMemberList>();
    let operation = of_group("listGroupMembers", "Lists the members of an access group")
        .query(
            "membership_type",
            "`static`, `dynamic` or `all`, as without it",
        )
        .query("type", "`user`, `service` or `profile`")
        .query("verbose", "`true`: with names, addresses and descriptions")
        .query(
            "sort",
            "beside `verbose`: `id`, `name` or `email`, with `-` before it in reverse",
        );
    let operation = paged(operation).answers("200", "a page of members", page);
    document.route("GET", MEMBERS, failing(operation, error));
    let operation = of_group(
        "isGroupMember",
        "Says whether somebody is in an access group, by name or by a rule; also as `HEAD`",
    )
    .path("iam_id", "the IAM id")
    .answers_empty("204", "it is in the group");
    document.route("GET", MEMBER, failing(operation, error));
    let operation = of_group(
        "removeGroupMember",
        "Takes a member out of an access group, and at once what it had by it",
    )
    .path("iam_id", "the IAM id")
    .answers_empty("204", "it is out of the group");
    document.route("DELETE", MEMBER, failing(operation, error));
}

fn changes_of_members(document: &mut Document, error: &Value) {
    let add = document.schema::<AddGroupMembers>();
    let added = document.schema::<AddedGroupMembers>();
    let operation = of_group(
        "addGroupMembers",
        "Puts members into an access group: they have at once what its policies give",
    )
    .json(add)
    .answers("207", "the members, each with its outcome", added);
    document.route("PUT", MEMBERS, failing(operation, error));
    let remove = document.schema::<RemoveGroupMembers>();
    let removed = document.schema::<RemovedGroupMembers>();
    let operation = of_group(
        "removeGroupMembers",
        "Takes members out of an access group, and at once what they had by it",
    )
    .json(remove)
    .answers("207", "the members, each with its outcome", removed);
    document.route("POST", REMOVAL, failing(operation, error));
    let add = document.schema::<AddToAccessGroups>();
    let changed = document.schema::<ChangedMemberships>();
    let operation = of_account(
        "addToAccessGroups",
        "Puts a member into several access groups",
    )
    .path("iam_id", "the IAM id")
    .json(add)
    .answers("207", "the groups, each with its outcome", changed.clone());
    document.route("PUT", EVERYWHERE, failing(operation, error));
    let operation = of_account(
        "removeFromAccessGroups",
        "Takes a member out of every access group that it was put into",
    )
    .path("iam_id", "the IAM id")
    .answers("207", "the groups that it was in", changed);
    document.route("DELETE", EVERYWHERE, failing(operation, error));
}

fn rules(document: &mut Document, error: &Value) {
    let one = document.schema::<GroupRule>();
    let list = document.schema::<GroupRuleList>();
    let request = document.schema::<GroupRuleRequest>();
    let operation = of_group(
        "listGroupRules",
        "Lists the dynamic rules of an access group",
    )
    .answers("200", "the rules, the oldest first", list);
    document.route("GET", RULES, failing(operation, error));
    let operation = of_group(
        "createGroupRule",
        "Makes a dynamic rule: users who meet all its conditions are in the group at once",
    )
    .json(request.clone())
    .answers("201", "the rule", one.clone());
    document.route("POST", RULES, failing(operation, error));
    let of_rule = |id: &'static str, summary: &'static str| {
        of_group(id, summary).path("rule", "the rule's id, `ClaimRule-<GUID>`")
    };
    let operation =
        of_rule("readGroupRule", "Reads a rule").answers("200", "the rule", one.clone());
    document.route("GET", RULE, failing(operation, error));
    let operation = of_rule("replaceGroupRule", "Replaces a dynamic rule")
        .header("If-Match", "its `ETag`, or `*`", true)
        .json(request)
        .answers("200", "the rule from now on", one)
        .answers("409", "it has changed meanwhile", error.clone());
    document.route("PUT", RULE, failing(operation, error));
    let operation = of_rule(
        "deleteGroupRule",
        "Deletes a rule: who was in the group by it alone is out of it",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", RULE, failing(of_version(operation), error));
}
