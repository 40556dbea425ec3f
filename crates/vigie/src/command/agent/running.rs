//! The agent while it runs: a thread that takes readings, those of the listeners, one that writes what they take into the buffer,
//! and this one, which sends.

use super::delivery::{Delivery, DeliveryTotals, ToServer};
use super::listener_args::{self, ListenerArgs};
use super::losses::{self, Losses, append_body};
use super::old_buffers;
use super::own_figures::OwnFigures;
use super::run_args::RunArgs;
use super::signals::{end_in_time, stop_on_signals};
use super::textfile_args::TextfileCollector;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::figures;
use crate::monitoring::Monitoring;
use crate::output::{Output, when_stdout_closes};
use crate::printable_text::{PrintableText, escaped};
use agent::{
    Bypass, Host, Intake, Journal, JournalError, Listeners, NamePrefix, Notifier, Refusals,
    Schedule, Sender, WhenFull,
};
use base::sample::Batch;
use base::time::{Clock as _, Millis, SystemClock};
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long samples of others wait for more, so that a sender of single lines does not cost a request for each.
const GATHERING: Duration = Duration::from_millis(500);

/// How long a record that the disk does not take waits to be sent before the disk is tried again.
const OFFER_MAX: Duration = Duration::from_secs(5);

/// How long after the stop such records are still sent. Those that are not by then are lost, and counted.
const LAST_OFFERS_MAX: Duration = Duration::from_secs(5);

/// How long after that the buffer is still sent, where the agent was told to end.
const REST_MAX: Duration = Duration::from_secs(8);

/// Runs until it is stopped.
pub(super) fn run(args: &RunArgs, context: &Context) -> Result<(), Failure> {
    args.check()?;
    let output = &context.output;
    let host = Host::new(&args.proc);
    let name = host_name(args, &host)?;
    let naming = naming(args, &name)?;
    let notifier = Arc::new(Notifier::default());
    stop_on_signals(&notifier)?;
    let schedule = Schedule {
        host: (!args.no_host_metrics).then_some(&host),
        naming: &naming,
        notifier: &notifier,
        interval: args.interval,
        count: if args.once { Some(1) } else { args.readings },
    };
    let mut files = args.textfiles.files(&name, output)?;
    if args.print {
        let to_stop = Arc::clone(&notifier);
        when_stdout_closes(move || to_stop.stop());
        return schedule.run(|mut batch, now| {
            if let Some(files) = &mut files {
                files.read(now, &mut batch);
            }
            output.text(&PrintableText::lines(&lines(&batch)))
        });
    }
    // Before the server is asked anything: an address that is taken is told at once.
    let listeners = args.listeners.bind()?;
    let buffer = args
        .buffer
        .clone()
        .unwrap_or_else(|| context.home.directory().join("agent"));
    let default_scope = args.default_scope.as_deref();
    let monitoring = Monitoring::for_agent(context, (&args.scope, default_scope), &buffer)?;
    let directory = buffer.join(monitoring.directory());
    let mut journal = Journal::open(&directory, args.buffer_max, WhenFull::DropOldest)
        .map_err(|error| cannot_open(&error))?;
    monitoring.bind_buffer(&directory);
    let what = match args.no_host_metrics {
        true => "without metrics of its host,".to_owned(),
        false => format!("`{}`", naming.stem()),
    };
    output.note(format!(
        "agent: {what} {} to {}; buffer `{}`",
        args.how_often(),
        monitoring.described(),
        directory.display()
    ));
    tell_listeners(&listeners, output);
    old_buffers::warn(output, &directory);
    let losses = Losses::default();
    losses.report(output, journal.take_lost());
    if journal.weight() > 0 {
        output.note(format!(
            "agent: {} to be sent",
            figures::counted(
                journal.weight(),
                "sample of an earlier run waits",
                "samples of an earlier run wait"
            )
        ));
    }
    let journal = Mutex::new(journal);
    let running = AgentContext {
        args,
        output,
        notifier: &notifier,
        listeners: &listeners,
        journal: &journal,
        losses: &losses,
        sent: &DeliveryTotals::default(),
        intake: &Intake::default(),
        bypass: &Bypass::default(),
    };
    let outcome = running.until_the_end(&monitoring, &schedule, files);
    let waiting = running.journal().weight();
    if waiting > 0 {
        output.note(format!(
            "agent: {} in `{}` for the next start",
            figures::counted(waiting, "sample waits", "samples wait"),
            directory.display()
        ));
    }
    // A stop was asked for, so this is success; unsent samples are safe in the buffer.
    if args.is_counted() {
        outcome
    } else {
        outcome.or_else(|failure| match failure.kind {
            Kind::Unreachable | Kind::NotLoggedIn => Ok(()),
            _ => Err(failure),
        })
    }
}

