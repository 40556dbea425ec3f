//! The identity interface: tokens, keys, accounts and users.

use super::build::{Document, Operation, any_of, headers, user_token};
use super::caller::{ACCOUNT_ID, CALLER, by_account, failing, of_version, public};
use super::closed::close_bodies;
use super::refusals::{Effect, FAILED, FORBIDDEN, FORM, UNPROVEN, WITH_BODY};
use super::user_profiles::NO_ANSWER;
use super::{
    access_groups, access_policies, access_roles, account_settings, cloud_foundry, identity_limits,
    invitation, mfa, preferences, reports, resource_groups, resource_instances, resource_keys,
    service_id_groups, service_ids, sessions, trusted_profiles, user_profiles,
};
use crate::cf::organization::MemberEntity;
use crate::iam::account::{AccountResource, Accounts, ManagedAccount};
use crate::iam::api_key::{ApiKey, ApiKeyList, CreateApiKey, UpdateApiKey};
use crate::iam::discovery::{Discovery, Jwks};
use crate::iam::introspection::{Introspection, UserInfo};
use crate::iam::token::{ClientTokenReply, PasscodeReply, TokenReply};
use crate::iam::user::{ChangePassword, InviteUsers, Invited, Username, Users};
use crate::problem::{IdentityBody, TokenErrorBody};
use serde_json::{Value, json};

/// The fields of the client's id and secret, where it may be named in the form.
const CLIENT_ID: (&str, &str) = (
    "client_id",
    "with `client_secret`, in place of Basic: the client",
);
const CLIENT_SECRET: (&str, &str) = (
    "client_secret",
    "with `client_id`, in place of Basic, and not beside it: the client's secret",
);

pub(super) fn document() -> Value {
    let mut document = Document::new(
        "Vigie identity",
        "Logins, tokens, API keys, accounts, organizations, spaces and roles.",
        json!({
            "UserToken": user_token(),
            "Bearer": { "type": "http", "scheme": "bearer", "description": "an IAM or UAA access token" },
            "Client": { "type": "http", "scheme": "basic", "description": "the client: `bx:bx` for IAM, `cf:` for the UAA" },
        }),
        headers(&["Transaction-Id"]),
    );
    tokens(&mut document);
    about_tokens(&mut document);
    passcodes(&mut document);
    api_keys(&mut document);
    one_api_key(&mut document);
    service_ids::routes(&mut document);
    service_id_groups::routes(&mut document);
    trusted_profiles::routes(&mut document);
    account_settings::routes(&mut document);
    identity_limits::routes(&mut document);
    sessions::routes(&mut document);
    mfa::routes(&mut document);
    access_groups::routes(&mut document);
    access_policies::routes(&mut document);
    access_roles::routes(&mut document);
    resource_groups::routes(&mut document);
    resource_instances::routes(&mut document);
    resource_keys::routes(&mut document);
    reports::routes(&mut document);
    preferences::routes(&mut document);
    accounts(&mut document);
    users(&mut document);
    user_profiles::routes(&mut document);
    invitation::routes(&mut document);
    cloud_foundry::routes(&mut document);
    let mut document = document.finish();
    close_bodies(&mut document);
    document
}

