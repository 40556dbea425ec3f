//! The totals of `metrics send`: received = stored + overwritten + rejected, over all batches.

use super::replaces::REPLACES;
use super::unit::Unit;
use crate::error::{Failure, Kind};
use crate::figures::counted;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use base::name::NameError;
use base::sample::RejectReason;
use serde::Serialize;
use std::collections::BTreeMap;
use wire::ingest::Lines;
use wire::receipt::Receipt;

/// Longer names are cut in tables.
const NAME_CHARACTERS_MAX: usize = 60;

/// One sample that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RejectedSample {
    /// Its line, item or argument, from 1.
    pub(crate) place: u64,
    pub(crate) name: Option<String>,
    pub(crate) code: String,
    pub(crate) reason: String,
}

/// The totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    received: u64,
    stored: u64,
    /// Replaced by a later sample with the same name and time in the same request.
    overwritten: u64,
    rejected: u64,
    /// Samples in whose names a character was replaced, on request.
    renamed: u64,
    /// How far the server's clock, by which times were set, is ahead of this machine's; `null` if the difference is negligible.
    clock_offset_milliseconds: Option<i64>,
    /// Nothing was sent: `stored` counts the valid samples.
    dry_run: bool,
    /// Rejections by reason.
    reasons: BTreeMap<String, u64>,
    /// The first rejections.
    rejections: Vec<RejectedSample>,
    /// Rejections that the server counted and did not list.
    #[serde(skip)]
    left_out: u64,
    #[serde(skip)]
    listed_max: usize,
    /// A sample got its time here: sent again, it would get another.
    #[serde(skip)]
    is_stamped: bool,
    /// A name contains a refused character.
    #[serde(skip)]
    has_refused_character: bool,
}

impl Tally {
    /// Empty totals that list at most `listed_max` rejections.
    pub(crate) const fn new(listed_max: usize, dry_run: bool) -> Self {
        Self {
            received: 0,
            stored: 0,
            overwritten: 0,
            rejected: 0,
            renamed: 0,
            clock_offset_milliseconds: None,
            dry_run,
            reasons: BTreeMap::new(),
            rejections: Vec::new(),
            left_out: 0,
            listed_max,
            is_stamped: false,
            has_refused_character: false,
        }
    }

    /// Adds what was read: how times were set, and which lines were invalid.
    pub(crate) fn read(&mut self, lines: &Lines) {
        self.is_stamped |= lines.stamped > 0;
        self.renamed += lines.renamed;
        for reject in &lines.rejects {
            self.received += 1;
            self.has_refused_character |=
                matches!(reject.reason, RejectReason::Name(NameError::Character(_)));
            self.refuse(RejectedSample {
                place: reject.line,
                name: reject.name.clone(),
                code: reject.reason.code().to_owned(),
                reason: reject.reason.to_string(),
            });
        }
    }

    /// Adds a receipt; `places` are those of the batch's samples.
    pub(crate) fn sent(&mut self, receipt: &Receipt, places: &[u64]) {
        self.received = self.received.saturating_add(receipt.received);
        self.stored = self.stored.saturating_add(receipt.stored);
        self.overwritten = self.overwritten.saturating_add(receipt.overwritten);
        let unlisted = receipt.rejections_left_out;
        self.left_out = self.left_out.saturating_add(unlisted);
        self.rejected = self.rejected.saturating_add(unlisted);
        for (code, count) in &receipt.rejected_by_code {
            let listed = self.reasons.entry(code.clone()).or_insert(0);
            *listed = listed.saturating_add(*count);
        }
        for rejection in &receipt.rejections {
            // The server's counts include the listed ones, which are counted again below.
            if !receipt.rejected_by_code.is_empty()
                && let Some(listed) = self.reasons.get_mut(&rejection.code)
            {
                *listed = listed.saturating_sub(1);
            }
            let place = usize::try_from(rejection.index)
                .ok()
                .and_then(|index| places.get(index));
            self.refuse(RejectedSample {
                place: place.copied().unwrap_or(0),
                name: rejection.name.clone(),
                code: rejection.code.clone(),
                reason: rejection.reason.clone(),
            });
        }
    }

    /// Adds the samples of a dry run.
    pub(crate) fn fit(&mut self, samples: u64, overwritten: u64) {
        self.received += samples;
        self.stored += samples - overwritten;
        self.overwritten += overwritten;
    }

