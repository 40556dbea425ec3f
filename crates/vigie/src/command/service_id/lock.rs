//! `iam service-id-lock`.

use super::{Lock, OneArgs, set_lock};
use crate::context::Context;
use crate::error::Failure;

/// Locks a service ID against change, deletion and further keys.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    set_lock(args, Lock::Lock, context)
}
