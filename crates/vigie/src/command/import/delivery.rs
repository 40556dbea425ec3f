//! Sends what an import reads: one request at a time, at its pace, and says which units of the source are in the store.
//!
//! A unit (a file, a series, a part of a stream) counts as done when the server has answered for its last sample. Samples that
//! were refused for now, and not for what they are, leave their unit to the next run: sending a sample again changes nothing.

use super::pace::Pace;
use super::progress::Progress;
use super::tally::Tally;
use crate::client::Request;
use crate::command::metrics::stop::Stop;
use crate::error::{Failure, Kind};
use crate::monitoring::{Monitoring, RetryPolicy};
use crate::receipt::receipt;
use base::name::SeriesName;
use base::sample::{RejectReason, Sample};
use base::series::SeriesKey;
use base::time::{Millis, TimeRange};
use std::sync::Arc;
use std::time::Instant;
use wire::ingest::encode::BodyWriter;
use wire::ingest::split_body::split_body;
use wire::receipt::Receipt;

/// The maximum size of a request, whatever `--batch` says: half of the server's default `body_bytes`.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The reasons of rejections that pass with time.
const PASSING: [&str; 2] = [RejectReason::ACCOUNT_LIMIT, "full"];

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndKind {
    /// A file or a series.
    Unit,
    /// A unit whose samples came mixed with those of the unit before it.
    Sibling,
    /// A part of a stream.
    Part,
}

/// The way of samples to the server.
pub(super) struct Delivery<'a, U> {
    /// `None` in a dry run.
    monitoring: Option<Monitoring<'a>>,
    stop: Arc<Stop>,
    range: TimeRange,
    batch: usize,
    pace: Pace,
    pub(super) tally: Tally,
    pub(super) progress: Progress<'a>,
    body: BodyWriter,
    /// Where in the body units and parts end.
    ends: Vec<(usize, U, EndKind)>,
    /// Whether a sample of the unit that has not ended was refused for now.
    is_open_spoiled: bool,
    done: Vec<U>,
}

impl<'a, U> Delivery<'a, U> {
    pub(super) fn new(
        monitoring: Option<Monitoring<'a>>,
        stop: Arc<Stop>,
        range: TimeRange,
        (batch, rate): (u32, Option<u32>),
        tally: Tally,
        progress: Progress<'a>,
    ) -> Self {
        let batch = batch as usize;
        Self {
            monitoring,
            stop,
            range,
            batch,
            pace: Pace::new(rate, batch),
            tally,
            progress,
            body: BodyWriter::new(),
            ends: Vec::new(),
            is_open_spoiled: false,
            done: Vec::new(),
        }
    }

    /// Adds a sample, and sends when there are enough.
    pub(super) fn push(
        &mut self,
        name: &SeriesName<'_>,
        at: Millis,
        value: f64,
    ) -> Result<(), Failure> {
        if !self.range.contains(at) {
            self.tally.outside();
        } else if value.is_nan() {
            self.tally.without_value();
        } else if value.is_infinite() {
            let reason = RejectReason::Value(format!("the value {value} is not a finite number"));
            self.tally.refuse(Some(name.as_str()), &reason);
        } else {
            let key = SeriesKey::from(name);
            self.body.push(&Sample { key, at, value });
            if self.body.len() >= self.batch || self.body.bytes() >= BODY_BYTES_MAX {
                return self.flush();
            }
        }
        Ok(())
    }

    /// The unit that the samples were of is at its end.
    pub(super) fn end(&mut self, unit: U) {
        self.add_end(unit, EndKind::Unit);
    }

    /// Units whose samples came mixed are at their end: they are done together, or none of them is.
    pub(super) fn end_together(&mut self, units: impl IntoIterator<Item = U>) {
        let mut kind = EndKind::Unit;
        for unit in units {
            self.ends.push((self.body.len(), unit, kind));
            kind = EndKind::Sibling;
        }
        if self.body.is_empty() {
            self.settle(&RetryableRejections::default());
        }
    }