fn tokens(document: &mut Document) {
    let user = document.schema::<TokenReply>();
    let client = document.schema::<ClientTokenReply>();
    let reply = any_of([user, client]);
    let error = document.schema::<TokenErrorBody>();
    for (path, id) in [
        ("/identity/token", "token"),
        ("/oidc/token", "tokenOldPath"),
    ] {
        let operation = Operation::new(id, "Gives an access token for an API key, a password, a passcode, a refresh token, the token of a compute resource, or a service ID and its key")
            .may_have("Client")
            .header("ibm-cloud-tenant", "the ids of the accounts that the token may be for, separated by commas: `account` is one of them, or it is the only one, or an API key is for one of them. Not with the grants of compute resources, profiles, services and delegated tokens", false)
            .form(&[
                ("grant_type*", "`urn:ibm:params:oauth:grant-type:apikey`, `password`, `urn:ibm:params:oauth:grant-type:passcode`, `refresh_token`, `urn:ibm:params:oauth:grant-type:delegated-refresh-token` (by the client `kube:kube`), `urn:ibm:params:oauth:grant-type:cr-token` (of compute resources), `urn:ibm:params:oauth:grant-type:assume` (of profiles: by a user or service ID), `client_credentials`, or `urn:ibm:params:oauth:grant-type:iam-authz` (of instances: by the service ID of one of their keys, where an authorization lets the instance act)"),
                ("apikey", "with the grant of API keys"),
                ("username", "with `password`"),
                ("password", "with `password`"),
                ("passcode", "with the grant of passcodes"),
                ("refresh_token", "with `refresh_token`, and the delegated one with its grant; with the grant of profiles, by the client `bx:bx`, in place of `access_token`: it stays as it is, and is not replaced"),
                ("cr_token", "with the grant of compute resources: a token by an issuer that the operator has named"),
                ("access_token", "with the grant of profiles: the IAM token of the user or service ID who takes the profile on, or else `refresh_token`; with `iam-authz`, that of the service ID of a key of the instance"),
                ("profile_id", "with the grants of compute resources and of profiles: the trusted profile, `Profile-…`; one of the three fields is needed"),
                ("profile_name", "the same by its name: in the account of the compute resource, or, with the grant of profiles, in `account`"),
                ("profile_crn", "the same by its CRN"),
                ("desired_iam_id", "with `iam-authz`: `crn-` and the CRN of the instance to act as"),
                ("client_id", "with `client_secret`, in place of Basic: the client, or a service ID with `client_credentials`"),
                ("client_secret", "with `client_id`, in place of Basic, and not beside it: the client's secret, or one of the service ID's API keys"),
                ("account", "the account the token shall be bound to; needed where the grant of profiles has `profile_name`"),
                ("response_type", "`cloud_iam`; `uaa` in the list adds a UAA token, `delegated_refresh_token` one for `receiver_client_ids`, both with a client; `ims_portal` adds nothing, and other values are refused"),
                ("receiver_client_ids", "`kube`, with `delegated_refresh_token`"),
                ("delegated_refresh_token_expiry", "for how many seconds it lives, and no longer than another refresh token"),
                ("uaa_client_id", "`cf`, with `uaa`"),
                ("scope", "accepted and answered with `ibm openid`"),
            ])
            .answers("200", "the token", reply.clone());
        let operation = operation.refused(FORM, &error);
        let operation = operation.refused([UNPROVEN, FORBIDDEN], &error);
        document.route("POST", path, operation);
    }
    let revoke = Operation::new(
        "revoke",
        "Ends the session a token belongs to, and every token of it",
    )
    .may_have("Client")
    .form(&[
        ("token*", "an access or refresh token"),
        CLIENT_ID,
        CLIENT_SECRET,
    ])
    .answers(
        "200",
        "the token is no longer valid, or never was",
        json!({ "type": "object" }),
    )
    .refused(FORM, &error)
    .refused([UNPROVEN], &error);
    document.route("POST", "/identity/revoke", revoke);
}

fn about_tokens(document: &mut Document) {
    let operation = Operation::new(
        "identityOpenapi",
        "This document, with the server's own address",
    );
    let operation = operation.answers("200", "the document", json!({ "type": "object" }));
    let error = document.schema::<TokenErrorBody>();
    document.route("GET", "/identity/openapi.json", public(operation, &error));
    let keys = document.schema::<Jwks>();
    for (path, id) in [("/identity/keys", "keys"), ("/oidc/keys", "keysOldPath")] {
        let operation = Operation::new(id, "The public keys that tokens are verified with");
        let operation = operation.answers("200", "the keys", keys.clone());
        document.route("GET", path, public(operation, &error));
    }
    let discovery = document.schema::<Discovery>();
    for (path, id) in [
        ("/identity/.well-known/openid-configuration", "discovery"),
        ("/.well-known/openid-configuration", "discoveryAtRoot"),
        (
            "/.well-known/oauth-authorization-server",
            "discoveryOfOAuth",
        ),
        (
            "/.well-known/oauth-authorization-server/identity",
            "discoveryOfOAuthIssuer",
        ),
    ] {
        let operation = Operation::new(id, "Where everything is");
        let operation = operation.answers("200", "the addresses", discovery.clone());
        document.route("GET", path, public(operation, &error));
    }
    looked_at(document, &error);
}

/// What tokens and keys say.
fn looked_at(document: &mut Document, error: &Value) {
    let introspection = document.schema::<Introspection>();
    let operation = Operation::new("introspect", "What a token or key says, if it is good")
        .may_have("Client")
        .query("pretty", "`true`: indented")
        .form(&[
            ("token", "an IAM token; without it and `apikey`, the credential in `X-Auth-User-Token`"),
            ("apikey", "or an API key: what a token made of it would say"),
            CLIENT_ID,
            CLIENT_SECRET,
        ])
        .answers(
            "200",
            "what it says; of what is no whole and good IAM token or key, `active` alone, which is false",
            introspection,
        )
        // Nothing is changed, so nothing is unknown.
        .refused([FAILED, UNPROVEN], error)
        .refused(FORM, error);
    document.route("POST", "/identity/introspect", operation);
    let user_info = document.schema::<UserInfo>();
    for (method, id) in [("GET", "userinfo"), ("POST", "userinfoByPost")] {
        let operation = Operation::new(id, "The principal of the token")
            .needs(&CALLER)
            .only(Effect::Reads)
            .answers(
                "200",
                "the user, service ID or trusted profile",
                user_info.clone(),
            );
        let operation = match method {
            // A form is taken in, and of no meaning.
            "POST" => operation.refused(WITH_BODY, error),
            _ => operation,
        };
        document.route(method, "/identity/userinfo", failing(operation, error));
    }
    let operation = Operation::new(
        "authorize",
        "A page that leads to a one-time code: no flow by redirects is served",
    )
    .query("response_type", "none is served")
    .answers_as("200", "the page", "text/html", json!({ "type": "string" }));
    let operation = public(operation, error).or_as("400", "text/html", json!({ "type": "string" }));
    document.route("GET", "/identity/authorize", operation);
}

