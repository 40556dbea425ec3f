//! The Cloud Foundry interface and its UAA.

use super::build::{Document, Operation, reference};
use super::caller::{self, CALLER, failing};
use super::refusals::{Effect, FORBIDDEN, FORM, UNPROVEN};
use crate::cf::deleted::{DeletedList, Restore};
use crate::cf::info::Info;
use crate::cf::list::List;
use crate::cf::organization::{MemberEntity, OrganizationEntity, OrganizationName};
use crate::cf::region::Regions;
use crate::cf::space::{CreateSpace, SpaceEntity, SpaceName};
use crate::cf::token::UaaTokenReply;
use crate::iam::user::Username;
use crate::problem::{CloudFoundryBody, UaaBody};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The answer to a deletion.
const GONE: &str = "it is gone; `X-Vigie-Series` says how many series it had, and `X-Vigie-Removed-At` when they go: until then it can be brought back";

pub(super) fn routes(document: &mut Document) {
    public(document);
    uaa(document);
    organizations(document);
    spaces(document);
    deleted(document);
    members::<OrganizationEntity>(
        document,
        "/v2/organizations/{guid}/{role}",
        "Organization",
        &["users", "managers", "billing_managers", "auditors"],
    );
    members::<SpaceEntity>(
        document,
        "/v2/spaces/{guid}/{role}",
        "Space",
        &["managers", "developers", "auditors"],
    );
}

fn public(document: &mut Document) {
    let info = document.schema::<Info>();
    let regions = document.schema::<Regions>();
    let error = document.schema::<CloudFoundryBody>();
    let operation =
        Operation::new("info", "Where a command line begins").answers("200", "the addresses", info);
    document.route("GET", "/v2/info", caller::public(operation, &error));
    let operation = Operation::new("regions", "The regions").answers("200", "the regions", regions);
    document.route("GET", "/v2/regions", caller::public(operation, &error));
}

fn uaa(document: &mut Document) {
    let reply = document.schema::<UaaTokenReply>();
    let error = document.schema::<UaaBody>();
    let operation = Operation::new("uaaToken", "Gives a UAA token")
        .needs(&["Client"])
        .form(&[
            ("grant_type*", "`password`, `refresh_token` or `iam_token`"),
            (
                "username",
                "with `password`; `apikey` for an API key as password",
            ),
            ("password", "with `password`"),
            ("passcode", "instead of user name and password"),
            ("refresh_token", "with `refresh_token`"),
            ("iam_token", "with `iam_token`"),
            ("response_type", "accepted"),
            ("scope", "accepted"),
        ])
        .answers("200", "the token", reply)
        .refused(FORM, &error)
        .refused([UNPROVEN, FORBIDDEN], &error);
    document.route("POST", "/oauth/token", operation);
    let operation = Operation::new("uaaDisconnect", "Ends the session of the caller's token")
        .needs(&CALLER)
        .only(Effect::Ends)
        .answers("200", "done", json!({ "type": "object" }));
    document.route(
        "POST",
        "/oauth/token/disconnect",
        failing(operation, &error),
    );
}

fn organizations(document: &mut Document) {
    let name = document.schema::<OrganizationName>();
    let path = "/v2/organizations";
    let list = listed::<OrganizationEntity>(
        document,
        Operation::new("listOrganizations", "Lists organizations"),
        OF_ORGANIZATIONS,
    )
    .query("region", "of this region");
    document.route("GET", path, list);
    let create = Operation::new(
        "createOrganization",
        "Makes an organization; its maker becomes its manager",
    )
    .query("region", "in this region")
    .json(name.clone());
    let create = resource::<OrganizationEntity>(document, at_once(create), "201");
    document.route("POST", path, create);
    let path = "/v2/organizations/{guid}";
    let read = inline(of("readOrganization", "Reads an organization"));
    let read = resource::<OrganizationEntity>(document, read, "200");
    document.route("GET", path, read);
    let rename = of("renameOrganization", "Renames an organization").json(name);
    let rename = in_region(at_once(rename));
    let rename = resource::<OrganizationEntity>(document, rename, "201");
    document.route("PUT", path, rename);
    let delete = of("deleteOrganization", "Deletes an organization")
        .query_of(
            "recursive",
            "with its spaces",
            false,
            json!({ "type": "boolean", "default": false }),
        )
        .answers_empty("204", GONE);
    let delete = guarded(document, in_region(at_once(delete)));
    document.route("DELETE", path, delete);
    let spaces = listed::<SpaceEntity>(
        document,
        of(
            "listSpacesOfOrganization",
            "Lists the spaces of an organization",
        ),
        OF_SPACES,
    );
    document.route("GET", "/v2/organizations/{guid}/spaces", in_region(spaces));
}

fn spaces(document: &mut Document) {
    let create = document.schema::<CreateSpace>();
    let name = document.schema::<SpaceName>();
    let path = "/v2/spaces";
    let list = listed::<SpaceEntity>(
        document,
        Operation::new("listSpaces", "Lists spaces"),
        OF_SPACES,
    );
    document.route("GET", path, list);
    let create = Operation::new(
        "createSpace",
        "Makes a space; its maker becomes its manager and developer",
    )
    .json(create);
    let create = resource::<SpaceEntity>(document, at_once(create), "201");
    document.route("POST", path, create);
    let path = "/v2/spaces/{guid}";
    let read = inline(of("readSpace", "Reads a space"));
    let read = resource::<SpaceEntity>(document, read, "200");
    document.route("GET", path, read);
    let rename = of("renameSpace", "Renames a space").json(name);
    let rename = resource::<SpaceEntity>(document, at_once(rename), "201");
    document.route("PUT", path, rename);
    let delete = of("deleteSpace", "Deletes a space and its metrics")
        .query("recursive", "taken: what is in a space goes with it")
        .answers_empty("204", GONE);
    let delete = guarded(document, at_once(delete));
    document.route("DELETE", path, delete);
}

