//! `iam service-api-keys`.

use crate::argument::Named;
use crate::command::api_key;
use crate::command::service_id::{self, AskArgs};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// List the API keys of a service ID, or of all
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["service", "all"]))]
pub(crate) struct ListArgs {
    /// Name or id of the service ID
    #[arg(value_name = "SERVICE_ID", add = Named::Services)]
    service: Option<String>,
    /// Those of all service IDs
    #[arg(short, long)]
    all: bool,
    /// Print ids only
    #[arg(long)]
    uuid: bool,
    /// Only keys of this name
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,
    /// Only keys of this description
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
    #[command(flatten)]
    ask: AskArgs,
}

/// Lists keys of a service ID, or of all in the targeted account.
pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let action = |of: &str| {
        if args.uuid {
            return Ok(());
        }
        output.action(format!("Getting API keys of {of} as {}...", context.user()))
    };
    let mut keys = match &args.service {
        None => {
            action("all service IDs")?;
            api_key::listed(&[("scope", "account"), ("type", "serviceid")], context)?
        }
        Some(named) => {
            action(&format!("service ID {named}"))?;
            let service = service_id::find(named, &args.ask, context)?;
            api_key::listed(&[("iam_id", &service.iam_id)], context)?
        }
    };
    keys.retain(|key| {
        args.name.as_ref().is_none_or(|name| *name == key.name)
            && args
                .description
                .as_ref()
                .is_none_or(|text| Some(text) == key.description.as_ref())
    });
    if args.uuid && !output.is_json() {
        return keys.iter().try_for_each(|key| output.line(&key.id));
    }
    output.ok()?;
    // Whose each is, where they are of several.
    output.list(&keys, args.all, "No API keys found.")
}