    /// Times were set by the server's clock, so many milliseconds ahead of this machine's.
    pub(crate) fn set_by_server(&mut self, offset: i64) {
        self.clock_offset_milliseconds = Some(offset);
    }

    fn refuse(&mut self, refused: RejectedSample) {
        self.rejected += 1;
        *self.reasons.entry(refused.code.clone()).or_insert(0) += 1;
        if self.rejections.len() < self.listed_max {
            self.rejections.push(refused);
        }
    }

    /// Whether the input was empty.
    pub(crate) const fn is_empty(&self) -> bool {
        self.received == 0
    }

    /// Advice about the rest if some samples were stored.
    pub(crate) const fn resend_advice(&self) -> &'static str {
        if self.is_stamped {
            "send only the rest again; what has no time of its own would be stored a second time"
        } else {
            "sending all of them again changes nothing"
        }
    }

    /// Samples stored so far.
    pub(crate) const fn stored(&self) -> u64 {
        self.stored
    }

    /// Prints the totals; fails if a sample was rejected.
    pub(crate) fn report(mut self, unit: Unit, output: &Output) -> Result<(), Failure> {
        // Local and server-side rejections are found at different times; sort them by line.
        self.rejections.sort_by_key(|refused| refused.place);
        if output.is_json() {
            output.json(&self)?;
        } else {
            self.show(unit, output)?;
        }
        let mends = self.has_refused_character;
        self.outcome().map_err(|failure| match mends {
            true => failure.hint(REPLACES),
            false => failure,
        })
    }

    fn show(&self, unit: Unit, output: &Output) -> Result<(), Failure> {
        if self.rejected == 0 {
            output.ok()?;
        }
        if !output.is_quiet() {
            output.line("")?;
        }
        let stored = if self.dry_run {
            "Fit to send:"
        } else {
            "Stored:"
        };
        let mut pairs = vec![
            ("Received:", self.received.to_string()),
            (stored, self.stored.to_string()),
        ];
        if self.overwritten > 0 {
            let why = "by a later one of the same name and time";
            pairs.push(("Overwritten:", format!("{} {why}", self.overwritten)));
        }
        pairs.push(("Rejected:", self.rejected.to_string()));
        if self.renamed > 0 {
            let why = "by a character replaced that no name may hold";
            pairs.push(("Renamed:", format!("{} {why}", self.renamed)));
        }
        output.pairs(&pairs)?;
        if self.rejected == 0 {
            return Ok(());
        }
        let reasons: Vec<String> = self
            .reasons
            .iter()
            .map(|(code, count)| format!("{} {count}", PrintableText::untrusted(code)))
            .collect();
        output.line("")?;
        output.line(escaped!("Rejected by reason: {}", reasons.join(", ")))?;
        output.line("")?;
        let rows: Vec<Vec<String>> = self
            .rejections
            .iter()
            .map(|refused| {
                vec![
                    refused.place.to_string(),
                    refused
                        .name
                        .as_deref()
                        .map_or_else(|| "-".to_owned(), shortened),
                    PrintableText::untrusted(&refused.reason).into_string(),
                ]
            })
            .collect();
        output.table(&[unit.heading(), "Name", "Reason"], &rows)?;
        let listed = self.rejected.saturating_sub(self.left_out);
        let more = listed.saturating_sub(self.rejections.len() as u64);
        if more > 0 {
            output.line(format!(
                "… and {more} more; list them with `--reasons {listed}`"
            ))?;
        }
        if self.left_out > 0 {
            output.line(format!(
                "… and {} more that the server counted and did not list",
                self.left_out
            ))?;
        }
        Ok(())
    }

    fn outcome(&self) -> Result<(), Failure> {
        let were = match (self.dry_run, self.rejected) {
            (true, _) => "would be",
            (false, 1) => "was",
            (false, _) => "were",
        };
        let lists = "the receipt lists the reasons";
        match (self.stored, self.rejected) {
            (_, 0) => Ok(()),
            (0, 1) => Err(Failure::failed(if self.dry_run {
                "the sample would be rejected"
            } else {
                "the sample was rejected"
            })),
            (0, all) => {
                Err(Failure::failed(format!("all {all} samples {were} rejected")).hint(lists))
            }
            (_, rejected) => {
                let all = counted(self.received, "sample", "samples");
                Err(Failure::new(
                    Kind::Partial,
                    format!("{rejected} of {all} {were} rejected"),
                )
                .hint(if self.dry_run {
                    lists.to_owned()
                } else {
                    format!("{lists}; the others are stored: {}", self.resend_advice())
                }))
            }
        }
    }
}

