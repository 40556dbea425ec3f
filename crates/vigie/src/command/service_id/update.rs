//! `iam service-id-update`.

use super::{OneArgs, address, find};
use crate::client::Request;
use crate::command::api_key::update::ChangeArgs;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::iam::service_id::{ServiceId, UpdateServiceId};

/// Change name or description of a service ID
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    of: OneArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Changes name or description.
pub(crate) fn run(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.of.service, &args.of.ask, context)?;
    output.action(format!(
        "Updating service ID {} as {}...",
        args.of.service,
        context.user()
    ))?;
    let body = UpdateServiceId {
        name: args.change.name.clone(),
        description: args.change.description.clone(),
        ..UpdateServiceId::default()
    };
    let request = Request::put(address(&service, context)?)
        .header("if-match", service.entity_tag)
        .json(&body)?;
    let changed: ServiceId = context.ask_for(request, "update the service ID")?;
    output.done(&changed)
}
