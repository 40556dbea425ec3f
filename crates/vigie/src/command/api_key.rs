//! The caller's own API keys: `iam api-keys` and `iam api-key-…`, one file each, and what they share with the commands on the keys
//! of a service ID.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod disable;
pub(crate) mod enable;
mod expiry;
mod key_file;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod unlock;
pub(crate) mod update;

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::pages::PAGE_SIZE;
use crate::printable_text::PrintableText;
use crate::prompt;
use crate::token::Reach;
use clap::Args;
use serde::Serialize;
use wire::iam::api_key::{ApiKey, ApiKeyList, KeyReach};

/// The arguments of commands on one key.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Name or id of the key
    #[arg(value_name = "NAME|UUID", add = Named::Keys)]
    key: String,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

fn url(context: &Context, path: &str) -> Result<String, Failure> {
    let config = context.config();
    Ok(format!(
        "{}/v1/apikeys{path}",
        context.iam_endpoint(&config)?
    ))
}

/// Every key of the caller in the targeted account.
pub(crate) fn keys(context: &Context) -> Result<Vec<ApiKey>, Failure> {
    listed(&[], context)
}

/// The keys in the targeted account that these parameters of the list name.
pub(super) fn listed(wanted: &[(&str, &str)], context: &Context) -> Result<Vec<ApiKey>, Failure> {
    let account = context.config().account.guid.clone();
    let first = url(context, "")?;
    let mut request = Request::get(&first).query("pagesize", PAGE_SIZE);
    if !account.is_empty() {
        request = request.query("account_id", &account);
    }
    for (name, value) in wanted {
        request = request.query(name, value);
    }
    // Only the query of the next page's URL is used: the token must go only to the server of the login.
    let address = |next: &str| {
        let query = next.split_once('?').map_or("", |(_, query)| query);
        Ok(format!("{first}?{query}"))
    };
    context.pages_at::<ApiKeyList>(request, "list API keys", address)
}

/// Finds a key of the caller by name or id; if several have the name, the user chooses.
fn find(wanted: &str, context: &Context) -> Result<ApiKey, Failure> {
    one_of(
        keys(context)?,
        wanted,
        "list yours with `vigie iam api-keys`",
    )
}

/// The key of this name or id; if several have the name, the user chooses. `hint` is for when there is none.
pub(super) fn one_of(
    keys: Vec<ApiKey>,
    wanted: &str,
    hint: impl Into<PrintableText>,
) -> Result<ApiKey, Failure> {
    let mut found: Vec<ApiKey> = keys
        .into_iter()
        .filter(|key| key.id == wanted || key.name == wanted)
        .collect();
    if found.len() > 1 {
        let describe =
            |key: &ApiKey| format!("{} {}", key.id, key.description.as_deref().unwrap_or(""));
        let what = format!(
            "the choice among the {} API keys named `{}`",
            found.len(),
            wanted
        );
        return prompt::choose(
            "Select an API key:",
            &found,
            describe,
            what,
            "the key's id in place of its name",
        )
        .cloned();
    }
    found.pop().ok_or_else(|| {
        Failure::new(Kind::NotFound, format!("no API key `{wanted}` was found")).hint(hint)
    })
}

/// The properties of one key, with its text if that is known.
pub(super) fn facts(key: &ApiKey) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("ID", key.id.clone()),
        ("Name", key.name.clone()),
        ("Description", key.description.clone().unwrap_or_default()),
        ("Created At", key.created_at.clone().unwrap_or_default()),
    ];
    if let Some(at) = &key.expires_at {
        facts.push(("Expires At", at.clone()));
    }
    if key.reach.is_some() {
        facts.push(("Reach", reach_text(key)));
    }
    if !key.apikey.is_empty() {
        facts.push(("API Key", key.apikey.expose().to_owned()));
    }
    facts.push(("Locked", key.locked.to_string()));
    facts
}

/// A key's reach, in words.
fn reach_text(key: &ApiKey) -> String {
    let KeyReach { domain, only } = key.reach.clone().unwrap_or_default();
    Reach { domain, only }.describe()
}

/// What `-lock`, `-unlock`, `-disable` and `-enable` change of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    /// Prevents change and deletion.
    Lock,
    /// Allows change and deletion again.
    Unlock,
    /// Prevents its use.
    Disable,
    /// Allows its use again.
    Enable,
}

impl Switch {
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Lock => ("Locking", "lock the API key", "lock"),
            Self::Unlock => ("Unlocking", "unlock the API key", "lock"),
            Self::Disable => ("Disabling", "disable the API key", "disable"),
            Self::Enable => ("Enabling", "enable the API key", "disable"),
        }
    }
}

/// The switch of a key that was turned.
#[derive(Serialize)]
struct SwitchState<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<bool>,
}

/// Turns a switch of a key. `named` is what it was found by.
pub(super) fn turn(
    key: &ApiKey,
    named: &str,
    switch: Switch,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    let (verb, doing, path) = switch.words();
    output.action(format!("{verb} API key {named} as {}...", context.user()))?;
    let url = url(context, &format!("/{}/{path}", encode(&key.id)))?;
    let is_on = matches!(switch, Switch::Lock | Switch::Disable);
    let request = if is_on {
        Request::post(url)
    } else {
        Request::delete(url)
    };
    context.ask(request, doing)?;
    let is_lock = matches!(switch, Switch::Lock | Switch::Unlock);
    output.done(&SwitchState {
        disabled: (!is_lock).then_some(is_on),
        id: &key.id,
        locked: is_lock.then_some(is_on),
    })
}
