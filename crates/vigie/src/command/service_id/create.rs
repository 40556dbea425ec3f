//! `iam service-id-create`.

use super::{facts, url};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use crate::session::not_logged_in;
use clap::Args;
use wire::iam::service_id::{CreateServiceId, ServiceId};

/// Create a service ID
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Name of the new service ID
    name: String,
    /// What it is for
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
    /// Lock it against change and deletion
    #[arg(long)]
    lock: bool,
}

/// Creates a service ID in the targeted account.
pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    context.token()?;
    let claims = context.claims().ok_or_else(|| not_logged_in(context))?;
    let targeted = context.config().account.guid.clone();
    output.action(escaped!(
        "Creating service ID {} bound to current account as {}...",
        args.name,
        claims.user()
    ))?;
    let body = CreateServiceId {
        account_id: match targeted.is_empty() {
            true => claims.account.bss.clone(),
            false => targeted,
        },
        name: args.name.clone(),
        description: args.description.clone(),
        ..CreateServiceId::default()
    };
    let mut request = Request::post(url(context, "")?).json(&body)?;
    if args.lock {
        request = request.header("entity-lock", "true");
    }
    let service: ServiceId = context.ask_for(request, "create the service ID")?;
    output.note(escaped!(
        "hint: it may do nothing yet; give it a role with `vigie account space-role-set {} ORG SPACE SpaceDeveloper`",
        PrintableText::word(&service.iam_id)
    ));
    output.ok()?;
    output.say(escaped!("Service ID {} was created\n", args.name))?;
    output.details(&service, &facts(&service))
}
