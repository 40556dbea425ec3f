//! The settings of an account of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::account_settings::{
    AccountSettings, EffectiveAccountSettings, UpdateAccountSettings,
};
use crate::problem::IdentityBody;

const SETTINGS: &str = "/v1/accounts/{account}/settings/identity";
const EFFECTIVE: &str = "/v1/accounts/{account}/effective_settings/identity";

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let settings = document.schema::<AccountSettings>();
    let change = document.schema::<UpdateAccountSettings>();
    let effective = document.schema::<EffectiveAccountSettings>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account")
    };
    let read = of("getAccountSettings", "Reads the settings of the account")
        .query("include_history", "`true`: with what was done to them")
        .unserved(&["resolve_user_mfa"])
        .answers("200", "the settings", settings.clone());
    document.route("GET", SETTINGS, failing(read, &error));
    let write = of(
        "updateAccountSettings",
        "Changes settings of the account, which are obeyed at once",
    )
    .header("If-Match", "their `entity_tag`, or `*`", true)
    .json(change)
    .answers("200", "the settings from now on", settings)
    .answers("409", "they have changed meanwhile", error.clone());
    document.route("PUT", SETTINGS, failing(write, &error));
    let read = of(
        "getEffectiveAccountSettings",
        "Reads what holds in the account, with the server's configuration",
    )
    .query("include_history", "`true`: with what was done to them")
    .unserved(&["resolve_user_mfa"])
    .answers("200", "what holds", effective);
    document.route("GET", EFFECTIVE, failing(read, &error));
}
