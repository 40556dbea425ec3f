//! `account org-delete`.

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::command::deleted::{Deletion, Restorable};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Said after the deletion of the targeted organization.
const NO_ORG_TARGETED: &str =
    "It was targeted, and now nothing is: `vigie target -o ORG -s SPACE` targets another";

/// Delete an organization
///
/// `vigie account org-restore` brings it back with its spaces and metrics, for as long as `vigie account deleted` lists it.
#[derive(Debug, Args)]
pub(crate) struct OrgDeleteArgs {
    /// Name of the organization
    #[arg(add = Named::Orgs)]
    name: String,
    /// Delete its spaces and their metrics with it
    #[arg(long)]
    recursive: bool,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

/// Deletes an organization.
pub(crate) fn run(args: &OrgDeleteArgs, context: &Context) -> Result<(), Failure> {
    let org = context.org_named(&args.name, &context.config().region)?;
    let with = if args.recursive {
        " with all its spaces and their metrics"
    } else {
        ""
    };
    let question = format!("Really delete org {}{with}?", args.name);
    if !context.may_delete(args.yes, question)? {
        return Ok(());
    }
    context.output.action(format!(
        "Deleting org {} as {}...",
        args.name,
        context.user()
    ))?;
    let guid = &org.metadata.guid;
    let was_targeted = context.cf()?.organization_fields.guid == *guid;
    let url = context.cf_url(&format!("/v2/organizations/{}", encode(guid)))?;
    let request =
        Request::delete(url).query("recursive", if args.recursive { "true" } else { "false" });
    let reply = context.ask(request, "delete the organization")?;
    // It is deleted, and said so, also where the target then cannot be stored.
    Deletion::of(&reply).report(Restorable::Org, guid, context)?;
    context.update(|_, cf| cf.forget_org(guid))?;
    if was_targeted && !context.output.is_json() {
        context.output.note(NO_ORG_TARGETED);
    }
    Ok(())
}
