//! `agent`: sends this host's own metrics until it is told to stop.

use crate::agent::{
    Bell, Host, Lost, Naming, Reading, Report, Sender, Spool, SpoolError, batch, ring_on_signals,
};
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, Kind};
use crate::monitoring::{Monitoring, ScopeArgs};
use crate::output::Output;
use crate::shown::{Shown, shown};
use base::sample::Batch;
use base::time::{Clock as _, Millis, SystemClock};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between the first two looks: long enough for rates, short enough for someone who watches.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait before a server that is away is asked again.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Names are those of collectd, for example `PREFIX.HOST.cpu-0.cpu-user`,
`PREFIX.HOST.memory.memory-used`, `PREFIX.HOST.interface-eth0.if_octets.rx`.
While the server is away, samples wait in the buffer; nothing is lost when a token expires or the
agent restarts.
With `VIGIE_API_KEY` set, the agent uses that key and needs no login. It sends to the targeted
space; with a key alone, to the only space that the key sees, else `--scope` must name one.

Examples:
  vigie agent --once --print              show what would be sent
  vigie agent --interval 1s --looks 30    watch half a minute closely
  vigie agent --prefix monitor.           send every 10 s until Ctrl-C")]
pub(crate) struct AgentArgs {
    /// Time between two looks
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    interval: Duration,
    /// What stands before the host in every name
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    prefix: String,
    /// The host in every name; default: the name it has for itself, dots as `_`
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Where samples wait while the server is away; default: `agent` in the configuration directory
    #[arg(long, value_name = "DIR")]
    buffer: Option<PathBuf>,
    /// How large the buffer may grow before the oldest samples are dropped, which is reported
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    buffer_max: u64,
    /// Look and send once
    #[arg(long)]
    once: bool,
    /// Stop after this many looks
    #[arg(long, value_name = "COUNT", conflicts_with = "once", value_parser = clap::value_parser!(u64).range(1..))]
    looks: Option<u64>,
    /// Print what would be sent, as Graphite lines, and send nothing
    #[arg(long)]
    print: bool,
    /// Where the kernel's figures are; in a container, the host's own
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
    let bell = Arc::new(Bell::default());
    ring_on_signals(&bell)?;
    let looks = Looks {
        args,
        host: &host,
        naming: &naming,
        bell: &bell,
    };
    if args.print {
        return looks.each(|batch| context.output.text(&Shown::lines(&lines(batch))));
    }
    let buffer = args
        .buffer
        .clone()
        .unwrap_or_else(|| context.home.directory().join("agent"));
    let monitoring = Monitoring::unattended(context, &args.scope, &buffer)?;
    let directory = buffer.join(monitoring.directory());
    let mut spool = Spool::open(&directory, args.buffer_max).map_err(|error| unopened(&error))?;
    let output = &context.output;
    output.note(format!(
        "agent: `{}` every {} to {}; buffer `{}`",
        naming.stem(),
        duration::spoken(args.interval.as_secs()),
        monitoring.described(),
        directory.display()
    ));
    let losses = Losses::default();
    losses.tell(output, spool.take_lost());
    if spool.samples() > 0 {
        output.note(format!(
            "agent: {} samples of an earlier run wait to be sent",
            spool.samples()
        ));
    }
    let spool = Mutex::new(spool);
    let outcome = std::thread::scope(|threads| {
        let collector = threads.spawn(|| {
            let ended = looks.each(|batch| {
                keep(&spool, batch, output, &losses);
                bell.ring();
                Ok(())
            });
            bell.stop();
            ended
        });
        let mut delivery = Delivery::new(Sender::new(&monitoring, &spool), output);
        delivery.until_stopped(&bell);
        let collected = collector
            .join()
            .unwrap_or_else(|_| Err(Failure::failed("the collector ended unexpectedly")));
        let delivered = delivery.the_rest();
        let stored = delivery.stored;
        output.note(match losses.samples.load(Ordering::Relaxed) {
            0 => format!("agent: stopped after {stored} samples"),
            lost => format!("agent: stopped after {stored} samples; {lost} were lost"),
        });
        collected.and(delivered)
    });
    let waiting = spool
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .samples();
    if waiting > 0 {
        output.note(format!(
            "agent: {waiting} samples wait in `{}` for the next start",
            directory.display()
        ));
    }
    // An agent that was told to stop has done its work; what waits is safe.
    if args.once || args.looks.is_some() {
        outcome
    } else {
        outcome.or_else(|failure| match failure.kind {
            Kind::Unreachable | Kind::NotLoggedIn => Ok(()),
            _ => Err(failure),
        })
    }
}

/// The default lies in the configuration directory, which a host that only sends may have no right to write.
fn unopened(error: &SpoolError) -> Failure {
    let is_io = matches!(error, SpoolError::Io { .. });
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

/// The looks at the host, in their rhythm.
struct Looks<'a> {
    args: &'a AgentArgs,
    host: &'a Host,
    naming: &'a Naming,
    bell: &'a Bell,
}