    /// A part of the unit is at its end: it counts as done like a unit, and is not counted as one. Parts are done in their order: once
    /// one is not, none behind it is.
    pub(super) fn end_part(&mut self, part: U) {
        self.add_end(part, EndKind::Part);
    }

    fn add_end(&mut self, unit: U, kind: EndKind) {
        self.ends.push((self.body.len(), unit, kind));
        if self.body.is_empty() {
            self.settle(&RetryableRejections::default());
        }
    }

    /// The unit that the samples were of is not done, whatever becomes of them.
    pub(super) fn abandon(&mut self) {
        self.is_open_spoiled = false;
    }

    /// The units that are done since it was asked last.
    pub(super) fn take_done(&mut self) -> Vec<U> {
        std::mem::take(&mut self.done)
    }

    /// Sends what there is, and waits for the answer.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.progress.update(self.tally.sent());
        self.check_stop()?;
        if self.body.is_empty() {
            return Ok(());
        }
        let samples = self.body.len();
        let body = std::mem::take(&mut self.body).finish();
        let mut spoiled = RetryableRejections::default();
        if self.monitoring.is_some() {
            let begun = Instant::now();
            self.deliver(body, (0, samples), &mut spoiled)?;
            let wait = self.pace.wait_after(begun.elapsed(), samples);
            self.settle(&spoiled);
            if !wait.is_zero() {
                self.stop.wait(wait);
            }
        } else {
            self.tally.fit(samples as u64);
            self.settle(&spoiled);
        }
        self.progress.update(self.tally.sent());
        Ok(())
    }

    /// Fails once a signal has come.
    pub(super) fn check_stop(&self) -> Result<(), Failure> {
        match self.stop.signal() {
            None => Ok(()),
            Some(signal) => Err(Failure::new(Kind::Partial, format!("stopped by {signal}"))),
        }
    }

    /// Sends a body, of which the first sample is the one of this number. One that the server finds too large is sent in halves, and
    /// so are the bodies after it.
    fn deliver(
        &mut self,
        body: Vec<u8>,
        (first, samples): (usize, usize),
        spoiled: &mut RetryableRejections,
    ) -> Result<(), Failure> {
        let Some(monitoring) = &self.monitoring else {
            return Ok(());
        };
        let url = monitoring.url("/v1/metrics");
        let reply = monitoring.exchange_while(
            || Request::post(&url).body("application/json", body.clone()),
            RetryPolicy::Patient,
            |wait| self.stop.wait(wait),
        );
        let failure = match reply.and_then(|reply| receipt(&reply, samples as u64)) {
            Ok(receipt) => {
                self.tally.receive(&receipt);
                spoiled.add(&receipt, first, samples);
                return Ok(());
            }
            Err(failure) => failure,
        };
        self.check_stop()?;
        let Some(split) = split_body(&body).filter(|_| failure.status == Some(413)) else {
            return Err(failure);
        };
        drop(body);
        self.batch = self.batch.min((samples / 2).max(1));
        let before = split.first_samples.min(samples);
        self.deliver(split.first, (first, before), spoiled)?;
        self.deliver(split.second, (first + before, samples - before), spoiled)
    }

    /// Says of the units that ended in a body whether they are done.
    fn settle(&mut self, spoiled: &RetryableRejections) {
        let (mut begin, mut is_spoiled) = (0, false);
        for (end, unit, kind) in std::mem::take(&mut self.ends) {
            if kind != EndKind::Sibling {
                is_spoiled = std::mem::take(&mut self.is_open_spoiled) || spoiled.has(begin, end);
            }
            begin = end;
            let is_unit = kind != EndKind::Part;
            // A part that is left to the next run leaves what follows it, too.
            self.is_open_spoiled = is_spoiled && !is_unit;
            match (is_spoiled, is_unit) {
                (true, true) => self.tally.left_for_later(),
                (true, false) => {}
                (false, _) => {
                    if is_unit {
                        self.tally.imported();
                    }
                    self.done.push(unit);
                }
            }
        }
        self.is_open_spoiled |= spoiled.has(begin, usize::MAX);
    }
}

