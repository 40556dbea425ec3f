//! `metrics senders`: who sends to a space, organization or account, and who went silent.

use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use crate::output::{Column, Row};
use wire::arrivals::{SenderItem, SenderList};

const PATH: &str = "/v1/metrics/senders";

/// Show who sends, and who went silent
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
What is shown is what came since the server started. A sender is silent when nothing came of it for more than a minute, and \
for more than three times as long as usual.

Examples:
  vigie metrics senders
  vigie metrics senders --silent
  vigie metrics senders --output json")]
pub(crate) struct SendersArgs {
    /// Only those that went silent
    #[arg(long)]
    silent: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Row for SenderItem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Listener", |sender| sender.listener.clone()),
        Column::new("Source", |sender| sender.source.clone()),
        Column::new("Key", |sender| {
            sender.key.clone().unwrap_or_else(|| "-".to_owned())
        }),
        Column::new("Last", |sender| super::arrivals::moment(sender.last_at)),
        Column::new("Usually", |sender| {
            sender.usual_gap_seconds.map_or_else(
                || "-".to_owned(),
                |gap| format!("every {} s", gap.round().max(1.0)),
            )
        }),
        Column::new("Accepted", |sender| sender.accepted.to_string()),
        Column::new("Rejected", |sender| sender.rejected.to_string()),
        Column::new("State", |sender| {
            let state = if sender.silent { "silent" } else { "sending" };
            state.to_owned()
        }),
    ];
}

/// Asks, and prints the table.
pub(crate) fn run(args: &SendersArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    output.action(format!(
        "Getting senders to {} as {}...",
        monitoring.described(),
        context.user()
    ))?;
    let url = monitoring.url(PATH);
    let reply = monitoring.exchange(|| Request::get(&url), RetryPolicy::Once)?;
    let mut list: SenderList = reply.parse("list the senders")?;
    list.senders.retain(|sender| sender.silent || !args.silent);
    if output.is_json() {
        return output.json(&list);
    }
    output.ok()?;
    let since = super::arrivals::moment(list.since);
    let none = if args.silent {
        format!("No sender went silent since {since}.")
    } else {
        format!("Nobody has sent since {since}.")
    };
    output.rows(&list.senders, none)?;
    if list.left_out > 0 {
        let left_out = list.left_out;
        output.say(format!("{left_out} more gave way to others."))?;
    }
    Ok(())
}
