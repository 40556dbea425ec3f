//! `iam api-key-update`.

use super::{find, url};
use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::iam::api_key::{ApiKey, UpdateApiKey};

/// Change name or description of an API key
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Name or id of the key
    #[arg(value_name = "NAME|UUID", add = Named::Keys)]
    key: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// What is to be changed of something that has a name and a description.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub(crate) struct ChangeArgs {
    /// Its name from now on
    #[arg(short, long, value_name = "NAME", group = "change")]
    pub(crate) name: Option<String>,
    /// Its description from now on
    #[arg(short, long, value_name = "DESCRIPTION", group = "change")]
    pub(crate) description: Option<String>,
}

/// Changes name or description of a key of the caller.
pub(crate) fn run(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.key, context)?;
    change(&key, &args.key, &args.change, context)
}

/// Changes a key. `named` is what it was found by.
pub(crate) fn change(
    key: &ApiKey,
    named: &str,
    wanted: &ChangeArgs,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Updating API key {named} as {}...", context.user()))?;
    let body = UpdateApiKey {
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        ..UpdateApiKey::default()
    };
    let tag = key.entity_tag.clone().unwrap_or_else(|| "*".to_owned());
    let request = Request::put(url(context, &format!("/{}", encode(&key.id)))?)
        .header("if-match", tag)
        .json(&body)?;
    let changed: ApiKey = context.ask_for(request, "update the API key")?;
    output.done(&changed)
}