fn deleted(document: &mut Document) {
    let (list, body) = (
        document.schema::<DeletedList>(),
        document.schema::<Restore>(),
    );
    let operation = Operation::new(
        "listDeleted",
        "Lists what was deleted and can still be brought back",
    )
    .answers("200", "a page", list);
    let operation = guarded(document, paged(operation));
    document.route("GET", "/v2/deleted", operation);
    let space = of(
        "restoreSpace",
        "Restores a deleted space, with its metrics and the roles of people who are still in the account",
    )
    .optional_json(body.clone());
    let space = resource::<SpaceEntity>(document, space, "201");
    document.route("POST", "/v2/spaces/{guid}/restore", space);
    let org = of(
        "restoreOrganization",
        "Brings a deleted organization back, with the spaces that went with it",
    )
    .optional_json(body);
    let org = resource::<OrganizationEntity>(document, org, "201");
    document.route("POST", "/v2/organizations/{guid}/restore", org);
}

/// Listing, giving and taking a role.
fn members<T: ToSchema>(document: &mut Document, path: &str, what: &str, roles: &[&str])
where
    List<T>: ToSchema,
{
    let username = document.schema::<Username>();
    let of = |id: String, summary: &'static str| {
        Operation::new(id, summary)
            .path("guid", "its GUID")
            .path_of("role", "the role", roles)
    };
    let list = of(
        format!("list{what}Members"),
        "Lists the users who hold a role",
    );
    let list = page::<MemberEntity>(document, list);
    document.route("GET", path, list);
    let give = of(format!("give{what}Role"), "Gives a user a role").json(username.clone());
    let give = resource::<T>(document, in_region(at_once(give)), "201");
    document.route("PUT", path, give);
    let take = of(format!("take{what}Role"), "Takes a role from a user")
        .query("username", "instead of the body")
        .optional_json(username)
        .answers_empty("204", "done");
    let take = guarded(document, in_region(at_once(take)));
    document.route("DELETE", path, take);
}

fn of(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary).path("guid", "its GUID")
}

/// What organizations are filtered by.
const OF_ORGANIZATIONS: &str = "`name:<name>`: of this name, or `name IN <name>,<name>`: of any of these; with several, or a `;` between several in one, all must be met";

/// What spaces are filtered by.
const OF_SPACES: &str = "`name:<name>`: of this name, `organization_guid:<guid>`: in this organization, or ` IN ` for `:`: any of several with commas between them; with several, or a `;` between several in one, all must be met";

fn listed<T: ToSchema>(
    document: &mut Document,
    operation: Operation,
    filters: &'static str,
) -> Operation
where
    List<T>: ToSchema,
{
    let several = json!({ "type": "array", "items": { "type": "string" } });
    let operation = operation.query_of("q", filters, false, several).query_of(
        "order-by",
        "by name, as ever",
        false,
        only("name"),
    );
    page::<T>(document, operation)
}

/// Of one value, which says what is so without it.
fn only(value: &str) -> Value {
    json!({ "type": "string", "enum": [value] })
}

/// With the parameters by which clients of Cloud Foundry ask for objects within objects, which they look for by the paths in the answer
/// where there are none.
fn inline(operation: Operation) -> Operation {
    let names = [
        "inline-relations-depth",
        "include-relations",
        "exclude-relations",
        "orphan-relations",
    ];
    let taken = "taken: what belongs to an object is at the path that it names, not in it";
    let all = names.into_iter();
    all.fold(operation, |operation, name| operation.query(name, taken))
}

/// With the parameter by which clients of Cloud Foundry say whether they wait for the end of a change.
fn at_once(operation: Operation) -> Operation {
    operation.query("async", "taken: a change is made when its answer comes")
}

/// With the parameter by which IBM's clients name the region of an organization beside its GUID.
fn in_region(operation: Operation) -> Operation {
    operation.query("region", "taken: the GUID says what is meant")
}

fn page<T: ToSchema>(document: &mut Document, operation: Operation) -> Operation
where
    List<T>: ToSchema,
{
    let operation =
        inline(operation).query_of("order-direction", "upwards, as ever", false, only("asc"));
    let operation = page_of::<T>(document, operation);
    guarded(document, operation)
}

/// Answers with a page, and takes which.
pub(super) fn page_of<T: ToSchema>(document: &mut Document, operation: Operation) -> Operation
where
    List<T>: ToSchema,
{
    paged(operation).answers("200", "a page", envelope::<T>(document))
}

fn paged(operation: Operation) -> Operation {
    operation.paged(
        ("results-per-page", 50),
        ("page", "which page"),
        json!({ "type": "integer", "minimum": 1, "default": 1 }),
    )
}

fn resource<T: ToSchema>(document: &mut Document, operation: Operation, status: &str) -> Operation
where
    List<T>: ToSchema,
{
    // The schema of the list brings that of its objects along.
    envelope::<T>(document);
    let object = reference(&format!("Resource_{}", T::name()));
    let operation = operation.answers(status, "the object", object);
    guarded(document, operation)
}

fn envelope<T: ToSchema>(document: &mut Document) -> Value
where
    List<T>: ToSchema,
{
    document.schema::<T>();
    document.schema_as::<List<T>>(&format!("List_{}", T::name()))
}

fn guarded(document: &mut Document, operation: Operation) -> Operation {
    let error = document.schema::<CloudFoundryBody>();
    failing(operation.needs(&CALLER), &error)
}
