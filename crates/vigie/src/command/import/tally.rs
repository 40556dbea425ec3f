//! The totals of an import, and its report: nothing is left out unsaid.

#[cfg(test)]
mod tests;

use super::reasons::Reasons;
use crate::command::metrics::replaces::REPLACES;
use crate::error::{Failure, Kind};
use crate::figures::counted;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use base::excerpt;
use base::name::{NameError, redact_api_keys};
use base::sample::RejectReason;
use serde::Serialize;
use wire::receipt::Receipt;

/// Longer names are cut in tables.
const NAME_CHARACTERS_MAX: usize = 80;

/// Longer names are cut in reports: enough for every name that is allowed, with a place after it.
const NAME_BYTES_MAX: usize = 2048;

/// Longer reasons are cut in reports.
const REASON_BYTES_MAX: usize = 1024;

/// The most rejected samples and failed units that are listed, each, whatever `--reasons` says.
const LISTED_MAX: usize = 10_000;

/// The outcome of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was read and sent as a whole, and something of it was stored, or there was nothing to store.
    Imported,
    /// Nothing of it was stored.
    Rejected,
    /// Samples of it were not taken for now.
    ToBeRepeated,
}

/// One that was refused: a sample by its name, a file or a series by its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RejectedItem {
    name: String,
    code: String,
    reason: String,
}

impl RejectedItem {
    /// Of texts that others have made, and so with bounds, and without API keys: reports are kept, and logs of them.
    fn new(name: &str, code: &str, reason: &str) -> Self {
        Self {
            name: beginning(&redact_api_keys(name), NAME_BYTES_MAX),
            code: excerpt::beginning(code),
            reason: beginning(&redact_api_keys(reason), REASON_BYTES_MAX),
        }
    }
}

/// Files, series, or the one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Units {
    /// Read and sent as a whole; in a dry run read.
    imported: u64,
    /// By an earlier run.
    imported_before: u64,
    /// Read and sent, and nothing of it was stored.
    rejected: u64,
    /// Read, with samples that the server did not take for now.
    to_be_repeated: u64,
    /// Not read, or not to their end.
    failed: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Samples {
    /// Sent, or in a dry run read.
    sent: u64,
    stored: u64,
    /// Replaced by a later one of the same name and time in the same request.
    overwritten: u64,
    /// By the server, and those that could not be sent.
    rejected: u64,
    /// In an earlier run, of what was imported then and not sent again.
    rejected_before: u64,
    /// NaN, which says that there is no value.
    without_value: u64,
    /// Outside of `--from` and `--until`.
    outside: u64,
}

/// The totals.
#[derive(Debug, Serialize)]
pub(super) struct Tally {
    #[serde(skip)]
    unit: &'static str,
    dry_run: bool,
    units: Units,
    samples: Samples,
    /// Rejected samples by reason.
    reasons: Reasons,
    /// Those of an earlier run.
    reasons_before: Reasons,
    /// Whether an earlier run has imported the beginning of what this one reads.
    #[serde(skip)]
    is_continued: bool,
    /// The first rejected samples.
    rejections: Vec<RejectedItem>,
    /// The first units that failed.
    failures: Vec<RejectedItem>,
    #[serde(skip)]
    listed_max: usize,
    /// A name contains a character that `--replace-refused` would replace.
    #[serde(skip)]
    has_refused_character: bool,
}

/// Whether a name was refused for one of its characters. The reason may come from a server, which says it in the same words.
fn is_refused_character(code: &str, reason: &str) -> bool {
    let names = RejectReason::Name(NameError::Empty).code();
    code == names && reason.ends_with(CHARACTER_REFUSED)
}

/// The end of the text of [`NameError::Character`].
const CHARACTER_REFUSED: &str = ", which is not allowed in a name";

impl Tally {
    /// Empty totals; `unit` is `Files` or `Series`.
    pub(super) fn new(unit: &'static str, listed_max: usize, dry_run: bool) -> Self {
        Self {
            unit,
            dry_run,
            units: Units::default(),
            samples: Samples::default(),
            reasons: Reasons::default(),
            reasons_before: Reasons::default(),
            is_continued: false,
            rejections: Vec::new(),
            failures: Vec::new(),
            listed_max: listed_max.min(LISTED_MAX),
            has_refused_character: false,
        }
    }

    /// Samples that the server has answered for so far, or that were read in a dry run.
    pub(super) const fn sent(&self) -> u64 {
        self.samples.sent
    }

    /// A unit is at its end.
    pub(super) const fn ended(&mut self, verdict: Verdict) {
        let count = match verdict {
            Verdict::Imported => &mut self.units.imported,
            Verdict::Rejected => &mut self.units.rejected,
            Verdict::ToBeRepeated => &mut self.units.to_be_repeated,
        };
        *count += 1;
    }

