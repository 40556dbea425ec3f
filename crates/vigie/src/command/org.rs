//! Organizations: `account orgs`, `org`, `org-create`, `org-delete`, `org-rename`.

use crate::client::{Request, encode};
use crate::command::deleted::Gone;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Column, Row, printable};
use crate::places::Org;
use crate::prompt;
use crate::shown::Shown;
use clap::Args;
use serde::Serialize;
use wire::cf::list::Resource;
use wire::cf::organization::{OrganizationEntity, OrganizationName};

/// What `orgs` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgsArgs {
    /// Only this region, in place of the targeted one
    #[arg(short, long, value_name = "REGION")]
    region: Option<String>,
    /// Show GUIDs
    #[arg(long)]
    guid: bool,
}

/// What `org` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgArgs {
    /// Name of the organization
    name: String,
    /// Region, in place of the targeted one
    #[arg(short, long, value_name = "REGION")]
    region: Option<String>,
    /// Print the GUID only
    #[arg(long)]
    guid: bool,
}

/// What `org-create` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgCreateArgs {
    /// Name of the new organization
    name: String,
    /// Region, in place of the targeted one
    #[arg(short, long, value_name = "REGION")]
    region: Option<String>,
}

/// What `org-delete` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgDeleteArgs {
    /// Name of the organization
    name: String,
    /// Delete its spaces and their metrics with it
    #[arg(long)]
    recursive: bool,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// What `org-rename` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgRenameArgs {
    /// Its name now
    old_name: String,
    /// Its name from now on
    new_name: String,
}

/// One organization under the names that scripts know.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    org_guid: String,
    org_name: String,
    region: String,
    account_owner: String,
    account_guid: String,
    status: String,
}

impl Listed {
    fn of(org: Org, region: &str, context: &Context) -> Self {
        let config = context.config();
        Self {
            org_guid: org.metadata.guid,
            org_name: org.entity.name,
            region: if org.entity.region.is_empty() {
                region.to_owned()
            } else {
                org.entity.region
            },
            account_owner: config.account.owner.clone(),
            account_guid: config.account.guid.clone(),
            status: org.entity.status,
        }
    }
}

impl Row for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::wide("GUID", |org| org.org_guid.clone()),
        Column::new("Name", |org| org.org_name.clone()),
        Column::new("Region", |org| org.region.clone()),
        Column::new("Account owner", |org| org.account_owner.clone()),
        Column::new("Account ID", |org| org.account_guid.clone()),
        Column::new("Status", |org| org.status.clone()),
    ];
}

fn region(given: Option<&str>, context: &Context) -> String {
    given.map_or_else(|| context.config().region.clone(), str::to_owned)
}

/// Lists organizations.
pub(crate) fn list(args: &OrgsArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = region(args.region.as_deref(), context);
    output.action(format!(
        "Getting orgs in region '{region}' as {}...",
        context.user()
    ))?;
    output.action("Retrieving current account...")?;
    let orgs: Vec<Listed> = context
        .orgs(&region)?
        .into_iter()
        .map(|org| Listed::of(org, &region, context))
        .collect();
    output.ok()?;
    output.list(&orgs, args.guid, "No organizations were found.")
}

/// Shows one organization.
pub(crate) fn show(args: &OrgArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = region(args.region.as_deref(), context);
    if !args.guid {
        output.action(format!(
            "Getting org {} in region '{region}' as {}...",
            args.name,
            context.user()
        ))?;
    }
    let org = Listed::of(context.org_named(&args.name, &region)?, &region, context);
    if args.guid {
        return output.line(printable(&org.org_guid));
    }
    if output.is_json() {
        return output.json(&org);
    }
    output.ok()?;
    output.pairs(&[
        ("GUID:", org.org_guid),
        ("Name:", printable(&org.org_name)),
        ("Region:", org.region),
        ("Account owner:", org.account_owner),
        ("Account ID:", org.account_guid),
        ("Status:", org.status),
    ])
}

/// Creates an organization.
pub(crate) fn create(args: &OrgCreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = region(args.region.as_deref(), context);
    output.action(format!(
        "Creating org {} in region '{region}' as {}...",
        args.name,
        context.user()
    ))?;
    let mut request = Request::post(context.cf_url("/v2/organizations")?);
    if !region.is_empty() {
        request = request.query("region", &region);
    }
    let body = OrganizationName {
        name: args.name.clone(),
    };
    let org: Resource<OrganizationEntity> = context
        .ask(request.json(&body)?, "create the organization")?
        .parse("create the organization")?;
    if output.is_json() {
        return output.json(&Listed::of(org, &region, context));
    }
    output.ok()?;
    output.say(format!(
        "Org {} was created with GUID {}",
        args.name,
        printable(&org.metadata.guid)
    ))
}

/// Deletes an organization.
pub(crate) fn delete(args: &OrgDeleteArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let org = context.org_named(&args.name, &context.config().region.clone())?;
    let with = if args.recursive {
        " with all its spaces and their metrics"
    } else {
        ""
    };
    if !args.force && !prompt::confirm(format!("Really delete org {}{with}?", args.name), "`-f`")? {
        return output.say("Nothing was deleted.");
    }
    output.action(format!(
        "Deleting org {} as {}...",
        args.name,
        context.user()
    ))?;
    let url = context.cf_url(&format!("/v2/organizations/{}", encode(&org.metadata.guid)))?;
    let request =
        Request::delete(url).query("recursive", if args.recursive { "true" } else { "false" });
    let gone = Gone::of(&context.ask(request, "delete the organization")?);
    context.update(|_, cf| {
        if cf.organization_fields.guid == org.metadata.guid {
            cf.organization_fields = crate::config::Place::default();
            cf.space_fields = crate::config::Place::default();
        }
    })?;
    if output.is_json() {
        return output.json(&gone.json("org_guid", &org.metadata.guid));
    }
    output.ok()?;
    gone.say(
        &format!(
            "vigie account org-restore {}",
            Shown::word(&org.metadata.guid)
        ),
        context,
    )
}

/// Renames an organization.
pub(crate) fn rename(args: &OrgRenameArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let region = context.config().region.clone();
    let org = context.org_named(&args.old_name, &region)?;
    output.action(format!(
        "Renaming org {} to {} as {}...",
        args.old_name,
        args.new_name,
        context.user()
    ))?;
    let url = context.cf_url(&format!("/v2/organizations/{}", encode(&org.metadata.guid)))?;
    let body = OrganizationName {
        name: args.new_name.clone(),
    };
    let renamed: Resource<OrganizationEntity> = context
        .ask(Request::put(url).json(&body)?, "rename the organization")?
        .parse("rename the organization")?;
    context.update(|_, cf| {
        if cf.organization_fields.guid == renamed.metadata.guid {
            cf.organization_fields.name.clone_from(&renamed.entity.name);
        }
    })?;
    if output.is_json() {
        return output.json(&Listed::of(renamed, &region, context));
    }
    output.ok()
}
