//! `iam service-id-lock`.

use super::{LockState, OneArgs, address, find};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;

/// Locks a service ID against change, deletion and further keys.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.service, &args.ask, context)?;
    let url = format!("{}/lock", address(&service, context)?);
    let (name, user) = (&args.service, context.user());
    output.action(format!("Locking service ID {name} as {user}..."))?;
    context.ask(Request::post(url), "lock the service ID")?;
    output.done(&LockState {
        id: &service.id,
        locked: true,
    })
}
