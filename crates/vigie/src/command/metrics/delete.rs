//! `metrics delete`: counts first, asks, then deletes.

use super::patterns::{refuse_call, refuse_empty};
use super::server_clock::ServerClock;
use super::span::Span;
use crate::argument::Named;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::counted;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs};
use crate::printable_text::escaped;
use wire::find::delete::DeleteReply;

/// Delete metrics, or their samples of a time
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A pattern takes whole subtrees: `shop.eu` deletes the metric `shop.eu` and everything below it. The question before \
the deletion says so, and `--dry-run` shows the first names. `*` deletes everything.

With `--from` or `--until`, only samples of that time are deleted and the metrics stay: with `--until` alone all samples \
up to it, with `--from` alone all samples from it on. Times are written as for `metrics get`.

Examples:
  vigie metrics delete 'shop.test-*' --dry-run
  vigie metrics delete 'shop.test-*' --yes
  vigie metrics delete 'shop.**' --until -30d --dry-run")]
pub(crate) struct DeleteArgs {
    /// A name or a pattern
    #[arg(value_name = "QUERY", allow_negative_numbers = true, add = Named::Metrics)]
    query: String,
    /// Delete only samples from this time on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Delete only samples up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Time zone in which times are read and shown, for example `Europe/Paris`; default: that of the
    /// variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
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
    let hint = "name what is to be deleted; `vigie metrics list` shows what there is";
    refuse_empty(&args.query, hint)?;
    refuse_call(&args.query)?;
    let monitoring = Monitoring::to_change(context, &args.scope)?;
    let clock = ServerClock::new(context, Some(&monitoring));
    let bounds = (args.from.as_deref(), args.until.as_deref());
    let span = Span::read(bounds, args.tz.as_deref(), &clock, context)?;
    let span = span.as_ref();
    let found = request(args, span, &monitoring, true)?;
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
        return show_dry_run(args, span, &found, context);
    }
    let question = format!(
        "{} {} {} will be deleted for good. Go on?",
        announced(args, span, &found),
        place(span),
        monitoring.described()
    );
    if !context.may_delete(args.yes, question)? {
        return Ok(());
    }
    output.action(format!(
        "Deleting {} {} {}...",
        described(span, found.deleted),
        place(span),
        monitoring.described()
    ))?;
    let deleted = request(args, span, &monitoring, false)?;
    output.done(&deleted)?;
    output.say(format!(
        "{} {}deleted.",
        sentence(&described(span, deleted.deleted)),
        if span.is_some() { "were " } else { "" }
    ))
}

/// Shows a dry run.
fn show_dry_run(
    args: &DeleteArgs,
    span: Option<&Span>,
    found: &DeleteReply,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    if found.names.is_empty() {
        return output.say(format!(
            "{} would be deleted.",
            announced(args, span, found)
        ));
    }
    output.say(format!(
        "{} would be deleted:",
        announced(args, span, found)
    ))?;
    for name in &found.names {
        output.say(escaped!("  {}", name.clone()))?;
    }
    let rest = found.deleted.saturating_sub(found.names.len() as u64);
    if rest > 0 {
        output.say(format!("  and {rest} more"))?;
    }
    Ok(())
}

/// Announces the deletion, including everything below the matching names; the beginning of a sentence.
fn announced(args: &DeleteArgs, span: Option<&Span>, found: &DeleteReply) -> String {
    let what = described(span, found.deleted);
    if found.below == 0 {
        return sentence(&what);
    }
    format!("`{}` and everything below: {what}", args.query)
}

/// Describes the deletion. The server counts the matching metrics, whether or not they have samples in that time.
fn described(span: Option<&Span>, count: u64) -> String {
    match span {
        None => counted(count, "metric", "metrics"),
        Some(span) => {
            let metrics = counted(count, "metric that fits", "metrics that fit");
            format!("the samples {} of the {metrics}", span.described())
        }
    }
}

/// The preposition before the domain.
const fn place(span: Option<&Span>) -> &'static str {
    if span.is_some() { "in" } else { "of" }
}

fn sentence(phrase: &str) -> String {
    let mut rest = phrase.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

fn request(
    args: &DeleteArgs,
    span: Option<&Span>,
    monitoring: &Monitoring<'_>,
    dry_run: bool,
) -> Result<DeleteReply, Failure> {
    let make = || {
        let mut request =
            Request::delete(monitoring.url("/v1/metrics/list")).query("query", &args.query);
        if let Some(span) = span {
            for (name, value) in span.parameters() {
                request = request.query(name, &value);
            }
            request = request.query("tz", &span.zone);
        }
        if dry_run {
            request.query("dry_run", "true")
        } else {
            request
        }
    };
    monitoring
        .exchange(make, RetryPolicy::Once)?
        .parse("delete metrics")
}
