//! `agent`: sends this host's own metrics, and those of old senders on it, until it is told to stop.

mod delivery;
mod door_args;
mod install;
mod losses;
mod old_buffers;
mod own_figures;
mod running;
mod signals;
mod textfile_args;

use self::door_args::DoorArgs;
use self::textfile_args::TextfileArgs;
use crate::context::Context;
use crate::duration;
use crate::error::Failure;
use crate::monitoring::ScopeArgs;
use std::path::PathBuf;
use std::time::Duration;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "\
Names are those of collectd, for example `PREFIX.HOST.cpu-0.cpu-user`, `PREFIX.HOST.memory.memory-used`, \
`PREFIX.HOST.interface-eth0.if_octets.rx`.

While the server cannot be reached, samples wait in the buffer. Nothing is lost when a token expires or the agent \
restarts.

With `VIGIE_API_KEY` set, the agent uses that key and needs no login. It sends to the targeted space. With a key and no \
login it sends to the only space that the key can see; where there are several, name one with `--scope`.

With `--listen-graphite` and `--listen-statsd`, programs that know no credential send through the agent, under its identity. \
What it refuses is counted in `PREFIX.HOST.vigie-agent.graphite.refused`, and told once a minute. A connection of lines that the \
agent closes without a word is on disk.

Examples:
  vigie agent --once --print               show what would be sent
  vigie agent --interval 1s --readings 30  measure closely for half a minute
  vigie agent --prefix monitor.            send every 10 s until Ctrl-C
  vigie agent --listen-graphite 127.0.0.1:2003 --listen-statsd 127.0.0.1:8125
  vigie agent install --user               keep it running

With `--once` or `--readings` the exit code is 1 if no sample was stored, and 7 if some were rejected or lost."
)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    command: Option<AgentCommand>,
    #[command(flatten)]
    run: RunArgs,
}

/// What is done with an agent but running it.
#[derive(Debug, clap::Subcommand)]
enum AgentCommand {
    /// Write what keeps an agent running: a unit of systemd, or a line of cron
    Install(install::InstallArgs),
}

/// What an agent sends, and where it gets it from.
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Time between two readings
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    interval: Duration,
    /// Prefix of every name, before the host
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    prefix: String,
    /// The host in every name; default: the host's own name, dots as `_`
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Where samples wait while the server cannot be reached; default: `agent` in the configuration directory
    #[arg(long, value_name = "DIR")]
    buffer: Option<PathBuf>,
    /// Maximum size of the buffer; beyond it the oldest samples are dropped, which is reported
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    buffer_max: u64,
    /// Take one reading, send it, and stop
    #[arg(long)]
    once: bool,
    /// Stop after this many readings
    #[arg(long, alias = "looks", value_name = "COUNT", conflicts_with = "once", value_parser = clap::value_parser!(u64).range(1..))]
    readings: Option<u64>,
    /// Print what would be sent, as Graphite lines, and send nothing
    #[arg(long)]
    print: bool,
    /// Where to read the kernel's figures; in a container, a mount of the host's `/proc`
    #[arg(long, value_name = "DIR", default_value = "/proc")]
    proc: PathBuf,
    /// Send none of the host's own metrics
    #[arg(long)]
    no_host_metrics: bool,
    // Before those that have a heading, under which it would stand.
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    textfiles: TextfileArgs,
    #[command(flatten)]
    doors: DoorArgs,
}

impl RunArgs {
    /// Whether it ends after a number of readings.
    const fn is_counted(&self) -> bool {
        self.once || self.readings.is_some()
    }

    /// What the grammar of the command line cannot say.
    fn check(&self) -> Result<(), Failure> {
        if self.interval.is_zero() {
            return Err(Failure::usage("`--interval` cannot be zero"));
        }
        if self.no_host_metrics && self.doors.is_empty() && self.textfiles.is_empty() {
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

/// Runs an agent, or installs one.
pub(crate) fn run(args: &AgentArgs, context: &Context) -> Result<(), Failure> {
    match &args.command {
        Some(AgentCommand::Install(install)) => install::run(install, context),
        None => running::run(&args.run, context),
    }
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
