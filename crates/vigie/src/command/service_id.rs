//! Service IDs, programs with an identity of their own: `iam service-ids` and `iam service-id-…`, one file each, and their shared
//! code.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod show;
pub(crate) mod unlock;
pub(crate) mod update;

use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::pages::PAGE_SIZE;
use crate::prompt;
use clap::Args;
use serde::Serialize;
use wire::iam::service_id::{ServiceId, ServiceIdList};

/// Whether the user may be asked. Every command about one service ID has it, as in the original.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Do not ask, not even which of several with the name is meant
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

impl AskArgs {
    /// Whether the user wants no question.
    pub(super) const fn is_no(&self) -> bool {
        self.yes
    }
}

/// The arguments of commands on one service ID.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Name or id of the service ID
    #[arg(value_name = "SERVICE_ID", add = Named::Services)]
    service: String,
    #[command(flatten)]
    ask: AskArgs,
}

/// Whether a service ID is locked or unlocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Prevents change, deletion and further keys.
    Lock,
    /// Allows them again.
    Unlock,
}

/// The lock of a service ID.
#[derive(Serialize)]
struct LockState<'a> {
    id: &'a str,
    locked: bool,
}

/// Locks or unlocks a service ID.
fn set_lock(args: &OneArgs, lock: Lock, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let service = find(&args.service, &args.ask, context)?;
    let url = format!("{}/lock", address(&service, context)?);
    let (verb, doing, request) = match lock {
        Lock::Lock => ("Locking", "lock the service ID", Request::post(url)),
        Lock::Unlock => ("Unlocking", "unlock the service ID", Request::delete(url)),
    };
    let (name, user) = (&args.service, context.user());
    output.action(format!("{verb} service ID {name} as {user}..."))?;
    context.ask(request, doing)?;
    output.done(&LockState {
        id: &service.id,
        locked: lock == Lock::Lock,
    })
}

fn url(context: &Context, path: &str) -> Result<String, Failure> {
    let config = context.config();
    Ok(format!(
        "{}/v1/serviceids{path}",
        context.iam_endpoint(&config)?
    ))
}

/// The address of one.
fn address(service: &ServiceId, context: &Context) -> Result<String, Failure> {
    url(context, &format!("/{}", encode(&service.id)))
}

/// The service IDs in the targeted account, of this name or all.
pub(crate) fn services(name: Option<&str>, context: &Context) -> Result<Vec<ServiceId>, Failure> {
    let account = context.config().account.guid.clone();
    let first = url(context, "")?;
    let mut request = Request::get(&first).query("pagesize", PAGE_SIZE);
    if !account.is_empty() {
        request = request.query("account_id", &account);
    }
    if let Some(name) = name {
        request = request.query("name", name);
    }
    // Only the query of the next page's URL is used: the token must go only to the server of the login.
    let address = |next: &str| {
        let query = next.split_once('?').map_or("", |(_, query)| query);
        Ok(format!("{first}?{query}"))
    };
    context.pages_at::<ServiceIdList>(request, "list service IDs", address)
}

/// Finds a service ID by its id, its IAM id or its name; if several have the name, the user chooses.
pub(super) fn find(wanted: &str, ask: &AskArgs, context: &Context) -> Result<ServiceId, Failure> {
    if ask.yes {
        prompt::forbid();
    }
    if is_id(wanted) {
        let doing = "find the service ID";
        let request = Request::get(url(context, &format!("/{}", encode(wanted)))?);
        return context.ask(request, doing)?.parse(doing);
    }
    // A server that does not know the parameter, and an empty name, list them all.
    let mut found = services(Some(wanted), context)?;
    found.retain(|service| service.name == wanted);
    if found.len() > 1 {
        let describe = |service: &ServiceId| format!("{} {}", service.id, service.description);
        let what = format!(
            "the choice among the {} service IDs named `{}`",
            found.len(),
            wanted
        );
        // Without a terminal nobody sees the list, and one of these is what the command wants.
        let ids: Vec<&str> = found.iter().map(|service| service.id.as_str()).collect();
        let ids = ids.join(", ");
        return prompt::choose(
            "Select a service ID:",
            &found,
            describe,
            what,
            "the service ID's id in place of its name",
        )
        .cloned()
        .map_err(|failure| failure.hint(format!("their ids are {ids}")));
    }
    found.pop().ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("no service ID `{wanted}` was found"),
        )
        .hint("list them with `vigie iam service-ids`")
    })
}

/// Whether the text is an id rather than a name: `ServiceId-GUID`, or the IAM id, which has `iam-` before it.
fn is_id(text: &str) -> bool {
    let id = text.strip_prefix("iam-").unwrap_or(text);
    id.strip_prefix("ServiceId-").is_some_and(|guid| {
        guid.len() == 36 && (guid.bytes()).all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    })
}

/// The labels and values of a service ID in its details.
fn facts(service: &ServiceId) -> Vec<(&'static str, String)> {
    vec![
        ("ID", service.id.clone()),
        ("IAM ID", service.iam_id.clone()),
        ("Name", service.name.clone()),
        ("Description", service.description.clone()),
        ("CRN", service.crn.clone()),
        ("Version", service.entity_tag.clone()),
        ("Locked", service.locked.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        let id = "ServiceId-0b8d2a3c-0000-4000-8000-0123456789ab";
        assert!(is_id(id) && is_id(&format!("iam-{id}")));
        for name in [
            "",
            "ci",
            "ServiceId-ci",
            "iam-ci",
            "0b8d2a3c-0000-4000-8000-0123456789ab",
            "ServiceId-0b8d2a3c-0000-4000-8000-0123456789a/",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }
}