/// The samples of a body that were refused for now.
#[derive(Debug, Default)]
struct RetryableRejections {
    /// By their number in the body.
    samples: Vec<usize>,
    /// Parts of the body of which the receipt does not list which ones they are.
    parts: Vec<(usize, usize)>,
}

impl RetryableRejections {
    /// Those of the receipt for the samples from `first` on.
    fn add(&mut self, receipt: &Receipt, first: usize, samples: usize) {
        let is_passing = |code: &str| PASSING.contains(&code);
        let listed = receipt
            .rejections
            .iter()
            .filter(|own| is_passing(&own.code));
        let before = self.samples.len();
        self.samples
            .extend(listed.filter_map(|own| Some(first + usize::try_from(own.index).ok()?)));
        let listed = (self.samples.len() - before) as u64;
        let counted = receipt.rejected_by_code.iter();
        let counted: u64 = counted
            .filter(|(code, _)| is_passing(code))
            .map(|(_, count)| *count)
            .sum();
        if counted > listed {
            self.parts.push((first, first + samples));
        }
    }

    /// Whether one of them lies between these two.
    fn has(&self, begin: usize, end: usize) -> bool {
        let is_within = |at: &usize| (begin..end).contains(at);
        self.samples.iter().any(is_within)
            || self
                .parts
                .iter()
                .any(|(from, to)| *from < end && begin < *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Name;
    use crate::env::Env;
    use crate::output::{Format, Output};
    use std::collections::BTreeMap;
    use wire::receipt::Rejection;

    fn receipt_of(codes: &[(u64, &str)], counted: &[(&str, u64)]) -> Receipt {
        let rejection = |(index, code): &(u64, &str)| Rejection {
            index: *index,
            name: None,
            code: (*code).to_owned(),
            reason: String::new(),
        };
        let counted = counted
            .iter()
            .map(|(code, count)| ((*code).to_owned(), *count));
        Receipt {
            rejections: codes.iter().map(rejection).collect(),
            rejected_by_code: BTreeMap::from_iter(counted),
            ..Receipt::default()
        }
    }

    #[test]
    fn units_with_mixed_samples_are_done_together() {
        let output = Output::new(Name::Vigie, Format::Text, true, &Env::default(), None);
        let spoiled = RetryableRejections {
            samples: vec![3],
            parts: Vec::new(),
        };
        let ends = |ends: &[(usize, &'static str, EndKind)]| {
            let tally = Tally::new("Series", 1, true);
            let progress = Progress::new(&output, "series", None);
            let stop = Arc::new(Stop::default());
            let pace = (10, None);
            let mut delivery = Delivery::new(None, stop, TimeRange::ALL, pace, tally, progress);
            delivery.ends = ends.to_vec();
            delivery.settle(&spoiled);
            delivery.take_done()
        };
        let (unit, sibling, part) = (EndKind::Unit, EndKind::Sibling, EndKind::Part);
        assert_eq!(
            ends(&[
                (2, "a", unit),
                (5, "b", unit),
                (5, "c", sibling),
                (7, "d", unit)
            ]),
            ["a", "d"]
        );
        // The rest of a stream waits for the part that was refused.
        assert_eq!(
            ends(&[(2, "a", part), (5, "b", part), (7, "c", part)]),
            ["a"]
        );
    }

    #[test]
    fn retryable_rejections_leave_their_unit_to_the_next_run() {
        let mut spoiled = RetryableRejections::default();
        spoiled.add(
            &receipt_of(&[(3, "too_old"), (5, "account_limit")], &[]),
            100,
            50,
        );
        assert!(!spoiled.has(0, 105) && spoiled.has(105, 106) && !spoiled.has(106, usize::MAX));
        // The receipt lists the first ones alone: any later one may be of them.
        let counted = [("account_limit", 2), ("too_old", 1)];
        spoiled.add(
            &receipt_of(&[(0, "account_limit"), (1, "too_old")], &counted),
            200,
            10,
        );
        assert!(spoiled.has(209, 210) && !spoiled.has(210, 300) && !spoiled.has(106, 200));
    }
}
