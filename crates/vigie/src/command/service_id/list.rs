//! `iam service-ids`.

use super::services;
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use clap::Args;
use wire::iam::service_id::ServiceId;

/// List the service IDs of the account: programs with an identity of their own
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print ids only
    #[arg(long)]
    uuid: bool,
    /// Only service IDs of this name
    #[arg(short, long, value_name = "NAME", add = Named::Services)]
    name: Option<String>,
    /// Only service IDs of this description
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
}

/// Lists the service IDs of the targeted account.
pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if !args.uuid {
        output.action(format!(
            "Getting service IDs bound to current account as {}...",
            context.user()
        ))?;
    }
    let mut found = services(args.name.as_deref(), context)?;
    found.retain(|service| {
        let has = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        has(&args.name, &service.name) && has(&args.description, &service.description)
    });
    if args.uuid && !output.is_json() {
        return found
            .iter()
            .try_for_each(|service| output.line(&service.id));
    }
    output.ok()?;
    output.rows(&found, "No service IDs found.")
}

impl Row for ServiceId {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("ID", |service| service.id.clone()),
        Column::new("Name", |service| service.name.clone()),
        Column::new("Created At", |service| service.created_at.clone()),
        Column::new("Last Updated", |service| service.modified_at.clone()),
        Column::new("Description", |service| service.description.clone()),
        Column::new("Locked", |service| service.locked.to_string()),
    ];
}