/// The state that all threads of the agent share.
#[derive(Debug, Clone, Copy)]
struct AgentContext<'a> {
    args: &'a RunArgs,
    output: &'a Output,
    notifier: &'a Notifier,
    listeners: &'a Listeners,
    journal: &'a Mutex<Journal>,
    losses: &'a Losses,
    sent: &'a DeliveryTotals,
    intake: &'a Intake,
    /// For what the journal cannot take.
    bypass: &'a Bypass,
}

impl AgentContext<'_> {
    fn until_the_end(
        &self,
        monitoring: &Monitoring<'_>,
        schedule: &Schedule<'_>,
        files: Option<TextfileCollector<'_>>,
    ) -> Result<(), Failure> {
        let unexpected = |what| Failure::failed(format!("{what} ended unexpectedly"));
        let is_counted = self.args.is_counted();
        let over = Notifier::default();
        std::thread::scope(|threads| {
            if !is_counted {
                threads.spawn(|| end_in_time(self.notifier, &over, self.output));
            }
            let collector = threads.spawn(move || self.collect(schedule, files));
            let serving = (!self.listeners.is_empty()).then(|| threads.spawn(|| self.serve()));
            let writing = threads.spawn(|| self.write());
            // In a thread of its own, because this one sends to the last what the disk does not take.
            let ending = threads.spawn(move || {
                let collected = collector
                    .join()
                    .unwrap_or_else(|_| Err(unexpected("the collector")));
                let served = serving.map_or(Ok(()), |serving| {
                    serving
                        .join()
                        .unwrap_or_else(|_| Err(unexpected("a listener")))
                });
                self.add_last_figures(schedule.naming);
                self.intake.close();
                // A panic in it has nothing to add.
                drop(writing.join());
                collected.and(served)
            });
            let sender = Sender::new(ToServer(monitoring), self.journal).past(self.bypass);
            let mut delivery = Delivery::new(sender, self.sent, self.output);
            let gathering = match self.listeners.is_empty() {
                true => Duration::ZERO,
                false => GATHERING,
            };
            delivery.send_until_stopped(self.notifier, gathering);
            delivery.send_offered_until(|| ending.is_finished());
            let ended = ending
                .join()
                .unwrap_or_else(|_| Err(unexpected("a thread")));
            let delivered = delivery.send_rest((!is_counted).then_some(REST_MAX));
            // What was damaged is seen when it is read to be sent.
            self.losses.report(self.output, self.journal().take_lost());
            let (stored, rejected) = self.sent.totals();
            let lost = self.losses.samples.load(Ordering::Relaxed);
            let after = figures::counted(stored, "sample", "samples");
            self.output.note(match lost {
                0 => format!("agent: stopped after {after}"),
                1 => format!("agent: stopped after {after}; 1 was lost"),
                lost => format!("agent: stopped after {after}; {lost} were lost"),
            });
            over.stop();
            let all = if is_counted {
                missing(stored, rejected, lost)
            } else {
                Ok(())
            };
            ended.and(delivered).and(all)
        })
    }

    fn collect(
        &self,
        schedule: &Schedule<'_>,
        mut files: Option<TextfileCollector<'_>>,
    ) -> Result<(), Failure> {
        let _stops = self.notifier.stop_when_dropped();
        schedule.run(|mut batch, now| {
            if let Some(files) = &mut files {
                files.read(now, &mut batch);
            }
            self.add_figures(schedule.naming, now, &mut batch);
            self.append(&batch);
            Ok(())
        })
    }

    /// The agent's own figures, where others send through it.
    fn add_figures(&self, naming: &NamePrefix, now: Millis, batch: &mut Batch) {
        if self.listeners.is_empty() {
            return;
        }
        let figures = OwnFigures {
            naming,
            listeners: self.listeners,
            sent: self.sent,
            losses: self.losses,
        };
        figures.add(now, self.journal().weight(), batch);
    }

    /// The same once more, when nobody sends any more: what came since the last reading is counted in no other.
    fn add_last_figures(&self, naming: &NamePrefix) {
        let mut batch = Batch::default();
        self.add_figures(naming, SystemClock.now(), &mut batch);
        if !batch.is_empty() {
            self.append(&batch);
        }
    }

    fn append(&self, batch: &Batch) {
        losses::append((self.journal, self.output, self.losses), batch, self.intake);
        self.notifier.notify();
    }

    /// Lets senders in.
    fn serve(&self) -> Result<(), Failure> {
        let _stops = self.notifier.stop_when_dropped();
        let on_refused = |kind: agent::ListenerKind, refused: Refusals| {
            self.output.warn(escaped!(
                "agent: {}: {} refused; the first: {}",
                kind.word(),
                figures::counted(refused.count, "sample was", "samples were"),
                PrintableText::untrusted(&refused.first)
            ));
        };
        let served = self.listeners.serve(self.intake, self.notifier, on_refused);
        served.map_err(|error| listener_args::failure(&error))
    }

    /// Writes into the buffer what senders have sent, and readings that it did not take. What the disk does not take is sent past
    /// it.
    fn write(&self) {
        let _stops = self.notifier.stop_when_dropped();
        let (mut trouble, mut stopped_at) = (None, None);
        let given_up = self.intake.write(|body, samples| {
            let outcome = append_body((self.journal, self.output, self.losses), body, samples);
            match outcome {
                Ok(()) => {
                    if trouble.take().is_some() {
                        self.output.note("agent: the buffer takes samples again");
                    }
                    self.notifier.notify();
                    true
                }
                Err(error) => {
                    let text = error.to_string();
                    if trouble.as_ref() != Some(&text) {
                        self.output.warn(format!(
                            "agent: {text}; samples are sent without the buffer, and wait in memory while the server is unreachable"
                        ));
                        trouble = Some(text);
                    }
                    self.offer(body, samples, &mut stopped_at)
                }
            }
        });
        if given_up > 0 {
            self.losses.samples.fetch_add(given_up, Ordering::Relaxed);
            self.output.warn(format!(
                "agent: {given_up} samples were lost: neither the disk nor the server took them"
            ));
        }
    }

    /// Has a record sent that the disk does not take; whether the server has accounted for it.
    fn offer(&self, body: &[u8], samples: u32, stopped_at: &mut Option<Instant>) -> bool {
        let begun = Instant::now();
        self.bypass
            .offer(body, samples, self.notifier, |is_being_sent| {
                if self.notifier.is_stopped() {
                    let stopped_at = stopped_at.get_or_insert_with(Instant::now);
                    return stopped_at.elapsed() < LAST_OFFERS_MAX;
                }
                is_being_sent || begun.elapsed() < OFFER_MAX
            })
    }

    // A panic leaves the journal consistent: it is changed only after everything that can fail.
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which listeners are open.
fn tell_listeners(listeners: &Listeners, output: &Output) {
    for (kind, address) in listeners.addresses() {
        output.note(format!(
            "agent: {} is taken at {address} by TCP and UDP, and sent as this agent",
            kind.word()
        ));
        if ListenerArgs::is_remote(address) {
            output.warn(format!(
                "agent: anyone who can reach {address} sends under this agent's identity"
            ));
        }
    }
}

