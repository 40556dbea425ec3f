//! The arguments of `metrics get`.

use crate::argument::Named;
use crate::duration;
use crate::error::Failure;
use crate::monitoring::ScopeArgs;
use crate::printable_text::{PrintableText, escaped};
use crate::screen::ScreenArgs;
use std::path::PathBuf;
use std::time::Duration;

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
    /// `name,start,end,step|value,value,…`, a line per series, as Graphite writes it
    Raw,
    /// A picture: PNG
    Png,
    /// A picture: SVG
    Svg,
}

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Theme {
    /// On a white ground
    Light,
    /// On a dark grey ground
    Dark,
}

impl Theme {
    /// The `template` of `/render` that is painted so.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Format {
    /// Whether the server makes it, from values at equal distances.
    pub(super) const fn is_rendered(self) -> bool {
        matches!(self, Self::Raw | Self::Png | Self::Svg)
    }
}

/// How often `--watch` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchInterval {
    /// The default interval.
    Default,
    /// The interval given.
    Set(Duration),
}

impl WatchInterval {
    /// From one reading to the next.
    pub(super) const fn duration(self) -> Duration {
        match self {
            Self::Default => Duration::from_secs(5),
            Self::Set(duration) => duration,
        }
    }
}

/// The longest that lies between two readings, in seconds: a day.
const WATCH_SECONDS_MAX: u64 = 86_400;

fn watch_interval(text: &str) -> Result<WatchInterval, String> {
    if text.is_empty() {
        return Ok(WatchInterval::Default);
    }
    let every = duration::parse(text)?;
    if (1..=WATCH_SECONDS_MAX).contains(&every.as_secs()) {
        Ok(WatchInterval::Set(every))
    } else {
        Err(format!(
            "`{text}` is not between `1s` and `24h`; write it as `90s`, `5m` or `1h30m`"
        ))
    }
}

impl GetArgs {
    /// A value that only stands beside `--watch` would be taken for a metric's name, and nothing would be found.
    pub(super) fn refuse_lone_interval(&self) -> Result<(), Failure> {
        let lone = (self.targets.iter()).find(|target| {
            self.watch == Some(WatchInterval::Default) && duration::parse(target).is_ok()
        });
        let Some(text) = lone.map(String::as_str) else {
            return Ok(());
        };
        Err(Failure::usage(escaped!(
            "`{}` would be a metric's name: the time of `--watch` is joined to it by `=`",
            text
        ))
        .hint(escaped!("write `--watch={}`", PrintableText::word(text)))
        .hint(escaped!(
            "where a metric is called so: `--watch=5s {}`",
            PrintableText::word(text)
        )))
    }
}

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A target is a metric's name or a pattern: `*` and `?` match within one element, `[a-c]` one character of a set, `{a,b}` \
one of several texts, and `**` as an element any number of elements. It may call functions of such paths, one inside another, \
as in Graphite: `sumSeries(shop.*.orders)`, `movingAverage(shop.eu.orders,'1h')`; `vigie metrics functions` lists them. \
Functions see a value a minute, unless the rules of the space say otherwise. Quote a target, or the shell will expand it.

A time is relative (`-30min`, `2h`, `lastweek`), ISO 8601 (`2017-11-01`, `2017-11-01 02:00`, `2017-11-01T02:00Z`), as \
Graphite writes it (`02:00_20171101`, `12/31/17`, `yesterday`, a weekday), or epoch seconds. Tables show values with six \
digits, and many empty points one after another as one line; `--format csv` keeps every digit, and `json` the empty points too.

With `--watch` the samples are read again every 5 seconds, or as often as `--watch=1s` or `--watch=5min` says, until \
Ctrl-C, which ends the command with exit code 0. At a terminal the table or drawing is drawn again each time. \
Elsewhere, and with `--format csv` or `json`, each new sample is written once, on a line of its own, and the newest of a series \
again when its value changes, because its slot was not over; samples that arrive more than ten minutes late are left out.

`--format png` and `svg` draw all series in one picture; `--width` and `--height` are its pixels then. Write it to a file, \
or into a pipe.

Examples:
  vigie metrics get 'shop.*.latency-ms' --format sparkline
  vigie metrics get shop.eu.errors --from -7d --format chart
  vigie metrics get 'sumSeries(shop.*.orders)' shop.eu.orders --format chart
  vigie metrics get \"movingAverage(shop.eu.orders,'1h')\" --from lastweek
  vigie metrics get 'shop.*' --format png --theme light --output-file a.png
  vigie metrics get 'shop.*.errors' --format csv --as-sent > errors.csv
  vigie metrics get shop.eu.latency-ms --from -15min --format chart --watch")]
pub(crate) struct GetArgs {
    /// Names, patterns, or functions of them
    #[arg(required = true, value_name = "TARGET", allow_negative_numbers = true, add = Named::Targets)]
    pub(super) targets: Vec<String>,
    /// The earliest time; default: 24 hours before the latest
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<String>,
    /// The latest time; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// At most this many points per series; more are consolidated by the server, to averages unless `consolidateBy` says otherwise
    #[arg(long, visible_alias = "max-data-points", value_name = "COUNT", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_points: Option<u32>,
    /// Leave out points without a value, and series without any
    #[arg(long)]
    pub(super) no_null_points: bool,
    /// The samples as they were sent, whatever rules about steps say; for names and patterns alone
    #[arg(long)]
    pub(super) as_sent: bool,
    /// Read again and again, so long apart, until Ctrl-C; without a time every 5 seconds
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with = "until", value_parser = watch_interval)]
    pub(super) watch: Option<WatchInterval>,
    /// Form of the result
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Write the result there and not to standard output: a picture, or `raw`, `csv` or `json`
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    pub(super) output_file: Option<PathBuf>,
    /// Colours of a picture: for a dark or a light ground; default: on black
    #[arg(long, value_enum, ignore_case = true, value_name = "THEME")]
    pub(super) theme: Option<Theme>,
    /// A title above a picture
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    /// Time zone in which times are read and shown, for example `Europe/Paris`; default: that of the
    /// variable `TZ`, else UTC
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}
