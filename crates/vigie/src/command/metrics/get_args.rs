//! The words of `metrics get`.

use crate::monitoring::ScopeArgs;
use crate::screen::ScreenArgs;

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Every sample with its time
    #[default]
    Table,
    /// One line per series
    Sparkline,
    /// One chart per series
    Chart,
    /// `name,timestamp,value`, as `metrics send` reads it
    Csv,
    /// As the server answers
    Json,
}

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A target is a metric's name or a pattern: `*` and `?` stay inside one element, `[a-c]` is one
character of a set, `{a,b}` one of several texts, `**` as an element any number of elements.
Quote it, or the shell will read it.
A time is relative (`-30min`, `2h`, `lastweek`), ISO 8601 (`2017-11-01`, `2017-11-01 02:00`,
`2017-11-01T02:00Z`), as Graphite writes it (`02:00_20171101`, `12/31/17`, `yesterday`, a weekday),
or epoch seconds. Tables show values with six digits; `--format csv` and `json` keep all of them.

With `--watch` it is read again every 5 seconds, or as many as `--watch=SECONDS` says, until Ctrl-C,
which ends it with exit code 0. At a terminal the table or drawing is made anew. Elsewhere, and with
`--format csv` or `json`, samples are written as they come: a line each, each once; what comes in
more than ten minutes late is left out.

Examples:
  vigie metrics get 'shop.*.latency-ms' --format sparkline
  vigie metrics get shop.eu.errors --from -7d --format chart
  vigie metrics get 'shop.*.errors' --format csv > errors.csv
  vigie metrics get shop.eu.latency-ms --from -15min --format chart --watch")]
pub(crate) struct GetArgs {
    /// Names or patterns
    #[arg(required = true, value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// The earliest time; default: 24 hours before the latest
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// The latest time; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// At most this many points per series; more are averaged by the server
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_points: Option<u32>,
    /// Read again and again, so many seconds apart, until Ctrl-C; without a number every 5
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "5", conflicts_with = "until", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(super) watch: Option<u32>,
    /// Form of the result
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Time zone in which times are read and shown, for example `Europe/Paris`; default: that of the
    /// variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}
