//! The outcome of the parts of a body by a server's receipts: which samples were rejected for good, and which for now.

use super::reasons::Reasons;
use super::tally::Verdict;
use base::sample::RejectReason;
use std::ops::Range;
use wire::receipt::Receipt;

/// The reasons of rejections that pass with time.
const PASSING: [&str; 2] = [RejectReason::ACCOUNT_LIMIT, "full"];

fn is_passing(code: &str) -> bool {
    PASSING.contains(&code)
}

/// The rejected samples of a body.
#[derive(Debug, Default)]
pub(super) struct BodyOutcome {
    /// The rejections that the receipts list, by their number in the body.
    listed: Vec<(usize, String)>,
    /// The rejections that the receipts only count.
    counted: Vec<CountedRejections>,
}

/// Rejections of which the receipt does not list which samples they are of.
#[derive(Debug)]
struct CountedRejections {
    /// They lie in this part of the body: after the listed ones, which are the first.
    samples: Range<usize>,
    reasons: Reasons,
    /// Whether one of them may pass with time.
    is_passing: bool,
}

impl BodyOutcome {
    /// Adds the receipt for the samples from `first` on.
    pub(super) fn add(&mut self, receipt: &Receipt, first: usize, samples: usize) {
        let mut begin = first;
        for rejection in &receipt.rejections {
            if let Ok(index) = usize::try_from(rejection.index) {
                let at = first.saturating_add(index);
                begin = begin.max(at.saturating_add(1));
                self.listed.push((at, rejection.code.clone()));
            }
        }
        let mut reasons = Reasons::default();
        let mut is_any_passing = false;
        for (code, count) in &receipt.rejected_by_code {
            // These counts include the listed ones.
            let listed = receipt
                .rejections
                .iter()
                .filter(|rejection| rejection.code == *code);
            let unlisted = count.saturating_sub(listed.count() as u64);
            reasons.add(code, unlisted);
            is_any_passing |= unlisted > 0 && is_passing(code);
        }
        if !reasons.is_empty() {
            let end = first.saturating_add(samples);
            // A receipt that lists others than the first ones says nothing of where the rest is.
            if (end.saturating_sub(begin) as u64) < reasons.total() {
                begin = first;
            }
            self.counted.push(CountedRejections {
                samples: begin..end,
                reasons,
                is_passing: is_any_passing,
            });
        }
    }
}

/// The outcome of the samples of a unit, or of a stream so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Whether any of them was taken.
    has_kept: bool,
    /// Those that were rejected.
    rejected: Reasons,
    /// Whether any was refused for now.
    is_spoiled: bool,
    /// Whether others may have been rejected, which were perhaps of a neighbour.
    is_uncertain: bool,
}

impl Outcome {
    /// Of a stream of which an earlier run has stored a part.
    pub(super) fn of_earlier_run(rejected: Reasons) -> Self {
        Self {
            has_kept: true,
            rejected,
            ..Self::default()
        }
    }

    /// Adds the samples of this part of a body.
    pub(super) fn add(&mut self, body: &BodyOutcome, part: Range<usize>) {
        let mut rejected = 0;
        for (at, code) in &body.listed {
            if part.contains(at) {
                self.rejected.add(code, 1);
                self.is_spoiled |= is_passing(code);
                rejected += 1;
            }
        }
        for counted in &body.counted {
            let Range { start, end } = counted.samples;
            let here = end.min(part.end).saturating_sub(start.max(part.start));
            if here == 0 {
                continue;
            }
            self.is_spoiled |= counted.is_passing;
            self.is_uncertain |= here < end - start;
            // Of a stream they are counted once, where the last one may be.
            if part.contains(&(end - 1)) {
                self.rejected.merge(&counted.reasons);
            }
            let all = usize::try_from(counted.reasons.total()).unwrap_or(usize::MAX);
            rejected += if all >= end - start {
                here
            } else if here == end - start {
                all
            } else {
                0
            };
        }
        self.has_kept |= part.len() > rejected;
    }

    /// Adds samples that were refused without being sent.
    pub(super) fn refuse(&mut self, refused: &Reasons) {
        self.rejected.merge(refused);
    }

    /// A part of a stream is at its end: what lies in the next one is of the same stream.
    pub(super) const fn end_part(&mut self) {
        self.is_uncertain = false;
    }

    /// The verdict on a unit with this outcome.
    pub(super) const fn verdict(&self) -> Verdict {
        if self.is_spoiled {
            Verdict::ToBeRepeated
        } else if self.has_kept || self.rejected.is_empty() {
            Verdict::Imported
        } else {
            Verdict::Rejected
        }
    }

    /// Whether the next run need not send it again. What was rejected as a whole is sent again, so that the reasons are told again.
    pub(super) const fn counts_as_done(&self) -> bool {
        matches!(self.verdict(), Verdict::Imported) && !self.is_uncertain
    }

    /// The samples that were rejected.
    pub(super) const fn rejected(&self) -> &Reasons {
        &self.rejected
    }

    /// The samples that were rejected, for who keeps them.
    pub(super) fn into_rejected(self) -> Reasons {
        self.rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use wire::receipt::Rejection;

    fn receipt(codes: &[(u64, &str)], counted: &[(&str, u64)]) -> Receipt {
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
    fn retryable_rejections_leave_their_unit_to_the_next_run() {
        let mut body = BodyOutcome::default();
        let is_spoiled = |body: &BodyOutcome, part: Range<usize>| {
            let mut outcome = Outcome::default();
            outcome.add(body, part);
            outcome.is_spoiled
        };
        body.add(
            &receipt(&[(3, "too_old"), (5, "account_limit")], &[]),
            100,
            50,
        );
        assert!(!is_spoiled(&body, 0..105));
        assert!(is_spoiled(&body, 105..106));
        assert!(!is_spoiled(&body, 106..150));
        // The receipt lists the first ones alone: any later one may be of them.
        let counted = [("account_limit", 2), ("too_old", 1)];
        body.add(
            &receipt(&[(0, "account_limit"), (1, "too_old")], &counted),
            200,
            10,
        );
        assert!(is_spoiled(&body, 209..210));
        assert!(!is_spoiled(&body, 210..300) && !is_spoiled(&body, 106..200));
    }

    #[test]
    fn a_stream_counts_each_rejection_once() {
        let mut body = BodyOutcome::default();
        let codes = [(0, "too_old"), (1, "too_old")];
        body.add(&receipt(&codes, &[("too_old", 10)]), 0, 10);
        let mut stream = Outcome::default();
        for part in [0..1, 1..4, 4..10] {
            stream.add(&body, part);
            stream.end_part();
        }
        assert_eq!(stream.rejected().total(), 10);
        assert_eq!(stream.verdict(), Verdict::Rejected);
        stream.add(&BodyOutcome::default(), 0..1);
        assert!(stream.counts_as_done());
    }
}
