//! `metrics delete`: says how many first.

use super::counted;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, Patience, ScopeArgs};
use crate::prompt;
use crate::shown::shown;
use wire::find::delete::DeleteReply;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A pattern takes whole subtrees: `shop.eu` deletes the metric `shop.eu` and everything below it,
which is said before it goes; `--dry-run` shows the first names. `*` deletes all there is. With
`--from` or `--until`, only samples of that time are deleted and the metrics stay.

Examples:
  vigie metrics delete 'shop.test-*' --dry-run
  vigie metrics delete 'shop.test-*' --yes")]
pub(crate) struct DeleteArgs {
    /// A name or a pattern
    #[arg(value_name = "QUERY")]
    query: String,
    /// Delete only samples from this time on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Delete only samples up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Do not ask
    #[arg(short, long, visible_short_alias = 'f')]
    yes: bool,
    /// Only say how many would be deleted, and the first names
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Counts, asks, deletes.
pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    let found = request(args, &monitoring, true)?;
    if args.dry_run || found.deleted == 0 {
        if output.is_json() {
            return output.json(&DeleteReply {
                dry_run: args.dry_run,
                ..found
            });
        }
        if found.deleted == 0 {
            output.say(format!("No metrics match `{}`.", args.query))?;
            output.note("hint: see what there is with `vigie metrics list`");
            return Ok(());
        }
        return told(args, &found, context);
    }
    if !args.yes {
        let question = format!(
            "{} of {} will be deleted for good. Go on?",
            announced(args, &found),
            monitoring.described()
        );
        if !prompt::confirm(question, "`--yes`")? {
            return output.say("Nothing was deleted.");
        }
    }
    output.action(format!(
        "Deleting {} of {}...",
        described(args, found.deleted),
        monitoring.described()
    ))?;
    let deleted = request(args, &monitoring, false)?;
    if output.is_json() {
        return output.json(&deleted);
    }
    output.ok()?;
    output.say(format!("{} deleted.", described(args, deleted.deleted)))
}

/// What a dry run shows.
fn told(args: &DeleteArgs, found: &DeleteReply, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if found.names.is_empty() {
        return output.say(format!("{} would be deleted.", announced(args, found)));
    }
    output.say(format!("{} would be deleted:", announced(args, found)))?;
    for name in &found.names {
        output.say(shown!("  {}", name.clone()))?;
    }
    let rest = found.deleted.saturating_sub(found.names.len() as u64);
    if rest > 0 {
        output.say(format!("  and {rest} more"))?;
    }
    Ok(())
}

/// What would go, and that it is more than what fits, where it is.
fn announced(args: &DeleteArgs, found: &DeleteReply) -> String {
    let what = described(args, found.deleted);
    if found.below == 0 {
        return what;
    }
    // It goes on behind a colon.
    let what = what.replacen("The ", "the ", 1);
    format!("`{}` and everything below: {what}", args.query)
}

fn described(args: &DeleteArgs, count: u64) -> String {
    let metrics = counted(count, "metric", "metrics");
    if args.from.is_some() || args.until.is_some() {
        format!("The samples of that time of {metrics}")
    } else {
        metrics
    }
}

fn request(
    args: &DeleteArgs,
    monitoring: &Monitoring<'_>,
    dry_run: bool,
) -> Result<DeleteReply, Failure> {
    let make = || {
        let mut request =
            Request::delete(monitoring.url("/v1/metrics/list")).query("query", &args.query);
        for (name, value) in [("from", &args.from), ("until", &args.until)] {
            if let Some(value) = value {
                request = request.query(name, value);
            }
        }
        if dry_run {
            request.query("dry_run", "true")
        } else {
            request
        }
    };
    monitoring
        .exchange(make, Patience::Once)?
        .parse("delete metrics")
}
