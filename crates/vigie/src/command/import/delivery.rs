//! Sends what an import reads: one request at a time, at its pace, and says which units of the source are in the store.
//!
//! A unit (a file, a series, a part of a stream) counts as done when the server has answered for its last sample, and anything of
//! it was stored. Samples that were refused for now, and not for what they are, leave their unit to the next run: sending a
//! sample again changes nothing.

use super::body_outcome::{BodyOutcome, Outcome};
use super::pace::Pace;
use super::progress::Progress;
use super::reasons::Reasons;
use super::tally::{Tally, Verdict};
use crate::client::Request;
use crate::command::metrics::stop::StopFlag;
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

/// The maximum size of a request, whatever `--batch` says: half of the server's default `body_bytes`.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The end of a unit or of a part.
#[derive(Debug, Clone)]
enum Ended<U> {
    /// A file or a series.
    Unit(U),
    /// A unit whose samples came mixed with those of the unit before it.
    Sibling(U),
    /// A part of a stream.
    Part(U),
    /// It was to be a unit, and is none.
    Abandoned,
}

/// Where something ends.
#[derive(Debug, Clone)]
struct End<U> {
    /// So many samples of the body stand before it.
    at: usize,
    what: Ended<U>,
    /// The samples that were refused here, and not sent.
    refused: Reasons,
}

/// The way of samples to the server.
pub(super) struct Delivery<'a, U> {
    /// `None` in a dry run.
    monitoring: Option<Monitoring<'a>>,
    stop: Arc<StopFlag>,
    range: TimeRange,
    batch: usize,
    pace: Pace,
    pub(super) tally: Tally,
    pub(super) progress: Progress<'a>,
    body: BodyWriter,
    /// Where in the body units and parts end.
    ends: Vec<End<U>>,
    /// The outcome of the samples of the unit that has not ended, as far as the server has answered for them.
    open: Outcome,
    /// Those of them that were refused here.
    refused: Reasons,
    done: Vec<(U, Reasons)>,
}

