//! `metrics rejects`: what was refused of the samples for a space, organization or account, and why.

use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use crate::output::{Column, Row};
use wire::arrivals::{RejectItem, RejectList};

const PATH: &str = "/v1/metrics/rejects";

/// Show what was refused, and why
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
What is shown is what was refused since the server started: how many for which reason, and the last ones. It says of which sender \
they are, also of one that is told nothing.

Examples:
  vigie metrics rejects
  vigie metrics rejects --output json")]
pub(crate) struct RejectsArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Row for RejectItem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("When", |sample| super::arrivals::moment(sample.at)),
        Column::new("Listener", |sample| sample.listener.clone()),
        Column::new("Source", |sample| sample.source.clone()),
        Column::new("Key", |sample| {
            sample.key.clone().unwrap_or_else(|| "-".to_owned())
        }),
        Column::new("Name", |sample| {
            sample.name.clone().unwrap_or_else(|| "-".to_owned())
        }),
        Column::new("Why", |sample| sample.message.clone()),
    ];
}

/// Asks, and prints counts and table.
pub(crate) fn run(args: &RejectsArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    output.action(format!(
        "Getting rejects of {} as {}...",
        monitoring.described(),
        context.user()
    ))?;
    let url = monitoring.url(PATH);
    let reply = monitoring.exchange(|| Request::get(&url), RetryPolicy::Once)?;
    let list: RejectList = reply.parse("list the rejects")?;
    if output.is_json() {
        return output.json(&list);
    }
    output.ok()?;
    let since = super::arrivals::moment(list.since);
    let counts = list.by_reason.iter();
    let counts: Vec<String> = counts
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    if !counts.is_empty() {
        output.say(format!("Since {since}: {}", counts.join(", ")))?;
    }
    output.rows(
        &list.rejects,
        format!("Nothing was rejected since {since}."),
    )
}