fn passcodes(document: &mut Document) {
    let error = document.schema::<TokenErrorBody>();
    let reply = document.schema::<PasscodeReply>();
    let page = Operation::new("passcodePage", "A page where a person gets a one-time code")
        .answers_as("200", "the page", "text/html", json!({ "type": "string" }));
    document.route("GET", "/identity/passcode", public(page, &error));
    let operation = Operation::new("passcode", "Gives a code that logs in once: as a page for user and password, as JSON for a refresh token")
        .may_have("Client")
        .form(&[
            ("username", "from the page"),
            ("password", "from the page"),
            ("form_token", "from the page, beside its cookie"),
            ("grant_type", "`refresh_token`, with the client"),
            ("refresh_token", "with `refresh_token`"),
            CLIENT_ID,
            CLIENT_SECRET,
            ("response_type", "`cloud_iam`"),
        ])
        .answers("200", "the code", reply)
        .refused(FORM, &error)
        .refused([UNPROVEN, FORBIDDEN], &error);
    // Whoever logs in on the page sees there why it is refused.
    let on_page = ["200", "400", "401", "403", "429", "503"].into_iter();
    let operation = on_page.fold(operation, |operation, status| {
        operation.or_as(status, "text/html", json!({ "type": "string" }))
    });
    document.route("POST", "/identity/passcode", operation);
}

fn api_keys(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let key = document.schema::<ApiKey>();
    let list = document.schema::<ApiKeyList>();
    let create = document.schema::<CreateApiKey>();
    let operation = Operation::new("listApiKeys", "Lists API keys")
        .needs(&CALLER)
        .query("account_id", ACCOUNT_ID)
        .query("iam_id", "of this person; the caller by default")
        .paged(
            ("pagesize", 20),
            ("pagetoken", "where the page begins; out of `next`"),
            json!({ "type": "string" }),
        )
        .query("scope", "`entity` or `account`")
        .query("type", "`user`, or `serviceid` for keys of services")
        .query(
            "sort",
            "`name`, `description`, `created_at` or `created_by`",
        )
        .query("order", "`asc` or `desc`")
        .query(
            "filter",
            "conditions as in `name sw \"ci\" and description co \"build\"`: `sw`, `ew`, `co`, also with `_ci`; `and`, `or`, parentheses",
        )
        .query("include_history", "`true`: each with what was done to it last, at most `history_entries_in_lists` (20) changes")
        .query("group_id", "those of the service IDs in this group, whatever `scope` is; by an Administrator")
        .answers("200", "a page of keys", list);
    document.route("GET", "/v1/apikeys", failing(operation, &error));
    let operation = Operation::new(
        "createApiKey",
        "Makes an API key; the answer alone holds its text",
    )
    .needs(&CALLER)
    .header("Entity-Lock", "`true`: locked from the beginning", false)
    .header(
        "Entity-Disable",
        "`true`: disabled from the beginning",
        false,
    )
    .json(create)
    .answers("201", "the key, with its text", key.clone());
    document.route("POST", "/v1/apikeys", failing(operation, &error));
    let operation = Operation::new("readApiKeyByText", "Finds the key that a text is")
        .needs(&CALLER)
        .header("IAM-ApiKey", "the key's text", true)
        .query("include_history", "`true`: with what was done to it")
        .query(
            "include_activity",
            "`true`: with when it has authenticated last, and how often",
        )
        .answers("200", "the key", key);
    document.route("GET", "/v1/apikeys/details", failing(operation, &error));
}

