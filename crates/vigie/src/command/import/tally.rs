//! The totals of an import, and its report: nothing is left out unsaid.

use crate::command::metrics::replaces::REPLACES;
use crate::error::{Failure, Kind};
use crate::figures::counted;
use crate::output::Output;
use crate::shown::{PrintableText, shown};
use base::sample::RejectReason;
use serde::Serialize;
use std::collections::BTreeMap;
use wire::receipt::Receipt;

/// Longer names are cut in tables.
const NAME_CHARACTERS_MAX: usize = 80;

/// One that was refused: a sample by its name, a file or a series by its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RejectedItem {
    name: String,
    code: String,
    reason: String,
}

/// Files, series, or the one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
struct Units {
    /// Read and sent as a whole.
    imported: u64,
    /// By an earlier run.
    imported_before: u64,
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
    reasons: BTreeMap<String, u64>,
    /// The first rejected samples.
    rejections: Vec<RejectedItem>,
    /// The first units that failed.
    failures: Vec<RejectedItem>,
    #[serde(skip)]
    listed_max: usize,
}

impl Tally {
    /// Empty totals; `unit` is `Files` or `Series`.
    pub(super) fn new(unit: &'static str, listed_max: usize, dry_run: bool) -> Self {
        Self {
            unit,
            dry_run,
            units: Units::default(),
            samples: Samples::default(),
            reasons: BTreeMap::new(),
            rejections: Vec::new(),
            failures: Vec::new(),
            listed_max,
        }
    }

    /// Samples that the server has answered for so far, or that were read in a dry run.
    pub(super) const fn sent(&self) -> u64 {
        self.samples.sent
    }

    /// A unit is in the store as a whole.
    pub(super) const fn imported(&mut self) {
        self.units.imported += 1;
    }

    /// A unit was there already.
    pub(super) const fn imported_before(&mut self) {
        self.units.imported_before += 1;
    }

    /// A unit is to be sent again.
    pub(super) const fn left_for_later(&mut self) {
        self.units.to_be_repeated += 1;
    }

    /// A unit could not be read.
    pub(super) fn failed(&mut self, name: &str, code: &str, reason: impl Into<String>) {
        self.units.failed += 1;
        if self.failures.len() < self.listed_max {
            self.failures.push(RejectedItem {
                name: name.to_owned(),
                code: code.to_owned(),
                reason: reason.into(),
            });
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
            let listed = receipt.rejections.iter().filter(|own| own.code == *code);
            let unlisted = count.saturating_sub(listed.count() as u64);
            let own = self.reasons.entry(code.clone()).or_insert(0);
            *own = own.saturating_add(unlisted);
        }
    }

    fn add(&mut self, name: Option<&str>, code: &str, reason: &str) {
        self.samples.rejected += 1;
        *self.reasons.entry(code.to_owned()).or_insert(0) += 1;
        // A reason is told once for each name: an archive has thousands of samples that are too old.
        let name = name.unwrap_or("-");
        let is_told = |own: &RejectedItem| own.name == name && own.code == code;
        if self.rejections.len() < self.listed_max && !self.rejections.iter().any(is_told) {
            self.rejections.push(RejectedItem {
                name: name.to_owned(),
                code: code.to_owned(),
                reason: reason.to_owned(),
            });
        }
    }

    /// Prints the totals; fails if anything was not imported.
    pub(super) fn report(&self, output: &Output) -> Result<(), Failure> {
        if output.is_json() {
            output.json(self)?;
        } else {
            self.show(output)?;
        }
        let Some(mut failure) = self.outcome() else {
            return Ok(());
        };
        let names = RejectReason::Name(base::name::NameError::Empty).code();
        let has_names = self.reasons.contains_key(names)
            || self.failures.iter().any(|failed| failed.code == names);
        if self.units.to_be_repeated > 0 {
            failure = failure.hint(
                "what the server could not take for now is sent when the same command is run again",
            );
        }
        if has_names {
            failure = failure.hint(REPLACES);
        }
        Err(failure)
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
        let kind = match self.samples.stored + self.units.imported_before {
            0 => Kind::Failed,
            _ => Kind::Partial,
        };
        Some(Failure::new(kind, what.join(", and ")))
    }

    fn show(&self, output: &Output) -> Result<(), Failure> {
        if self.samples.rejected == 0 && self.units.failed == 0 {
            output.ok()?;
        }
        if !output.is_quiet() {
            output.line("")?;
        }
        output.pairs(&self.pairs())?;
        if !self.reasons.is_empty() {
            let reasons = self.reasons.iter();
            let reasons: Vec<_> = reasons
                .map(|(code, count)| format!("{} {count}", PrintableText::untrusted(code)))
                .collect();
            output.line("")?;
            output.line(shown!("Rejected by reason: {}", reasons.join(", ")))?;
        }
        for (title, all) in [
            (["Name", "Reason"], &self.rejections),
            (["Not read", "Reason"], &self.failures),
        ] {
            if all.is_empty() {
                continue;
            }
            output.line("")?;
            let rows = all.iter().map(|own| {
                vec![
                    shortened(&own.name),
                    PrintableText::untrusted(&own.reason).into_string(),
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
            to_be_repeated,
            failed,
        } = &self.units;
        let mut units = vec![format!("{imported} imported")];
        for (count, what) in [
            (imported_before, "imported before"),
            (to_be_repeated, "to be repeated"),
            (failed, "not read"),
        ] {
            if *count > 0 {
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

fn shortened(name: &str) -> String {
    let shown = PrintableText::untrusted(name);
    match shown.as_str().chars().count() {
        ..=NAME_CHARACTERS_MAX => shown.into_string(),
        _ => shown.shortened(NAME_CHARACTERS_MAX).into_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::receipt::Rejection;

    fn rejection(name: &str, code: &str) -> Rejection {
        Rejection {
            index: 0,
            name: Some(name.to_owned()),
            code: code.to_owned(),
            reason: format!("because of {code}"),
        }
    }

    #[test]
    fn rejected_samples_are_counted_once() {
        let mut tally = Tally::new("Files", 10, false);
        tally.receive(&Receipt {
            received: 100,
            stored: 90,
            rejected: 10,
            rejections: vec![rejection("a", "too_old"), rejection("a", "too_old")],
            rejections_left_out: 8,
            rejected_by_code: BTreeMap::from([("too_old".to_owned(), 9), ("name".to_owned(), 1)]),
            ..Receipt::default()
        });
        tally.refuse(Some("b"), &RejectReason::Value("infinite".to_owned()));
        assert_eq!(tally.samples.rejected, 11);
        let reasons: Vec<_> = tally.reasons.values().copied().collect();
        assert_eq!(reasons, [1, 9, 1], "{:?}", tally.reasons);
        let listed: Vec<_> = tally.rejections.iter().map(|own| &*own.name).collect();
        assert_eq!(listed, ["a", "b"]);
        let failure = tally.outcome().unwrap();
        assert_eq!(failure.kind, Kind::Partial);
        assert_eq!(failure.to_string(), "11 samples were rejected");
    }

    #[test]
    fn unreadable_files_make_the_import_fail() {
        let mut tally = Tally::new("Files", 1, false);
        assert!(tally.outcome().is_none());
        tally.failed("a.wsp", "file", "it is damaged");
        tally.failed("b.wsp", "file", "it is damaged");
        let failure = tally.outcome().unwrap();
        assert_eq!(failure.kind, Kind::Failed);
        assert_eq!(failure.to_string(), "2 files could not be read");
        assert_eq!(tally.failures.len(), 1);
    }
}
