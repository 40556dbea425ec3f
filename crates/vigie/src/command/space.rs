//! Spaces: `account spaces`, `space`, `space-create`, `space-delete`.

use crate::client::{Request, encode};
use crate::command::deleted::Gone;
use crate::config::Place;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row, printable};
use crate::places::Space;
use crate::prompt;
use crate::shown::Shown;
use clap::Args;
use serde::Serialize;
use wire::cf::list::Resource;
use wire::cf::space::{CreateSpace, SpaceEntity};

/// What `spaces` takes.
#[derive(Debug, Args)]
pub(crate) struct SpacesArgs {
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Accepted for old scripts; organizations are found in the targeted region
    #[arg(short, long, value_name = "REGION")]
    region: Option<String>,
    /// Show GUIDs
    #[arg(long)]
    guid: bool,
}

/// What `space` takes.
#[derive(Debug, Args)]
pub(crate) struct SpaceArgs {
    /// Name of the space
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Print the GUID only
    #[arg(long)]
    guid: bool,
}

/// What `space-create` takes.
#[derive(Debug, Args)]
pub(crate) struct SpaceCreateArgs {
    /// Name of the new space
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
}

/// What `space-delete` takes.
#[derive(Debug, Args)]
pub(crate) struct SpaceDeleteArgs {
    /// Name of the space
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    space_guid: String,
    space_name: String,
    org_guid: String,
    org_name: String,
}

impl Listed {
    fn of(space: Space, org: &Place) -> Self {
        Self {
            space_guid: space.metadata.guid,
            space_name: space.entity.name,
            org_guid: org.guid.clone(),
            org_name: org.name.clone(),
        }
    }
}

impl Row for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::wide("GUID", |space| space.space_guid.clone()),
        Column::new("Name", |space| space.space_name.clone()),
    ];
}

/// Lists spaces.
pub(crate) fn list(args: &SpacesArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.org_meant(args.org.as_deref())?;
    let region = args
        .region
        .clone()
        .unwrap_or_else(|| context.config().region.clone());
    output.action(format!(
        "Getting spaces under organization {} in region {region} as {}...",
        org.name,
        context.user()
    ))?;
    let spaces: Vec<Listed> = context
        .spaces(&org.guid)?
        .into_iter()
        .map(|space| Listed::of(space, &org))
        .collect();
    output.ok()?;
    output.list(&spaces, args.guid, "No spaces were found.")
}

/// Shows one space.
pub(crate) fn show(args: &SpaceArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.org_meant(args.org.as_deref())?;
    if !args.guid {
        output.action(format!(
            "Getting space {} in org {} as {}...",
            args.name,
            org.name,
            context.user()
        ))?;
    }
    let space = Listed::of(context.space_named(&org, &args.name)?, &org);
    if args.guid {
        return output.line(printable(&space.space_guid));
    }
    if output.is_json() {
        return output.json(&space);
    }
    output.ok()?;
    output.pairs(&[
        ("GUID:", space.space_guid),
        ("Name:", printable(&space.space_name)),
        ("Org:", printable(&space.org_name)),
        ("Org GUID:", space.org_guid),
    ])
}

/// Creates a space.
pub(crate) fn create(args: &SpaceCreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.org_meant(args.org.as_deref())?;
    output.action(format!(
        "Creating space {} in org {} as {}...",
        args.name,
        org.name,
        context.user()
    ))?;
    let body = CreateSpace {
        name: args.name.clone(),
        organization_guid: org.guid.clone(),
    };
    let space: Resource<SpaceEntity> = context
        .ask(
            Request::post(context.cf_url("/v2/spaces")?).json(&body)?,
            "create the space",
        )?
        .parse("create the space")?;
    if output.is_json() {
        return output.json(&Listed::of(space, &org));
    }
    output.ok()?;
    output.say(format!(
        "Space {} was created with GUID {}",
        args.name,
        printable(&space.metadata.guid)
    ))
}

/// Deletes a space.
pub(crate) fn delete(args: &SpaceDeleteArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.org_meant(args.org.as_deref())?;
    let space = context.space_named(&org, &args.name)?;
    let question = format!(
        "Really delete space {} of org {} with all its metrics?",
        args.name, org.name
    );
    if !args.force && !prompt::confirm(question, "`-f`")? {
        return output.say("Nothing was deleted.");
    }
    output.action(format!(
        "Deleting space {} in org {} as {}...",
        args.name,
        org.name,
        context.user()
    ))?;
    let guid = &space.metadata.guid;
    let reply = context.ask(
        Request::delete(context.cf_url(&format!("/v2/spaces/{}", encode(guid)))?),
        "delete the space",
    )?;
    let gone = Gone::of(&reply);
    context.update(|_, cf| {
        if cf.space_fields.guid == *guid {
            cf.space_fields = Place::default();
        }
    })?;
    if output.is_json() {
        return output.json(&gone.json("space_guid", guid));
    }
    output.ok()?;
    gone.say(
        &format!("vigie account space-restore {}", Shown::word(guid)),
        context,
    )
}
