//! `account org-restore`.

use super::{find, restore};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Bring a deleted organization back, with its spaces and metrics
#[derive(Debug, Args)]
pub(crate) struct OrgRestoreArgs {
    /// Name of the deleted organization, or its GUID
    name: String,
    /// Bring it back under another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
}

/// Brings a deleted organization back.
pub(crate) fn run(args: &OrgRestoreArgs, context: &Context) -> Result<(), Failure> {
    let deleted = find("organization", &args.name, None, context)?;
    restore(&deleted, "organizations", args.new_name.as_ref(), context)
}