    /// An earlier run has imported a unit, of which this was rejected.
    pub(super) fn imported_before(&mut self, rejected: &Reasons) {
        self.units.imported_before += 1;
        self.rejected_before(rejected);
    }

    /// An earlier run has imported the beginning of a unit, of which this was rejected.
    pub(super) fn imported_in_part(&mut self, rejected: &Reasons) {
        self.is_continued = true;
        self.rejected_before(rejected);
    }

    fn rejected_before(&mut self, rejected: &Reasons) {
        let count = &mut self.samples.rejected_before;
        *count = count.saturating_add(rejected.total());
        self.reasons_before.merge(rejected);
    }

    /// Whether anything was found: a unit, whatever became of it, or the beginning of one.
    pub(super) const fn has_found_any(&self) -> bool {
        let Units {
            imported,
            imported_before,
            rejected,
            to_be_repeated,
            failed,
        } = self.units;
        let units = imported | imported_before | rejected | to_be_repeated | failed;
        units > 0 || self.is_continued || self.samples.sent > 0 || self.samples.rejected > 0
    }

    /// Whether anything was stored, by this run or an earlier one.
    pub(super) const fn has_stored_any(&self) -> bool {
        self.samples.stored > 0 || self.units.imported_before > 0 || self.is_continued
    }

    /// A unit could not be read.
    pub(super) fn failed(&mut self, name: &str, code: &str, reason: &str) {
        self.units.failed += 1;
        self.has_refused_character |= is_refused_character(code, reason);
        if self.failures.len() < self.listed_max {
            self.failures.push(RejectedItem::new(name, code, reason));
        }
    }

    /// A sample without a value.
    pub(super) const fn without_value(&mut self) {
        self.samples.without_value += 1;
    }

    /// A sample of another time.
    pub(super) const fn outside(&mut self) {
        self.samples.outside += 1;
    }

    /// A sample that cannot be sent.
    pub(super) fn refuse(&mut self, name: Option<&str>, reason: &RejectReason) {
        self.add(name, reason.code(), &reason.to_string());
    }

    /// Samples that were read in a dry run.
    pub(super) const fn fit(&mut self, samples: u64) {
        self.samples.sent += samples;
        self.samples.stored += samples;
    }

    /// The receipt of a request.
    pub(super) fn receive(&mut self, receipt: &Receipt) {
        let samples = &mut self.samples;
        samples.sent = samples.sent.saturating_add(receipt.received);
        samples.stored = samples.stored.saturating_add(receipt.stored);
        samples.overwritten = samples.overwritten.saturating_add(receipt.overwritten);
        for rejection in &receipt.rejections {
            let name = rejection.name.as_deref();
            self.add(name, &rejection.code, &rejection.reason);
        }
        let unlisted = receipt.rejections_left_out;
        self.samples.rejected = self.samples.rejected.saturating_add(unlisted);
        for (code, count) in &receipt.rejected_by_code {
            // These counts include the listed ones, which are counted already.
            let listed = receipt
                .rejections
                .iter()
                .filter(|rejection| rejection.code == *code);
            let unlisted = count.saturating_sub(listed.count() as u64);
            self.reasons.add(code, unlisted);
        }
    }

    fn add(&mut self, name: Option<&str>, code: &str, reason: &str) {
        self.samples.rejected += 1;
        self.reasons.add(code, 1);
        self.has_refused_character |= is_refused_character(code, reason);
        if self.rejections.len() >= self.listed_max {
            return;
        }
        // A reason is told once for each name: an archive has thousands of samples that are too old.
        let item = RejectedItem::new(name.unwrap_or("-"), code, reason);
        let is_listed =
            |listed: &RejectedItem| listed.name == item.name && listed.code == item.code;
        if !self.rejections.iter().any(is_listed) {
            self.rejections.push(item);
        }
    }

    /// Prints the totals of an import that has ended by itself, or by this failure; fails if anything was not imported.
    pub(super) fn report(&self, output: &Output, broken: Option<&Failure>) -> Result<(), Failure> {
        if output.is_json() {
            output.json(self)?;
        } else if self.has_found_any() {
            self.show(output, broken.is_none())?;
        }
        let Some(mut failure) = self.outcome() else {
            if broken.is_none() && self.is_all_of_an_earlier_run() {
                output.note(
                    "an earlier run has imported all of it, and nothing was sent; `--restart` sends it again",
                );
            }
            return Ok(());
        };
        if self.units.to_be_repeated > 0 {
            failure = failure.hint(
                "what the server could not take for now is sent when the same command is run again",
            );
        }
        if self.has_refused_character {
            failure = failure.hint(REPLACES);
        }
        if self.samples.rejected_before > 0 {
            failure = failure.hint(
                "what an earlier run has imported was not sent again; with `--restart` it is, and what is rejected is named",
            );
        }
        Err(failure)
    }

