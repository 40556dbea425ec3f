//! `account space-delete`.

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::command::deleted::{Deletion, Restorable};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Said after the deletion of the targeted space.
const NO_SPACE_TARGETED: &str =
    "It was targeted, and now no space is: `vigie target -s SPACE` targets another";

/// Delete a space with its metrics
///
/// `vigie account space-restore` brings it back with them, for as long as `vigie account deleted` lists it.
#[derive(Debug, Args)]
pub(crate) struct SpaceDeleteArgs {
    /// Name of the space
    #[arg(add = Named::Spaces)]
    name: String,
    /// Organization, in place of the targeted one
    #[arg(short, long, value_name = "ORG", add = Named::Orgs)]
    org: Option<String>,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

/// Deletes a space.
pub(crate) fn run(args: &SpaceDeleteArgs, context: &Context) -> Result<(), Failure> {
    let org = context.resolve_org(args.org.as_deref())?;
    let space = context.space_named(&org, &args.name)?;
    let question = format!(
        "Really delete space {} of org {} with all its metrics?",
        args.name, org.name
    );
    if !context.may_delete(args.yes, question)? {
        return Ok(());
    }
    context.output.action(format!(
        "Deleting space {} in org {} as {}...",
        args.name,
        org.name,
        context.user()
    ))?;
    let guid = &space.metadata.guid;
    let was_targeted = context.cf()?.space_fields.guid == *guid;
    let reply = context.ask(
        Request::delete(context.cf_url(&format!("/v2/spaces/{}", encode(guid)))?),
        "delete the space",
    )?;
    // It is deleted, and said so, also where the target then cannot be stored.
    Deletion::of(&reply).report(Restorable::Space, guid, context)?;
    context.update(|_, cf| cf.forget_space(guid))?;
    if was_targeted && !context.output.is_json() {
        context.output.note(NO_SPACE_TARGETED);
    }
    Ok(())
}