/// The failure where not everything that was read is stored, though all was sent.
fn missing(stored: u64, rejected: u64, lost: u64) -> Result<(), Failure> {
    let samples = |count| figures::counted(count, "sample was", "samples were");
    let what = match (rejected, lost) {
        (0, 0) => return Ok(()),
        (rejected, 0) => format!("{} rejected", samples(rejected)),
        (0, lost) => format!("{} lost", samples(lost)),
        (rejected, lost) => format!("{} rejected, and {} lost", samples(rejected), samples(lost)),
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

fn host_name(args: &RunArgs, host: &Host) -> Result<String, Failure> {
    args.host.clone().or_else(|| host.name()).ok_or_else(|| {
        Failure::failed(format!(
            "`{}` does not contain the host's name",
            args.proc.display()
        ))
        .hint("give it with `--host NAME`")
    })
}

fn naming(args: &RunArgs, name: &str) -> Result<NamePrefix, Failure> {
    let naming = NamePrefix::new(&args.prefix, name);
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
    fn regression_7_one_lost_sample_is_told_in_the_singular() {
        let message = |rejected, lost| missing(1, rejected, lost).unwrap_err().to_string();
        assert_eq!(message(1, 0), "1 sample was rejected");
        assert_eq!(message(0, 1), "1 sample was lost");
        assert_eq!(
            message(2, 1),
            "2 samples were rejected, and 1 sample was lost"
        );
        assert!(missing(1, 0, 0).is_ok());
    }
}
