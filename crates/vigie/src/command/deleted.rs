//! Deleted spaces and organizations, and how to restore them: one command per file. Shared code, also for the messages of
//! deletions.

pub(crate) mod list;
pub(crate) mod org_restore;
pub(crate) mod space_restore;

use crate::client::{Reply, Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::pages::PAGE_SIZE;
use crate::printable_text::PrintableText;
use serde::Serialize;
use wire::cf::deleted::{DeletedEntity, DeletedList, REMOVED_AT, Restore, SERIES};

/// The kinds of objects that can be restored for some days.
#[derive(Debug, Clone, Copy)]
pub(super) enum Restorable {
    Space,
    Org,
}

impl Restorable {
    /// The command that restores it.
    const fn restore(self) -> &'static str {
        match self {
            Self::Space => "space-restore",
            Self::Org => "org-restore",
        }
    }
}

/// A deletion, for programs: the GUID is that of a space or of an organization.
#[derive(Serialize)]
struct DeletionRow<'a> {
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_guid: Option<&'a str>,
    removed_at: Option<&'a str>,
    series: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    space_guid: Option<&'a str>,
}

/// What was restored, for programs.
#[derive(Serialize)]
struct RestoredRow<'a> {
    guid: &'a str,
    kind: &'a str,
    name: &'a str,
    restored: bool,
}

/// The server's answer to a deletion: which metrics will be removed, and when.
#[derive(Debug)]
pub(super) struct Deletion {
    series: Option<u64>,
    removed_at: Option<String>,
}

impl Deletion {
    pub(super) fn of(reply: &Reply) -> Self {
        Self {
            series: reply.header(SERIES).and_then(|text| text.parse().ok()),
            removed_at: reply.header(REMOVED_AT).map(str::to_owned),
        }
    }

    /// Reports what will be removed, when, and how to restore it. Without a time if the server tells none, as the original's does not.
    pub(super) fn report(
        &self,
        what: Restorable,
        guid: &str,
        context: &Context,
    ) -> Result<(), Failure> {
        let output = &context.output;
        let (space_guid, org_guid) = match what {
            Restorable::Space => (Some(guid), None),
            Restorable::Org => (None, Some(guid)),
        };
        output.done(&DeletionRow {
            deleted: true,
            org_guid,
            removed_at: self.removed_at.as_deref(),
            series: self.series,
            space_guid,
        })?;
        let Some(removed_at) = &self.removed_at else {
            return Ok(());
        };
        let restore = format!(
            "vigie account {} {}",
            PrintableText::word(what.restore()),
            PrintableText::word(guid)
        );
        let series = match self.series {
            None => "Its metrics".to_owned(),
            Some(1) => "Its 1 series".to_owned(),
            Some(series) => format!("Its {series} series"),
        };
        let verb = if self.series == Some(1) { "is" } else { "are" };
        output.say(format!(
            "{series} {verb} removed on {removed_at}; until then `{restore}` brings all back."
        ))
    }
}

fn all(context: &Context) -> Result<Vec<DeletedEntity>, Failure> {
    let first = Request::get(context.cf_url("/v2/deleted")?).query("results-per-page", PAGE_SIZE);
    context.pages::<DeletedList>(&context.cf_root()?, first, "list what was deleted")
}

/// Finds a deleted space or organization by name or GUID.
fn find(
    kind: &str,
    name: &str,
    org: Option<&str>,
    context: &Context,
) -> Result<DeletedEntity, Failure> {
    let mut found = all(context)?;
    found.retain(|deleted| {
        deleted.kind == kind
            && (deleted.guid == name || deleted.name == name)
            && org.is_none_or(|org| deleted.organization_guid == org)
    });
    match found.as_slice() {
        [deleted] => Ok(deleted.clone()),
        [_, ..] => {
            let guids: Vec<&str> = found.iter().map(|deleted| deleted.guid.as_str()).collect();
            let message = format!("several deleted {kind}s are named `{name}`");
            let hint = format!("give the GUID: {}", guids.join(", "));
            Err(Failure::usage(message).hint(hint))
        }
        [] => Err(Failure::new(
            Kind::NotFound,
            format!("no deleted {kind} `{name}` can be brought back"),
        )
        .hint("see what can with `vigie account deleted`")),
    }
}

fn restore(
    deleted: &DeletedEntity,
    collection: &str,
    new_name: Option<&String>,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!(
        "Bringing {} {} back as {}...",
        deleted.kind,
        deleted.name,
        context.user()
    ))?;
    let url = context.cf_url(&format!(
        "/v2/{collection}/{}/restore",
        encode(&deleted.guid)
    ))?;
    let body = Restore {
        name: new_name.cloned(),
    };
    context.ask(Request::post(url).json(&body)?, "bring it back")?;
    let name = new_name.unwrap_or(&deleted.name);
    output.done(&RestoredRow {
        guid: &deleted.guid,
        kind: &deleted.kind,
        name,
        restored: true,
    })?;
    output.say(format!(
        "{} {} is back, with its metrics and the roles of those who are still in the account.",
        if deleted.kind == "space" {
            "Space"
        } else {
            "Org"
        },
        name
    ))
}
