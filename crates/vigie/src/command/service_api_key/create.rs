//! `iam service-api-key-create`.

use crate::argument::Named;
use crate::command::api_key::create::{KeyArgs, WantedKey, create};
use crate::command::service_id::{self, AskArgs};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use std::path::PathBuf;

/// Create an API key of a service ID
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Name of the new key
    name: String,
    /// Name or id of the service ID
    #[arg(value_name = "SERVICE_ID", add = Named::Services)]
    service: String,
    /// Write the key to a file, readable by you alone, in place of the screen
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Creates a key that proves a service ID.
pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let service = service_id::find(&args.service, &args.ask, context)?;
    let wanted = WantedKey {
        name: &args.name,
        args: &args.key,
        file: args.file.as_deref(),
        service: Some(&service),
    };
    create(&wanted, context)
}
