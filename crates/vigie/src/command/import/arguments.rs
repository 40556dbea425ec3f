//! The arguments that all imports share.

use crate::command::metrics::replaces::replacing;
use crate::command::metrics::zone::zone;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::ScopeArgs;
use base::name::{NameError, SeriesName};
use base::time::{Clock as _, Millis, SystemClock, TimeRange};
use base::time_expr::bounds;
use wire::ingest::Names;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// Put before every name, with a dot between
    #[arg(long, value_name = "PREFIX")]
    pub(super) prefix: Option<String>,
    /// Only samples from here on, this instant included; written as in `vigie metrics get`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// Only samples up to here, this instant included
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// Time zone of `--from` and `--until`, for example `Europe/Paris`; default: that of the variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,
    /// Replace each character that names may not hold (blanks, brackets, commas, quotes) by this one. Names that differ only in
    /// these characters become one
    #[arg(long, value_name = "CHARACTER", num_args = 0..=1, require_equals = true, default_missing_value = "_", value_parser = replacing)]
    pub(super) replace_refused: Option<Names>,
    /// Samples a second at most; without it as many as the server takes without answering more slowly
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rate: Option<u32>,
    /// Samples per request at most; where the server finds a request too large, fewer are sent at a time
    #[arg(long, value_name = "COUNT", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) batch: u32,
    /// How many rejected samples, and how many files or series that could not be read, to list
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(super) reasons: usize,
    /// Forget what an earlier run has imported, and start again
    #[arg(long)]
    pub(super) restart: bool,
    /// Read everything and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

impl ImportArgs {
    /// The times that were asked for.
    pub(super) fn range(&self, context: &Context) -> Result<TimeRange, Failure> {
        let (_, zone) = zone(self.tz.as_deref(), context)?;
        let now = SystemClock.now();
        let (range, notice) =
            bounds::range(self.from.as_deref(), self.until.as_deref(), now, &zone).map_err(
                |error| {
                    Failure::usage(error.to_string())
                        .hint("times are written as in `vigie metrics get --help`")
                },
            )?;
        if let Some(notice) = notice {
            context.output.note(notice.to_string());
        }
        Ok(range.unwrap_or(TimeRange::ALL))
    }

    /// The arguments that change what is sent: what was imported with others was something else.
    pub(super) fn key(&self) -> String {
        let text = |argument: &Option<String>| argument.clone().unwrap_or_default();
        [
            text(&self.prefix),
            text(&self.from),
            text(&self.until),
            text(&self.tz),
            format!("{:?}", self.replace_refused),
        ]
        .join("\u{0}")
    }

    /// How names are made.
    pub(super) fn naming(&self) -> Result<NameMapping, Failure> {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let prefix = match prefix.trim_end_matches('.') {
            "" => String::new(),
            prefix => format!("{prefix}."),
        };
        let names = self.replace_refused.unwrap_or_default();
        if let Err(error) = names.read(&format!("{prefix}x")) {
            return Err(Failure::usage(format!(
                "the prefix `{prefix}` cannot begin a name: {error}"
            )));
        }
        Ok(NameMapping { prefix, names })
    }
}

/// How names are made of those of the source.
#[derive(Debug, Clone)]
pub(super) struct NameMapping {
    prefix: String,
    pub(super) names: Names,
}

impl NameMapping {
    /// The name of a series here.
    pub(super) fn name(&self, name: &str) -> Result<SeriesName<'static>, NameError> {
        let text = format!("{}{name}", self.prefix);
        Ok(self.names.read(&text)?.into_owned())
    }
}

/// Seconds of a range, from the first one to after the last one.
pub(super) fn seconds(range: TimeRange) -> std::ops::Range<i64> {
    let begin = range.from.0.div_euclid(1000) + i64::from(range.from.0.rem_euclid(1000) > 0);
    begin..Millis(range.until.0).secs().saturating_add(1)
}