impl Looks<'_> {
    /// Hands the samples of each look to `take`, until the bell stops it or as many as were asked for are done.
    fn each(&self, mut take: impl FnMut(&Batch) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut before: Reading = self.host.read(SystemClock.now());
        let mut left = if self.args.once {
            Some(1)
        } else {
            self.args.looks
        };
        let mut pause = FIRST_WAIT.min(self.args.interval);
        while !self.bell.rest(pause) {
            let now = self.host.read(SystemClock.now());
            take(&batch(Some(&before), &now, self.naming))?;
            left = left.map(|looks| looks - 1);
            if left == Some(0) {
                return Ok(());
            }
            before = now;
            pause = until_next(SystemClock.now(), self.args.interval);
        }
        Ok(())
    }
}

/// The time until the clock shows a multiple of the interval: all agents look at the same moments, whenever they started.
fn until_next(now: Millis, interval: Duration) -> Duration {
    let interval = i64::try_from(interval.as_millis())
        .unwrap_or(i64::MAX)
        .max(1);
    let rest = interval - now.0.rem_euclid(interval);
    Duration::from_millis(u64::try_from(rest).unwrap_or(1))
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

fn keep(spool: &Mutex<Spool>, batch: &Batch, output: &Output, losses: &Losses) {
    let samples = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    let body = wire::ingest::encode::body(batch);
    let mut spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = spool.append(&body, samples) {
        losses
            .samples
            .fetch_add(u64::from(samples), Ordering::Relaxed);
        output.warn(format!("agent: {samples} samples lost: {error}"));
    }
    let lost = spool.take_lost();
    drop(spool);
    losses.tell(output, lost);
}

/// What was lost since the start: told when it happens, and again at the end.
#[derive(Debug, Default)]
struct Losses {
    samples: AtomicU64,
}

impl Losses {
    fn tell(&self, output: &Output, lost: Lost) {
        if lost.dropped > 0 {
            self.samples.fetch_add(lost.dropped, Ordering::Relaxed);
            output.warn(format!(
                "agent: the buffer is full; the {} oldest samples were dropped",
                lost.dropped
            ));
        }
        if lost.damaged > 0 {
            output.warn(format!(
                "agent: {} torn or damaged records in the buffer were left out",
                lost.damaged
            ));
        }
    }
}

/// Sends what the collector found, and says so when something changes.
struct Delivery<'a> {
    sender: Sender<'a>,
    output: &'a Output,
    stored: u64,
    /// The failure last told; not told again while it lasts.
    trouble: Option<Shown>,
}

impl<'a> Delivery<'a> {
    const fn new(sender: Sender<'a>, output: &'a Output) -> Self {
        Self {
            sender,
            output,
            stored: 0,
            trouble: None,
        }
    }

    fn until_stopped(&mut self, bell: &Bell) {
        let mut backoff = FIRST_WAIT;
        while !bell.is_stopped() {
            let seen = bell.news();
            match self.one() {
                Ok(Report::Idle) => bell.listen(seen),
                Ok(Report::Sent { .. }) => backoff = FIRST_WAIT,
                Err(_) => {
                    // New samples are no reason to ask a server sooner that is away.
                    bell.rest(backoff);
                    backoff = backoff.saturating_mul(2).min(BACKOFF_MAX);
                }
            }
        }
    }

    /// After the last look: everything that waits, unless the server is away.
    fn the_rest(&mut self) -> Result<(), Failure> {
        while self.one()? != Report::Idle {}
        Ok(())
    }

    fn one(&mut self) -> Result<Report, Failure> {
        let report = self.sender.send();
        match &report {
            Ok(Report::Sent {
                stored,
                rejected,
                reason,
            }) => {
                if self.trouble.take().is_some() {
                    self.output.note("agent: the server takes samples again");
                } else if self.stored == 0 && *stored > 0 {
                    self.output.note("agent: the server takes samples");
                }
                self.stored = self.stored.saturating_add(*stored);
                if *rejected > 0 {
                    let reason = reason.as_deref().unwrap_or("the server gave no reason");
                    self.output
                        .warn(format!("agent: {rejected} samples were rejected: {reason}"));
                }
            }
            Err(failure) if self.trouble.as_ref() != Some(&failure.message) => {
                self.output.warn(format!(
                    "agent: {}; samples wait in the buffer",
                    failure.message
                ));
                for hint in &failure.hints {
                    self.output.note(shown!("hint: {}", hint));
                }
                self.trouble = Some(failure.message.clone());
            }
            Ok(Report::Idle) | Err(_) => {}
        }
        report
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

    #[test]
    fn looks_fall_on_multiples_of_the_interval() {
        let ten = Duration::from_secs(10);
        assert_eq!(until_next(Millis(12_345), ten), Duration::from_millis(7655));
        assert_eq!(until_next(Millis(20_000), ten), ten);
        assert_eq!(until_next(Millis(-1), ten), Duration::from_millis(1));
    }
}
