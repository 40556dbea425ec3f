//! `iam api-key-update`.

use super::{find, url};
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::iam::api_key::{ApiKey, UpdateApiKey};

/// The arguments of `api-key-update`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub(crate) struct UpdateArgs {
    /// Name or id of the key
    #[arg(value_name = "NAME|UUID")]
    key: String,
    /// Its name from now on
    #[arg(short, long, value_name = "NAME", group = "change")]
    name: Option<String>,
    /// Its description from now on
    #[arg(short, long, value_name = "DESCRIPTION", group = "change")]
    description: Option<String>,
}

/// Changes name or description.
pub(crate) fn run(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let key = find(&args.key, context)?;
    output.action(format!(
        "Updating API key {} as {}...",
        args.key,
        context.user()
    ))?;
    let body = UpdateApiKey {
        name: args.name.clone(),
        description: args.description.clone(),
        ..UpdateApiKey::default()
    };
    let request = Request::put(url(context, &format!("/{}", encode(&key.id)))?)
        .header("if-match", key.entity_tag.unwrap_or_else(|| "*".to_owned()));
    let key: ApiKey = context
        .ask(request.json(&body)?, "update the API key")?
        .parse("update the API key")?;
    if output.is_json() {
        return output.json(&key);
    }
    output.ok()
}