fn one_api_key(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let key = document.schema::<ApiKey>();
    let update = document.schema::<UpdateApiKey>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("id", "the key's id, `ApiKey-<GUID>`")
    };
    let path = "/v1/apikeys/{id}";
    let read = of("readApiKey", "Reads a key")
        .query("include_history", "`true`: with what was done to it")
        .query(
            "include_activity",
            "`true`: with when it has authenticated last, and how often",
        )
        .answers("200", "the key", key.clone());
    document.route("GET", path, failing(read, &error));
    let write = of("updateApiKey", "Changes a key")
        .header("If-Match", "the key's `entity_tag`, or `*`", true)
        .json(update)
        .answers("200", "the key from now on", key)
        .answers("409", "the key has changed meanwhile", error.clone());
    document.route("PUT", path, failing(write, &error));
    let delete = of(
        "deleteApiKey",
        "Deletes a key; its tokens are good for nothing within a second",
    )
    .answers_empty("204", "it is gone");
    document.route("DELETE", path, failing(of_version(delete), &error));
    for (method, path, id, summary) in [
        (
            "POST",
            "/v1/apikeys/{id}/lock",
            "lockApiKey",
            "Locks a key against change and deletion",
        ),
        (
            "DELETE",
            "/v1/apikeys/{id}/lock",
            "unlockApiKey",
            "Unlocks a key",
        ),
        (
            "POST",
            "/v1/apikeys/{id}/disable",
            "disableApiKey",
            "Switches a key off",
        ),
        (
            "DELETE",
            "/v1/apikeys/{id}/disable",
            "enableApiKey",
            "Switches a key on",
        ),
    ] {
        let operation = of(id, summary).answers_empty("204", "done");
        document.route(method, path, failing(of_version(operation), &error));
    }
}

fn accounts(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let list = document.schema::<Accounts>();
    let one = document.schema::<AccountResource>();
    let operation = by_account(Operation::new(
        "listAccounts",
        "Lists the caller's accounts",
    ))
    .needs(&CALLER)
    .answers("200", "the accounts", list);
    document.route("GET", "/coe/v2/accounts", failing(operation, &error));
    let operation = Operation::new("readAccount", "Reads an account")
        .needs(&CALLER)
        .path("id", "the account's id")
        .answers("200", "the account", one);
    document.route("GET", "/coe/v2/accounts/{id}", failing(operation, &error));
    let managed = document.schema::<ManagedAccount>();
    let operation = Operation::new(
        "getAccount",
        "Reads an account as the account management has it",
    )
    .needs(&CALLER)
    .path("id", "the account's id")
    .answers("200", "the account", managed);
    document.route("GET", "/v4/accounts/{id}", failing(operation, &error));
}

fn users(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let list = document.schema::<Users>();
    let invite = document.schema::<InviteUsers>();
    let invited = document.schema::<Invited>();
    let username = document.schema::<Username>();
    let password = document.schema::<ChangePassword>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account's id")
    };
    let path = "/v2/accounts/{account}/users";
    let operation = by_account(of(
        "listUsers",
        "Lists the account's users, then the people who are invited",
    ))
    .query(
        "search",
        "a part of an address or name; or `email:`, `firstname:`, `lastname:` or `state:` and a part",
    )
    .query("user_id", "the person with this address")
    .query("include_settings", "`true`: with their settings")
    .answers("200", "a page of users", list);
    document.route("GET", path, failing(operation, &error));
    let operation = of(
        "inviteUsers",
        "Invites people into the account, all or none; they are in it once they accept",
    )
    .json(invite)
    .answers("202", "one entry for each", invited);
    document.route("POST", path, failing(operation, &error));
    let operation = of(
        "removeUser",
        "Removes a user from the account, with their roles, API keys and sessions there, or the caller themself; or withdraws an invitation",
    )
    .path("iam_id", "the user's IAM id, or the id of the invitation")
    .query("include_activity", NO_ANSWER)
    .answers_empty("204", "done");
    document.route(
        "DELETE",
        "/v2/accounts/{account}/users/{iam_id}",
        failing(operation, &error),
    );
    let path = "/v2/accounts/{account}/roles/{role}";
    let roles = &["Administrator", "Editor", "Operator", "Viewer"];
    let operation = of(
        "listAccountRoleHolders",
        "Lists who has an account role: users, service IDs and trusted profiles",
    )
    .path_of("role", "the role", roles);
    let operation = cloud_foundry::page_of::<MemberEntity>(document, operation);
    document.route("GET", path, failing(operation, &error));
    for (method, id, summary) in [
        ("PUT", "giveAccountRole", "Gives a user an account role"),
        (
            "DELETE",
            "takeAccountRole",
            "Takes an account role from a user",
        ),
    ] {
        let operation = of(id, summary)
            .path_of("role", "the role", roles)
            .optional_json(username.clone())
            .query("username", "instead of the body")
            .answers_empty("204", "done");
        document.route(method, path, failing(operation, &error));
    }
    let operation = Operation::new("changePassword", "Changes the caller's password")
        .needs(&CALLER)
        .only(Effect::Ends)
        .json(password)
        .answers_empty("204", "done");
    document.route("PUT", "/v2/users/self/password", failing(operation, &error));
}