/// A name as a column shows it; JSON has more of it.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARACTERS_MAX) {
        None => name.to_owned(),
        Some((at, _)) => format!("{}…", name.get(..at).unwrap_or(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::receipt::Rejection;

    #[test]
    fn regression_7_one_sample_is_told_in_the_singular() {
        for (is_dry_run, rejected, expected) in [
            (false, 1, "1 of 3 samples was rejected"),
            (false, 2, "2 of 3 samples were rejected"),
            (true, 1, "1 of 3 samples would be rejected"),
        ] {
            let mut tally = Tally::new(1, is_dry_run);
            (tally.received, tally.stored, tally.rejected) = (3, 3 - rejected, rejected);
            assert_eq!(tally.outcome().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn regression_7_what_to_do_about_the_rest_is_one_sentence_after_one_colon() {
        for is_stamped in [false, true] {
            let mut tally = Tally::new(1, false);
            (tally.received, tally.stored, tally.rejected) = (2, 1, 1);
            tally.is_stamped = is_stamped;
            let failure = tally.outcome().unwrap_err();
            let hint = failure.hints[0].as_str();
            assert_eq!(hint.matches(':').count(), 1, "{hint}");
        }
    }

    #[test]
    fn a_receipts_positions_become_lines() {
        let mut tally = Tally::new(1, false);
        let receipt = Receipt {
            received: 3,
            stored: 1,
            overwritten: 0,
            rejected: 2,
            rejections: [1, 2]
                .map(|index| Rejection {
                    index,
                    name: None,
                    code: "too_new".to_owned(),
                    reason: "later".to_owned(),
                })
                .to_vec(),
            ..Receipt::default()
        };
        tally.sent(&receipt, &[10, 20, 30]);
        assert_eq!(tally.rejections.len(), 1, "only the first are listed");
        assert_eq!(tally.rejections[0].place, 20);
        assert_eq!(tally.reasons["too_new"], 2);
        assert_eq!(tally.received, tally.stored + tally.rejected);
        assert_eq!(tally.outcome().unwrap_err().kind, Kind::Partial);
    }

    #[test]
    fn what_the_server_did_not_list_is_counted() {
        let mut tally = Tally::new(1, false);
        let receipt = Receipt {
            received: 10,
            stored: 3,
            rejected: 7,
            rejections: vec![Rejection {
                index: 0,
                name: None,
                code: "value".to_owned(),
                reason: "x".to_owned(),
            }],
            rejections_left_out: 6,
            rejected_by_code: [("value".to_owned(), 5), ("name".to_owned(), 2)].into(),
            ..Receipt::default()
        };
        tally.sent(&receipt, &[]);
        assert_eq!((tally.rejected, tally.left_out), (7, 6));
        assert_eq!((tally.reasons["value"], tally.reasons["name"]), (5, 2));
        assert_eq!(tally.received, tally.stored + tally.rejected);
    }

    #[test]
    fn a_long_name_does_not_push_the_reason_off_the_screen() {
        assert_eq!(shortened("a.b"), "a.b");
        assert_eq!(shortened(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(shortened(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }

    #[test]
    fn what_was_stamped_here_is_not_to_be_sent_again() {
        let mut tally = Tally::new(1, false);
        tally.fit(3, 2);
        assert_eq!((tally.stored, tally.overwritten), (1, 2));
        assert!(tally.resend_advice().contains("changes nothing"));
        tally.read(&Lines {
            stamped: 1,
            ..Lines::default()
        });
        assert!(tally.resend_advice().contains("a second time"));
    }

    #[test]
    fn nothing_stored_is_a_failure_and_nothing_rejected_is_none() {
        let mut tally = Tally::new(10, false);
        assert!(tally.outcome().is_ok());
        tally.refuse(RejectedSample {
            place: 1,
            name: None,
            code: "value".to_owned(),
            reason: "x".to_owned(),
        });
        assert_eq!(tally.outcome().unwrap_err().kind, Kind::Failed);
    }
}