    /// Whether there was nothing left to do.
    const fn is_all_of_an_earlier_run(&self) -> bool {
        let Units {
            imported,
            imported_before,
            rejected,
            to_be_repeated,
            failed,
        } = self.units;
        imported_before > 0 && imported | rejected | to_be_repeated | failed == 0
    }

    fn outcome(&self) -> Option<Failure> {
        let mut what = Vec::new();
        if self.samples.rejected > 0 {
            what.push(counted(
                self.samples.rejected,
                "sample was rejected",
                "samples were rejected",
            ));
        }
        if self.samples.rejected_before > 0 {
            what.push(counted(
                self.samples.rejected_before,
                "sample was rejected by an earlier run",
                "samples were rejected by an earlier run",
            ));
        }
        if self.units.failed > 0 {
            let unit = self.unit.to_lowercase();
            let one = unit.strip_suffix("files").map_or("series", |_| "file");
            let failed = self.units.failed;
            what.push(match failed {
                1 => format!("1 {one} could not be read"),
                _ => format!("{failed} {unit} could not be read"),
            });
        }
        if what.is_empty() {
            return None;
        }
        let kind = if self.has_stored_any() {
            Kind::Partial
        } else {
            Kind::Failed
        };
        Some(Failure::new(kind, what.join(", and ")))
    }

    fn show(&self, output: &Output, is_whole: bool) -> Result<(), Failure> {
        // Nothing is well that was not tried.
        if is_whole && self.outcome().is_none() && !self.is_all_of_an_earlier_run() {
            output.ok()?;
        }
        if !output.is_quiet() {
            output.line("")?;
        }
        output.pairs(&self.pairs())?;
        if !self.reasons.is_empty() {
            output.line("")?;
            let reasons = self.reasons.to_string();
            output.line(escaped!("Rejected by reason: {}", reasons))?;
        }
        for (title, all) in [
            (["Name", "Reason"], &self.rejections),
            (["Not read", "Reason"], &self.failures),
        ] {
            if all.is_empty() {
                continue;
            }
            output.line("")?;
            let rows = all.iter().map(|item| {
                vec![
                    shortened(&item.name),
                    PrintableText::untrusted(&item.reason).into_string(),
                ]
            });
            output.table(&title, &rows.collect::<Vec<_>>())?;
        }
        let more = self.units.failed.saturating_sub(self.failures.len() as u64);
        if more > 0 {
            output.line(format!(
                "… and {more} more; list them with `--reasons {}`",
                self.units.failed
            ))?;
        }
        Ok(())
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let Units {
            imported,
            imported_before,
            rejected,
            to_be_repeated,
            failed,
        } = self.units;
        let done = if self.dry_run { "read" } else { "imported" };
        let mut units = vec![format!("{imported} {done}")];
        for (count, what) in [
            (imported_before, "imported before"),
            (rejected, "rejected"),
            (to_be_repeated, "to be repeated"),
            (failed, "not read"),
        ] {
            if count > 0 {
                units.push(format!("{count} {what}"));
            }
        }
        let title = if self.unit == "Files" {
            "Files:"
        } else {
            "Series:"
        };
        let stored = if self.dry_run {
            "Fit to send:"
        } else {
            "Stored:"
        };
        let before = format!(" by an earlier run: {}", self.reasons_before);
        let mut pairs = vec![
            (title, units.join(", ")),
            (stored, self.samples.stored.to_string()),
        ];
        for (title, count, why) in [
            (
                "Overwritten:",
                self.samples.overwritten,
                " by a later one of the same name and time",
            ),
            ("Rejected:", self.samples.rejected, ""),
            ("Rejected before:", self.samples.rejected_before, &*before),
            (
                "No value:",
                self.samples.without_value,
                " (NaN), which are gaps",
            ),
            (
                "Left out:",
                self.samples.outside,
                " of other times than were asked for",
            ),
        ] {
            if count > 0 || title == "Rejected:" {
                pairs.push((title, format!("{count}{why}")));
            }
        }
        pairs
    }
}

/// As much of a text as is kept.
fn beginning(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at);
    let end = ends.take_while(|at| *at <= bytes_max).last();
    format!("{}…", text.get(..end.unwrap_or(0)).unwrap_or_default())
}

fn shortened(name: &str) -> String {
    let printable = PrintableText::untrusted(name);
    match printable.as_str().chars().count() {
        ..=NAME_CHARACTERS_MAX => printable.into_string(),
        _ => printable.shortened(NAME_CHARACTERS_MAX).into_string(),
    }
}
