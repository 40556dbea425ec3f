//! `iam service-id-unlock`.

use super::{LockState, OneArgs, address, find};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;

/// Allows change, deletion and further keys of a service ID again.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.service, &args.ask, context)?;
    let url = format!("{}/lock", address(&service, context)?);
    let (name, user) = (&args.service, context.user());
    output.action(format!("Unlocking service ID {name} as {user}..."))?;
    context.ask(Request::delete(url), "unlock the service ID")?;
    output.done(&LockState {
        id: &service.id,
        locked: false,
    })
}
