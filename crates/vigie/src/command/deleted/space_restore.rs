//! `account space-restore`.

use super::{find, restore};
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Bring a deleted space back, with its metrics
#[derive(Debug, Args)]
pub(crate) struct SpaceRestoreArgs {
    /// Name of the deleted space, or its GUID
    name: String,
    /// Organization it was in, where several spaces of this name were deleted
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
    /// Bring it back under another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
}

/// Brings a deleted space back.
pub(crate) fn run(args: &SpaceRestoreArgs, context: &Context) -> Result<(), Failure> {
    let org = match &args.org {
        Some(name) => Some(context.resolve_org(Some(name))?.guid),
        None => None,
    };
    let deleted = find("space", &args.name, org.as_deref(), context)?;
    restore(&deleted, "spaces", args.new_name.as_ref(), context)
}
