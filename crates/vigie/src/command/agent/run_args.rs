//! The arguments of an agent that runs.

use super::listener_args::ListenerArgs;
use super::textfile_args::TextfileArgs;
use crate::argument::OF_TARGET;
use crate::duration;
use crate::error::Failure;
use crate::figures;
use crate::monitoring::ScopeArgs;
use std::path::PathBuf;
use std::time::Duration;

/// The samples an agent sends, and their sources.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Time between two readings
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub(super) interval: Duration,
    /// Prefix of every name, before the host
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) prefix: String,
    /// The host in every name; default: the host's own name, dots as `_`
    #[arg(long, value_name = "NAME")]
    pub(super) host: Option<String>,
    /// Where samples wait while the server cannot be reached; default: `agent` in the configuration directory
    #[arg(long, value_name = "DIR")]
    pub(super) buffer: Option<PathBuf>,
    /// Maximum size of the buffer; beyond it the oldest samples are dropped, which is reported
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    pub(super) buffer_max: u64,
    /// Take one reading, send it, and stop
    #[arg(long)]
    pub(super) once: bool,
    /// Stop after this many readings
    #[arg(long, alias = "looks", value_name = "COUNT", conflicts_with = "once", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) readings: Option<u64>,
    /// Print what would be sent, as Graphite lines, and send nothing
    #[arg(long)]
    pub(super) print: bool,
    /// Where to read the kernel's figures; in a container, a mount of the host's `/proc`
    #[arg(long, value_name = "DIR", default_value = "/proc")]
    pub(super) proc: PathBuf,
    /// Send none of the host's own metrics
    #[arg(long)]
    pub(super) no_host_metrics: bool,
    // Before those that have a heading, under which it would stand.
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Where a key of `VIGIE_API_KEY` sends that was made for no space: an id such as `s-GUID`, or `none`; default: the targeted
    /// space
    #[arg(
        long,
        value_name = "SCOPE",
        conflicts_with = "scope",
        display_order = 801,
        add = OF_TARGET
    )]
    pub(super) default_scope: Option<String>,
    #[command(flatten)]
    pub(super) textfiles: TextfileArgs,
    #[command(flatten)]
    pub(super) listeners: ListenerArgs,
}

impl RunArgs {
    /// Whether it ends after a number of readings.
    pub(super) const fn is_counted(&self) -> bool {
        self.once || self.readings.is_some()
    }

    /// How often it takes readings, in words.
    pub(super) fn how_often(&self) -> String {
        let interval = figures::in_words(self.interval.as_secs());
        match (self.once, self.readings) {
            (true, _) | (false, Some(1)) => "once".to_owned(),
            (false, Some(count)) => format!("every {interval}, {count} times,"),
            (false, None) => format!("every {interval}"),
        }
    }

    /// Checks that the grammar of the command line cannot express.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.interval.is_zero() {
            return Err(Failure::usage("`--interval` cannot be zero"));
        }
        if self.no_host_metrics && self.listeners.is_empty() && self.textfiles.is_empty() {
            return Err(
                Failure::usage("with `--no-host-metrics` alone there is nothing to send")
                    .hint("add `--listen-graphite`, `--listen-statsd` or `--textfile-dir`"),
            );
        }
        Ok(())
    }
}

/// A number of bytes, with `KiB`, `MiB` or `GiB`.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size such as `64MiB` or `1GiB`");
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return Err(wrong()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("256MiB"), Ok(256 << 20));
        assert_eq!(size("1024"), Ok(1024));
        assert_eq!(size("2 GiB"), Ok(2 << 30));
        for wrong in ["", "MiB", "1.5MiB", "-1", "9TB", "99999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
