//! The API keys of service IDs: `iam service-api-keys` and `iam service-api-key-…`, one file each. What is done to one key is in
//! [`crate::command::api_key`].

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod disable;
pub(crate) mod enable;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod show;
pub(crate) mod unlock;
pub(crate) mod update;

use crate::argument::Named;
use crate::command::api_key::{listed, one_of};
use crate::command::service_id::{self, AskArgs};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use clap::Args;
use wire::iam::api_key::ApiKey;

/// The arguments of commands on one key of a service ID.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Name or id of the key
    #[arg(value_name = "KEY")]
    key: String,
    /// Name or id of its service ID
    #[arg(value_name = "SERVICE_ID", add = Named::Services)]
    service: String,
    #[command(flatten)]
    ask: AskArgs,
}

/// Finds the key; if several have the name, the user chooses.
fn find(args: &OneArgs, context: &Context) -> Result<ApiKey, Failure> {
    let service = service_id::find(&args.service, &args.ask, context)?;
    let keys = listed(&[("iam_id", &service.iam_id)], context)?;
    let hint = escaped!(
        "list its keys with `vigie iam service-api-keys {}`",
        PrintableText::word(&service.id)
    );
    one_of(keys, &args.key, hint)
}
