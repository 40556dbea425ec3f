//! `iam api-key-lock`, `-unlock`, `-disable` and `-enable`.

use super::{OneArgs, find, url};
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use serde::Serialize;
use wire::iam::api_key::ApiKey;

/// The four changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
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

/// Locks, unlocks, disables or enables a key of the caller.
pub(crate) fn run(args: &OneArgs, switch: Switch, context: &Context) -> Result<(), Failure> {
    let key = find(&args.key, context)?;
    turn(&key, &args.key, switch, context)
}

/// Turns a switch of a key. `named` is what it was found by.
pub(crate) fn turn(
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
