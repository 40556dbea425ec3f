//! `iam service-id-delete`.

use super::{OneArgs, address, find};
use crate::client::Request;
use crate::command::may_delete::DeletedRow;
use crate::context::Context;
use crate::error::Failure;

/// Deletes a service ID, and with it its API keys and roles.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.service, &args.ask, context)?;
    let question = format!(
        "Really delete service ID {} with its API keys and roles?",
        service.name
    );
    if !context.may_delete(args.ask.is_no(), question)? {
        return Ok(());
    }
    output.action(format!(
        "Deleting service ID {} as {}...",
        args.service,
        context.user()
    ))?;
    let request = Request::delete(address(&service, context)?);
    context.ask(request, "delete the service ID")?;
    output.done(&DeletedRow::of(&service.id))
}
