//! `target`: shows and changes where the session works.

use crate::argument::Named;
use crate::command::invitation::at_login;
use crate::context::Context;
use crate::error::Failure;
use crate::targeting::{Prompting, TargetOutcome};
use clap::Args;

/// Show or change the targeted region, account, organization and space
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// Switch to a region
    #[arg(short, long, value_name = "REGION", conflicts_with = "unset_region", add = Named::Regions)]
    region: Option<String>,
    /// Target no region
    #[arg(long)]
    unset_region: bool,
    /// Switch to an account, renewing the token for it
    #[arg(short = 'c', long, value_name = "ACCOUNT_ID", add = Named::Accounts)]
    account: Option<String>,
    /// Switch to an organization
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
    /// Switch to a space
    #[arg(short, long, value_name = "SPACE", add = Named::Spaces)]
    space: Option<String>,
    /// Choose organization and space
    #[arg(long)]
    cf: bool,
    /// Accepted for old scripts; the region says where its Cloud Foundry API is
    #[arg(long, value_name = "URL")]
    cf_api: Option<String>,
    /// Accepted for old scripts; no resource group is ever targeted
    #[arg(short = 'g', value_name = "RESOURCE_GROUP")]
    resource_group: Option<String>,
    /// Accepted for old scripts; no resource group is ever targeted
    #[arg(long, conflicts_with = "resource_group")]
    unset_resource_group: bool,
}

/// Changes what the flags say, then shows the target.
pub(crate) fn run(args: &TargetArgs, context: &Context) -> Result<(), Failure> {
    if args.resource_group.is_some() {
        context
            .output
            .note("no resource group is ever targeted; `-g` has no effect");
    }
    if args.cf_api.is_some() {
        context
            .output
            .note("the region says where its Cloud Foundry API is; `--cf-api` has no effect");
    }
    let names_something =
        args.cf || args.account.is_some() || args.org.is_some() || args.space.is_some();
    if let Some(reach) = context.reach().filter(|_| names_something) {
        return Err(reach.refuse_names("`-c`, `-o`, `-s` and `--cf`"));
    }
    let is_elsewhere = match &args.account {
        Some(account) => context
            .target_account(Some(account))
            .map_err(|failure| at_login::missing(failure, Some(account), context))?,
        None => false,
    };
    let before = context.config().region.clone();
    if let Some(region) = &args.region {
        context.target_region(Some(region), "Switched to")?;
    }
    let is_elsewhere = is_elsewhere || (args.region.is_some() && context.config().region != before);
    if args.unset_region {
        context.update(|config, cf| {
            config.region.clear();
            config.region_id.clear();
            config.metrics_endpoint.clear();
            cf.target.clear();
            cf.api_version.clear();
            cf.clear_target();
        })?;
    }
    let outcome = if args.cf || args.org.is_some() || args.space.is_some() {
        let prompting = if args.cf && !(args.org.is_some() && args.space.is_some()) {
            Prompting::Always
        } else {
            Prompting::Never
        };
        context.target_place(args.org.as_deref(), args.space.as_deref(), prompting)?
    } else if is_elsewhere && context.reach().is_none() && !context.config().region.is_empty() {
        // As at a login: the only one is taken.
        context.target_place(None, None, Prompting::Offered)?
    } else {
        TargetOutcome::NoneTargeted
    };
    context.print_target(outcome)
}
