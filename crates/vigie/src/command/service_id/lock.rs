//! `iam service-id-lock` and `service-id-unlock`.

use super::{OneArgs, address, find};
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use serde::Serialize;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Prevents change, deletion and further keys.
    Lock,
    /// Allows them again.
    Unlock,
}

/// The lock of a service ID.
#[derive(Serialize)]
struct LockState<'a> {
    id: &'a str,
    locked: bool,
}

/// Locks or unlocks a service ID.
pub(crate) fn run(args: &OneArgs, lock: Lock, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.service, &args.ask, context)?;
    let url = format!("{}/lock", address(&service, context)?);
    let (verb, doing, request) = match lock {
        Lock::Lock => ("Locking", "lock the service ID", Request::post(url)),
        Lock::Unlock => ("Unlocking", "unlock the service ID", Request::delete(url)),
    };
    output.action(format!(
        "{verb} service ID {} as {}...",
        args.service,
        context.user()
    ))?;
    context.ask(request, doing)?;
    output.done(&LockState {
        id: &service.id,
        locked: lock == Lock::Lock,
    })
}