impl<'a, U> Delivery<'a, U> {
    pub(super) fn new(
        monitoring: Option<Monitoring<'a>>,
        stop: Arc<StopFlag>,
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
            open: Outcome::default(),
            refused: Reasons::default(),
            done: Vec::new(),
        }
    }

    /// The stream that follows was imported in part, and this was rejected of that part.
    pub(super) fn resume(&mut self, rejected: Reasons) {
        self.tally.imported_in_part(&rejected);
        self.open = Outcome::of_earlier_run(rejected);
    }

    /// Counts a sample of the open unit, or a line that is none, that cannot be sent.
    pub(super) fn refuse(&mut self, name: Option<&str>, reason: &RejectReason) {
        self.refused.add(reason.code(), 1);
        self.tally.refuse(name, reason);
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
            self.refuse(Some(name.as_str()), &reason);
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
        self.add_ends([Ended::Unit(unit)]);
    }

    /// Units whose samples came mixed are at their end: they are done together, or none of them is.
    pub(super) fn end_together(&mut self, units: impl IntoIterator<Item = U>) {
        let mut units = units.into_iter();
        let first = units.next().map(Ended::Unit);
        self.add_ends(first.into_iter().chain(units.map(Ended::Sibling)));
    }

    /// A part of the unit is at its end: it counts as done like a unit, and is not counted as one. Parts are done in their order:
    /// once one is not, none after it is.
    pub(super) fn end_part(&mut self, part: U) {
        self.add_ends([Ended::Part(part)]);
    }

    /// The unit that the samples were of is not done, whatever becomes of them.
    pub(super) fn abandon(&mut self) {
        self.add_ends([Ended::Abandoned]);
    }

    fn add_ends(&mut self, all: impl IntoIterator<Item = Ended<U>>) {
        for what in all {
            let refused = std::mem::take(&mut self.refused);
            let at = self.body.len();
            self.ends.push(End { at, what, refused });
        }
        if self.body.is_empty() {
            self.settle(&BodyOutcome::default(), 0);
        }
    }

    /// The units that are done since it was asked last, and what was rejected of each; of those whose samples came mixed, all at
    /// the first one.
    pub(super) fn take_done(&mut self) -> Vec<(U, Reasons)> {
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
        let mut outcome = BodyOutcome::default();
        if self.monitoring.is_some() {
            let begun = Instant::now();
            self.deliver(body, (0, samples), &mut outcome)?;
            let wait = self.pace.wait_after(begun.elapsed(), samples);
            self.settle(&outcome, samples);
            if !wait.is_zero() {
                self.stop.wait(wait);
            }
        } else {
            self.tally.fit(samples as u64);
            self.settle(&outcome, samples);
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

    /// Sends a body, of which the first sample is the one of this number. One that the server finds too large is sent in halves,
    /// and so are the bodies after it.
    fn deliver(
        &mut self,
        body: Vec<u8>,
        (first, samples): (usize, usize),
        outcome: &mut BodyOutcome,
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
                outcome.add(&receipt, first, samples);
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
        self.deliver(split.first, (first, before), outcome)?;
        self.deliver(split.second, (first + before, samples - before), outcome)
    }

    /// Says of the units that ended in a body of so many samples whether they are done.
    fn settle(&mut self, body: &BodyOutcome, samples: usize) {
        let (mut begin, mut verdict, mut is_noted) = (0, Verdict::Imported, false);
        for End { at, what, refused } in std::mem::take(&mut self.ends) {
            self.open.add(body, begin..at);
            self.open.refuse(&refused);
            begin = at;
            match what {
                Ended::Part(part) => {
                    self.open.end_part();
                    // A part that is left to the next run leaves what follows it, too.
                    if self.open.counts_as_done() {
                        self.done.push((part, self.open.rejected().clone()));
                    }
                }
                Ended::Unit(unit) => {
                    let ended = std::mem::take(&mut self.open);
                    (verdict, is_noted) = (ended.verdict(), ended.counts_as_done());
                    self.tally.ended(verdict);
                    if is_noted {
                        self.done.push((unit, ended.into_rejected()));
                    }
                }
                Ended::Sibling(unit) => {
                    self.tally.ended(verdict);
                    if is_noted {
                        self.done.push((unit, Reasons::default()));
                    }
                }
                Ended::Abandoned => self.open = Outcome::default(),
            }
        }
        self.open.add(body, begin..samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Name;
    use crate::env::Env;
    use crate::output::{Format, Output};
    use std::collections::BTreeMap;
    use wire::receipt::{Receipt, Rejection};

    fn delivery(output: &Output) -> Delivery<'_, &'static str> {
        let tally = Tally::new("Series", 1, true);
        let progress = Progress::new(output, "series", None);
        let stop = Arc::new(StopFlag::default());
        Delivery::new(None, stop, TimeRange::ALL, (10, None), tally, progress)
    }

    fn output() -> Output {
        Output::new(Name::Vigie, Format::Text, true, &Env::default(), None)
    }

    /// The receipt of a body of ten samples of which these were rejected.
    fn outcome(rejected: &[(u64, &str)], counted: &[(&str, u64)]) -> BodyOutcome {
        let rejection = |(index, code): &(u64, &str)| Rejection {
            index: *index,
            name: None,
            code: (*code).to_owned(),
            reason: String::new(),
        };
        let counted = counted
            .iter()
            .map(|(code, count)| ((*code).to_owned(), *count));
        let receipt = Receipt {
            rejections: rejected.iter().map(rejection).collect(),
            rejected_by_code: BTreeMap::from_iter(counted),
            ..Receipt::default()
        };
        let mut outcome = BodyOutcome::default();
        outcome.add(&receipt, 0, 10);
        outcome
    }

    /// The part noted as done of a body of ten samples in which this ends.
    fn done(
        outcome: &BodyOutcome,
        ends: Vec<(usize, Ended<&'static str>)>,
    ) -> Vec<(&'static str, u64)> {
        let output = output();
        let mut delivery = delivery(&output);
        let end = |(at, what)| End {
            at,
            what,
            refused: Reasons::default(),
        };
        delivery.ends = ends.into_iter().map(end).collect();
        delivery.settle(outcome, 10);
        let done = delivery.take_done().into_iter();
        done.map(|(unit, rejected)| (unit, rejected.total()))
            .collect()
    }

    #[test]
    fn units_with_mixed_samples_are_done_together() {
        let for_now = outcome(&[(3, "account_limit")], &[]);
        let ends = vec![
            (2, Ended::Unit("a")),
            (5, Ended::Unit("b")),
            (5, Ended::Sibling("c")),
            (7, Ended::Unit("d")),
        ];
        assert_eq!(done(&for_now, ends), [("a", 0), ("d", 0)]);
        // The rest of a stream waits for the part that was refused.
        let ends = vec![
            (2, Ended::Part("a")),
            (5, Ended::Part("b")),
            (7, Ended::Part("c")),
        ];
        assert_eq!(done(&for_now, ends), [("a", 0)]);
    }

    #[test]
    fn what_was_rejected_as_a_whole_is_not_done() {
        let old = outcome(&[(2, "too_old"), (3, "too_old"), (5, "too_old")], &[]);
        let ends = vec![
            (2, Ended::Unit("whole")),
            (4, Ended::Unit("rejected")),
            (6, Ended::Unit("half")),
            (6, Ended::Unit("empty")),
        ];
        assert_eq!(done(&old, ends), [("whole", 0), ("half", 1), ("empty", 0)]);
        // Parts follow each other: once anything of a stream was stored, it is gone on from there.
        let ends = vec![(2, Ended::Part("whole")), (4, Ended::Part("rejected"))];
        assert_eq!(done(&old, ends), [("whole", 0), ("rejected", 2)]);
        let first = outcome(&[(0, "too_old"), (1, "too_old")], &[]);
        let ends = vec![(2, Ended::Part("rejected")), (4, Ended::Part("whole"))];
        assert_eq!(done(&first, ends), [("whole", 2)]);
        // Samples of what was given up are of no other unit.
        let ends = vec![(1, Ended::Abandoned), (2, Ended::Unit("rejected"))];
        assert!(done(&outcome(&[(1, "too_old")], &[]), ends).is_empty());
    }

    /// A receipt lists the first rejections alone.
    #[test]
    fn a_unit_is_not_done_where_nobody_knows_what_was_rejected_of_it() {
        let counted = outcome(&[(1, "too_old")], &[("too_old", 3)]);
        let ends = vec![
            (1, Ended::Unit("whole")),
            (3, Ended::Unit("perhaps")),
            (10, Ended::Unit("also")),
        ];
        assert_eq!(done(&counted, ends), [("whole", 0)]);
        // All in one unit, they are its own.
        let ends = vec![(10, Ended::Unit("one"))];
        assert_eq!(done(&counted, ends), [("one", 3)]);
    }

    #[test]
    fn what_is_refused_here_counts_as_rejected() {
        let output = output();
        let mut delivery = delivery(&output);
        let name = SeriesName::parse("a.b").unwrap();
        delivery.push(&name, Millis(1000), f64::INFINITY).unwrap();
        delivery.end("infinite");
        delivery.push(&name, Millis(1000), f64::NAN).unwrap();
        delivery.end("empty");
        delivery.push(&name, Millis(1000), f64::INFINITY).unwrap();
        delivery.push(&name, Millis(2000), 1.0).unwrap();
        delivery.end("half");
        delivery.flush().unwrap();
        let done = delivery.take_done();
        let done: Vec<_> = done
            .iter()
            .map(|(unit, reasons)| (*unit, reasons.total()))
            .collect();
        assert_eq!(done, [("empty", 0), ("half", 1)]);
    }
}
