//! `iam api-keys`.

use super::{keys, reach_text};
use crate::argument::Named;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row};
use clap::Args;
use jiff::Timestamp;
use wire::iam::api_key::ApiKey;

/// List your API keys
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print ids only
    #[arg(long)]
    uuid: bool,
    /// Only keys of this name
    #[arg(short, long, value_name = "NAME", add = Named::Keys)]
    name: Option<String>,
    /// Only keys of this description
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
}

/// Lists keys, without their texts, which the server does not store.
pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if !args.uuid {
        output.action(format!("Getting API keys of {}...", context.user()))?;
    }
    let mut keys = keys(context)?;
    keys.retain(|key| {
        args.name.as_ref().is_none_or(|name| *name == key.name)
            && args
                .description
                .as_ref()
                .is_none_or(|text| Some(text) == key.description.as_ref())
    });
    if args.uuid && !output.is_json() {
        return keys.iter().try_for_each(|key| output.line(&key.id));
    }
    output.ok()?;
    output.rows(&keys, "No API keys found.")
}

/// When it ends; of one that is over, that it is.
fn end(key: &ApiKey) -> String {
    let Some(end) = &key.expires_at else {
        return "never".to_owned();
    };
    match end.parse::<Timestamp>() {
        Ok(at) if at <= Timestamp::now() => format!("{end} (over)"),
        _ => end.clone(),
    }
}

impl Row for ApiKey {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", |key| key.name.clone()),
        Column::new("ID", |key| key.id.clone()),
        Column::new("Created At", |key| {
            key.created_at.clone().unwrap_or_default()
        }),
        Column::new("Locked", |key| key.locked.to_string()),
        Column::new("Disabled", |key| key.disabled.unwrap_or(false).to_string()),
        Column::new("Description", |key| {
            key.description.clone().unwrap_or_default()
        }),
        Column::where_any("Expires At", |key| key.expires_at.is_some(), end),
        Column::where_any("Reach", |key| key.reach.is_some(), reach_text),
        Column::wide("Service ID", |key| {
            let id = key.iam_id.strip_prefix("iam-");
            id.unwrap_or(&key.iam_id).to_owned()
        }),
    ];
}
