//! `agent`: sends this host's own metrics until it is told to stop.

mod delivery;
mod losses;
mod old_buffers;
mod signals;

use self::delivery::{Delivery, ToServer};
use self::losses::{Losses, append};
use self::signals::stop_on_signals;
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, Kind};
use crate::figures;
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::output::when_stdout_closes;
use crate::shown::PrintableText;
use agent::{Host, Journal, JournalError, Naming, Notifier, Schedule, Sender, WhenFull};
use base::sample::Batch;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Names are those of collectd, for example `PREFIX.HOST.cpu-0.cpu-user`, `PREFIX.HOST.memory.memory-used`, \
`PREFIX.HOST.interface-eth0.if_octets.rx`.

While the server cannot be reached, samples wait in the buffer. Nothing is lost when a token expires or the agent \
restarts.

With `VIGIE_API_KEY` set, the agent uses that key and needs no login. It sends to the targeted space. With a key and no \
login it sends to the only space that the key can see; where there are several, name one with `--scope`.

Examples:
  vigie agent --once --print               show what would be sent
  vigie agent --interval 1s --readings 30  measure closely for half a minute
  vigie agent --prefix monitor.            send every 10 s until Ctrl-C

With `--once` or `--readings` the exit code is 1 if no sample was stored, and 7 if some were rejected or lost.")]
pub(crate) struct AgentArgs {
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
    #[command(flatten)]
    scope: ScopeArgs,
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

/// Runs until it is stopped.
pub(crate) fn run(args: &AgentArgs, context: &Context) -> Result<(), Failure> {
    if args.interval.is_zero() {
        return Err(Failure::usage("`--interval` cannot be zero"));
    }
    let host = Host::new(&args.proc);
    let naming = naming(args, &host)?;
    let notifier = Arc::new(Notifier::default());
    stop_on_signals(&notifier)?;
    let schedule = Schedule {
        host: &host,
        naming: &naming,
        notifier: &notifier,
        interval: args.interval,
        count: if args.once { Some(1) } else { args.readings },
    };
    if args.print {
        let told = Arc::clone(&notifier);
        when_stdout_closes(move || told.stop());
        return schedule.run(|batch| context.output.text(&PrintableText::lines(&lines(batch))));
    }
    let buffer = args
        .buffer
        .clone()
        .unwrap_or_else(|| context.home.directory().join("agent"));
    let monitoring = Monitoring::for_agent(context, &args.scope, &buffer)?;
    let directory = buffer.join(monitoring.directory());
    let mut journal = Journal::open(&directory, args.buffer_max, WhenFull::DropOldest)
        .map_err(|error| cannot_open(&error))?;
    monitoring.bind_buffer(&directory);
    let output = &context.output;
    output.note(format!(
        "agent: `{}` every {} to {}; buffer `{}`",
        naming.stem(),
        figures::in_words(args.interval.as_secs()),
        monitoring.described(),
        directory.display()
    ));
    old_buffers::warn(output, &directory);
    let losses = Losses::default();
    losses.report(output, journal.take_lost());
    if journal.weight() > 0 {
        output.note(format!(
            "agent: {} samples of an earlier run wait to be sent",
            journal.weight()
        ));
    }
    let journal = Mutex::new(journal);
    let outcome = std::thread::scope(|threads| {
        let collector = threads.spawn(|| {
            let ended = schedule.run(|batch| {
                append(&journal, batch, output, &losses);
                notifier.notify();
                Ok(())
            });
            notifier.stop();
            ended
        });
        let mut delivery = Delivery::new(Sender::new(ToServer(&monitoring), &journal), output);
        delivery.until_stopped(&notifier);
        let collected = collector
            .join()
            .unwrap_or_else(|_| Err(Failure::failed("the collector ended unexpectedly")));
        let delivered = delivery.the_rest();
        let (stored, rejected) = (delivery.stored, delivery.rejected);
        let lost = losses.samples.load(Ordering::Relaxed);
        output.note(match lost {
            0 => format!("agent: stopped after {stored} samples"),
            lost => format!("agent: stopped after {stored} samples; {lost} were lost"),
        });
        let is_counted = args.once || args.readings.is_some();
        let all = if is_counted {
            missing(stored, rejected, lost)
        } else {
            Ok(())
        };
        collected.and(delivered).and(all)
    });
    let waiting = journal
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .weight();
    if waiting > 0 {
        output.note(format!(
            "agent: {waiting} samples wait in `{}` for the next start",
            directory.display()
        ));
    }
    // A stop was asked for, so this is success; unsent samples are safe in the buffer.
    if args.once || args.readings.is_some() {
        outcome
    } else {
        outcome.or_else(|failure| match failure.kind {
            Kind::Unreachable | Kind::NotLoggedIn => Ok(()),
            _ => Err(failure),
        })
    }
}

/// The failure where not everything that was read is stored, though all was sent.
fn missing(stored: u64, rejected: u64, lost: u64) -> Result<(), Failure> {
    let what = match (rejected, lost) {
        (0, 0) => return Ok(()),
        (rejected, 0) => format!("{rejected} samples were rejected"),
        (0, lost) => format!("{lost} samples were lost"),
        (rejected, lost) => format!("{rejected} samples were rejected, and {lost} were lost"),
    };
    let kind = match stored {
        0 => Kind::Failed,
        _ => Kind::Partial,
    };
    Err(Failure::new(kind, what))
}

/// The default buffer is in the configuration directory, which may not be writable on a host that only sends.
fn cannot_open(error: &JournalError) -> Failure {
    let is_io = matches!(error, JournalError::Io { .. });
    let failure = Failure::failed(error.to_string());
    if is_io {
        failure.hint("name a folder that can be written with `--buffer DIR`")
    } else {
        failure.hint("end that agent, or give this one a folder of its own with `--buffer DIR`")
    }
}

fn naming(args: &AgentArgs, host: &Host) -> Result<Naming, Failure> {
    let name = args.host.clone().or_else(|| host.name()).ok_or_else(|| {
        Failure::failed(format!(
            "`{}` does not tell the host's name",
            args.proc.display()
        ))
        .hint("give it with `--host NAME`")
    })?;
    let naming = Naming::new(&args.prefix, &name);
    base::name::SeriesName::parse(naming.stem()).map_err(|error| {
        Failure::usage(format!(
            "`{}` cannot begin a metric's name: {error}",
            naming.stem()
        ))
        .hint("change it with `--prefix` or `--host`")
    })?;
    Ok(naming)
}

fn lines(batch: &Batch) -> String {
    batch.iter().fold(String::new(), |mut text, sample| {
        let _ = writeln!(
            text,
            "{} {} {}",
            sample.name(),
            sample.value,
            sample.at.secs()
        );
        text
    })
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
