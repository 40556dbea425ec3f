//! `account org-delete`.

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::command::deleted::Deletion;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::PrintableText;
use crate::prompt;
use clap::Args;

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
    let output = &context.output;
    let org = context.org_named(&args.name, &context.config().region.clone())?;
    let with = if args.recursive {
        " with all its spaces and their metrics"
    } else {
        ""
    };
    if !args.yes
        && !prompt::confirm(
            format!("Really delete org {}{with}?", args.name),
            context.name.yes(),
        )?
    {
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
    let gone = Deletion::of(&context.ask(request, "delete the organization")?);
    context.update(|_, cf| {
        if cf.organization_fields.guid == org.metadata.guid {
            cf.clear_target();
        }
    })?;
    if output.is_json() {
        return output.json(&gone.json("org_guid", &org.metadata.guid));
    }
    output.ok()?;
    gone.say(
        &format!(
            "vigie account org-restore {}",
            PrintableText::word(&org.metadata.guid)
        ),
        context,
    )
}
