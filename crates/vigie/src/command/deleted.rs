//! What was deleted: `account deleted`, `space-restore`, `org-restore`, and what the deletions say about it.

use crate::client::{Reply, Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::output::{Column, Row, printable};
use crate::pages::PAGE_SIZE;
use clap::Args;
use serde_json::{Value, json};
use wire::cf::deleted::{DeletedEntity, DeletedList, REMOVED_AT, Restore, SERIES};

/// What `space-restore` takes.
#[derive(Debug, Args)]
pub(crate) struct SpaceRestoreArgs {
    /// Name of the deleted space, or its GUID
    name: String,
    /// Organization it was in, where several spaces of this name were deleted
    #[arg(short, long, value_name = "ORG")]
    org: Option<String>,
    /// Bring it back under another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
}

/// What `org-restore` takes.
#[derive(Debug, Args)]
pub(crate) struct OrgRestoreArgs {
    /// Name of the deleted organization, or its GUID
    name: String,
    /// Bring it back under another name
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
}

/// What the server says of the metrics of something it has deleted.
#[derive(Debug)]
pub(super) struct Gone {
    series: Option<u64>,
    removed_at: Option<String>,
}

impl Gone {
    pub(super) fn of(reply: &Reply) -> Self {
        Self {
            series: reply.header(SERIES).and_then(|text| text.parse().ok()),
            removed_at: reply.header(REMOVED_AT).map(str::to_owned),
        }
    }

    /// The answer for programs: `guid` under the name that scripts know.
    pub(super) fn json(&self, key: &str, guid: &str) -> Value {
        json!({
            key: guid,
            "deleted": true,
            "series": self.series,
            "removed_at": self.removed_at,
        })
    }

    /// What goes, when, and what brings it back. Nothing where the server says nothing, as the original's.
    pub(super) fn say(&self, restore: &str, context: &Context) -> Result<(), Failure> {
        let Some(removed_at) = &self.removed_at else {
            return Ok(());
        };
        let series = match self.series {
            None => "Its metrics".to_owned(),
            Some(1) => "Its 1 series".to_owned(),
            Some(series) => format!("Its {series} series"),
        };
        let verb = if self.series == Some(1) { "goes" } else { "go" };
        context.output.say(format!(
            "{series} {verb} on {}; until then `{restore}` brings all back.",
            printable(removed_at)
        ))
    }
}

fn all(context: &Context) -> Result<Vec<DeletedEntity>, Failure> {
    let first = Request::get(context.cf_url("/v2/deleted")?).query("results-per-page", PAGE_SIZE);
    context.pages::<DeletedList>(&context.cf_root()?, first, "list what was deleted")
}

/// Lists what was deleted and can be brought back.
pub(crate) fn list(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Getting what was deleted as {}...", context.user()))?;
    let all = all(context)?;
    output.ok()?;
    output.rows(&all, "Nothing was deleted that can be brought back.")
}

impl Row for DeletedEntity {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Kind", |own| own.kind.clone()),
        Column::new("Name", |own| own.name.clone()),
        Column::new("GUID", |own| own.guid.clone()),
        Column::new("Metrics go", |own| own.removed_at.clone()),
    ];
}

/// The one that is meant.
fn meant(
    kind: &str,
    name: &str,
    org: Option<&str>,
    context: &Context,
) -> Result<DeletedEntity, Failure> {
    let mut found = all(context)?;
    found.retain(|own| {
        own.kind == kind
            && (own.guid == name || own.name == name)
            && org.is_none_or(|org| own.organization_guid == org)
    });
    match found.as_slice() {
        [own] => Ok(own.clone()),
        [_, ..] => {
            let guids: Vec<String> = found.iter().map(|own| printable(&own.guid)).collect();
            let message = format!("several deleted {kind}s are named `{}`", printable(name));
            let hint = format!("give the GUID: {}", guids.join(", "));
            Err(Failure::usage(message).hint(hint))
        }
        [] => Err(Failure::new(
            Kind::NotFound,
            format!(
                "no deleted {kind} `{}` can be brought back",
                printable(name)
            ),
        )
        .hint("see what can with `vigie account deleted`")),
    }
}

fn restore(
    own: &DeletedEntity,
    collection: &str,
    new_name: Option<&String>,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!(
        "Bringing {} {} back as {}...",
        printable(&own.kind),
        printable(&own.name),
        context.user()
    ))?;
    let url = context.cf_url(&format!("/v2/{collection}/{}/restore", encode(&own.guid)))?;
    let body = Restore {
        name: new_name.cloned(),
    };
    context.ask(Request::post(url).json(&body)?, "bring it back")?;
    let name = new_name.unwrap_or(&own.name);
    if output.is_json() {
        return output.json(&json!({
            "guid": own.guid,
            "kind": own.kind,
            "name": name,
            "restored": true,
        }));
    }
    output.ok()?;
    output.say(format!(
        "{} {} is back, with its metrics and the roles of those who are still in the account.",
        if own.kind == "space" { "Space" } else { "Org" },
        printable(name)
    ))
}

/// Brings a deleted space back.
pub(crate) fn space(args: &SpaceRestoreArgs, context: &Context) -> Result<(), Failure> {
    let org = match &args.org {
        Some(name) => Some(context.org_meant(Some(name))?.guid),
        None => None,
    };
    let own = meant("space", &args.name, org.as_deref(), context)?;
    restore(&own, "spaces", args.new_name.as_ref(), context)
}

/// Brings a deleted organization back.
pub(crate) fn org(args: &OrgRestoreArgs, context: &Context) -> Result<(), Failure> {
    let own = meant("organization", &args.name, None, context)?;
    restore(&own, "organizations", args.new_name.as_ref(), context)
}
