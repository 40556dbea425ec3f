//! Sends the samples in the buffer, and reports changes.

use crate::client::Request;
use crate::error::Failure;
use crate::figures::counted;
use crate::monitoring::{Monitoring, RetryPolicy};
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use crate::receipt::receipt;
use agent::{Destination, Notifier, Report, SendError, Sender, Verdict};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The first wait after a failure.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// The longest wait after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How often is looked for what the disk does not take while the agent ends.
const TICK: Duration = Duration::from_millis(10);
/// The server could not read the body at all.
const BODY_MALFORMED: &str = "BXNMSMT01E";

/// The metrics API as the agent's destination.
#[derive(Debug)]
pub(super) struct ToServer<'a>(pub(super) &'a Monitoring<'a>);

impl Destination for ToServer<'_> {
    type Error = Failure;

    fn deliver(&self, body: &[u8], samples: u64) -> Result<Verdict, Failure> {
        let url = self.0.url("/v1/metrics");
        let make = || Request::post(&url).body("application/json", body.to_owned());
        let reply = self.0.exchange(make, RetryPolicy::Once)?;
        let refusal = match receipt(&reply, samples) {
            Ok(receipt) => return Ok(Verdict::Receipt(receipt)),
            Err(refusal) => refusal,
        };
        let text = refusal.text.as_deref();
        let reason = text.unwrap_or_else(|| refusal.message.as_str()).to_owned();
        match reply.status {
            413 => Ok(Verdict::TooLarge { reason }),
            _ if refusal.code.as_deref() == Some(BODY_MALFORMED) => {
                Ok(Verdict::Hopeless { reason })
            }
            _ => Err(refusal),
        }
    }
}

/// The outcome of the samples sent.
#[derive(Debug, Default)]
pub(super) struct DeliveryTotals {
    pub(super) stored: AtomicU64,
    /// Samples that the server will never store.
    pub(super) rejected: AtomicU64,
}

impl DeliveryTotals {
    /// How many were stored, and how many were rejected.
    pub(super) fn totals(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.stored), read(&self.rejected))
    }
}

/// Sends the samples in the buffer, and reports changes.
pub(super) struct Delivery<'a> {
    sender: Sender<'a, ToServer<'a>>,
    sent: &'a DeliveryTotals,
    output: &'a Output,
    /// The failure last reported; it is not repeated while it lasts.
    trouble: Option<PrintableText>,
}

impl<'a> Delivery<'a> {
    /// Reports on `output`.
    pub(super) const fn new(
        sender: Sender<'a, ToServer<'a>>,
        sent: &'a DeliveryTotals,
        output: &'a Output,
    ) -> Self {
        Self {
            sender,
            sent,
            output,
            trouble: None,
        }
    }

    /// Sends whenever there are samples, until the notifier stops it. The first ones after a pause wait so long for others.
    pub(super) fn send_until_stopped(&mut self, notifier: &Notifier, gathering: Duration) {
        let mut backoff = BACKOFF_MIN;
        while !notifier.is_stopped() {
            let seen = notifier.notifications();
            match self.send_one() {
                Ok(Report::Idle) => {
                    notifier.wait_for_next(seen);
                    // Whoever offers what the disk does not take is waiting.
                    if !self.sender.is_offered() {
                        notifier.sleep(gathering);
                    }
                }
                Ok(Report::Sent { .. }) => backoff = BACKOFF_MIN,
                Err(_) => {
                    // New samples do not shorten the wait after a failure.
                    notifier.sleep(backoff);
                    backoff = backoff.saturating_mul(2).min(BACKOFF_MAX);
                }
            }
        }
    }

    /// Sends what the disk does not take, until whoever might offer it has ended.
    pub(super) fn send_offered_until(&mut self, ended: impl Fn() -> bool) {
        while !ended() {
            let sent = self.sender.send_offered();
            if !matches!(self.report(sent), Ok(Report::Sent { .. })) {
                std::thread::sleep(TICK);
            }
        }
    }

    /// After the last reading: sends everything in the buffer, until the first failure; at most for so long, if that is said. The
    /// rest waits for the next start.
    pub(super) fn send_rest(&mut self, time: Option<Duration>) -> Result<(), Failure> {
        let begun = Instant::now();
        while self.send_one()? != Report::Idle {
            if time.is_some_and(|time| begun.elapsed() >= time) {
                break;
            }
        }
        Ok(())
    }

    fn send_one(&mut self) -> Result<Report, Failure> {
        let report = self.sender.send().map_err(|error| match error {
            SendError::Destination(failure) => failure,
            SendError::Journal(error) => Failure::failed(error.to_string()),
        });
        self.report(report)
    }

    fn report(&mut self, report: Result<Report, Failure>) -> Result<Report, Failure> {
        match &report {
            Ok(Report::Sent {
                stored,
                rejected,
                reason,
            }) => {
                if self.trouble.take().is_some() {
                    self.output.note("agent: the server takes samples again");
                } else if self.sent.totals().0 == 0 && *stored > 0 {
                    self.output.note("agent: the server takes samples");
                }
                self.sent.stored.fetch_add(*stored, Ordering::Relaxed);
                self.sent.rejected.fetch_add(*rejected, Ordering::Relaxed);
                if *rejected > 0 {
                    let reason = reason
                        .as_deref()
                        .map_or("the server gave no reason".into(), PrintableText::untrusted);
                    self.output.warn(escaped!(
                        "agent: {} rejected: {}",
                        counted(*rejected, "sample was", "samples were"),
                        reason
                    ));
                }
            }
            Err(failure) if self.trouble.as_ref() != Some(&failure.message) => {
                self.output.warn(format!(
                    "agent: {}; samples wait in the buffer",
                    failure.message
                ));
                for hint in &failure.hints {
                    self.output.note(escaped!("hint: {}", hint));
                }
                self.trouble = Some(failure.message.clone());
            }
            Ok(Report::Idle) | Err(_) => {}
        }
        report
    }
}
