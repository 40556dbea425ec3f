//! `iam service-id-unlock`.

use super::{Lock, OneArgs, set_lock};
use crate::context::Context;
use crate::error::Failure;

/// Allows change, deletion and further keys of a service ID again.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    set_lock(args, Lock::Unlock, context)
}
