//! The steps that all imports share, before their first sample and after their last one.

use super::arguments::ImportArgs;
use super::delivery::Delivery;
use super::progress::{Extent, Progress};
use super::reasons::Reasons;
use super::state::{ImportKey, ImportedUnit, State};
use super::tally::Tally;
use crate::command::metrics::stop::StopFlag;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::monitoring::Monitoring;
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use base::time::TimeRange;
use std::sync::Arc;

/// The import.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'t> {
    /// The command, and the form in which it reads the source.
    pub(super) kind: &'t str,
    /// The source, as it was named.
    pub(super) named: &'t str,
    /// Where the source is found again, and the identity that it has now; `None` for what is there once.
    pub(super) place: Option<(&'t str, &'t str)>,
    /// Other arguments that decide what is read.
    pub(super) selection: &'t str,
    /// `Files` or `Series`.
    pub(super) unit: &'static str,
}

/// An import that is under way.
pub(super) struct ImportRun<'a> {
    output: &'a Output,
    pub(super) delivery: Delivery<'a, ImportedUnit>,
    /// Where there is one: in a dry run nothing is imported, and what is there once cannot be gone on with.
    state: Option<State>,
    is_dry_run: bool,
}

impl<'a> ImportRun<'a> {
    /// Finds out where the samples go and what was imported before, and says what begins.
    pub(super) fn begin(
        subject: Subject<'_>,
        args: &ImportArgs,
        range: TimeRange,
        stop: Arc<StopFlag>,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        let output = &context.output;
        let monitoring = match args.dry_run {
            true => None,
            false => Some(Monitoring::to_change(context, &args.scope)?),
        };
        output.action(match &monitoring {
            None => escaped!("Reading `{}`...", subject.named),
            Some(to) => escaped!("Importing `{}` to {}...", subject.named, to.described()),
        })?;
        let state = match (&monitoring, subject.place) {
            (Some(to), Some((source, identity))) => {
                let arguments = format!("{}\u{0}{}", subject.selection, args.key());
                let key = ImportKey {
                    kind: subject.kind,
                    source,
                    arguments: &arguments,
                    identity,
                };
                Some(State::open(context, &to.directory(), key, args.restart)?)
            }
            _ => None,
        };
        let tally = Tally::new(subject.unit, args.reasons, args.dry_run);
        let unit = if subject.unit == "Files" {
            "files"
        } else {
            "series"
        };
        let progress = Progress::new(output, unit, None);
        let pace = (args.batch, args.rate);
        Ok(Self {
            output,
            delivery: Delivery::new(monitoring, stop, range, pace, tally, progress),
            state,
            is_dry_run: args.dry_run,
        })
    }

    /// Sets the whole of the progress, once that is known.
    pub(super) fn set_extent(&mut self, all: Extent) {
        self.delivery.progress.begin(all);
    }

    /// The last unit that an earlier run has noted, and what was rejected of it.
    pub(super) fn last(&self) -> Option<&(ImportedUnit, Reasons)> {
        self.state.as_ref()?.last.as_ref()
    }

    /// Counts a unit that an earlier run has imported as it is; `false` where none has.
    pub(super) fn skip_if_imported(&mut self, unit: &ImportedUnit, extent: Extent) -> bool {
        let state = self.state.as_ref();
        let Some(rejected) = state.and_then(|state| state.imported(unit)) else {
            return false;
        };
        self.delivery.tally.imported_before(&rejected);
        self.delivery.progress.before += extent;
        true
    }

    /// Says something that does not end the import.
    pub(super) fn print_note(&mut self, sentence: PrintableText) {
        self.delivery.progress.clear();
        self.output.note(sentence);
    }

    /// Notes what is done since this was called last.
    pub(super) fn note(&mut self) -> Result<(), Failure> {
        let done = self.delivery.take_done();
        match &mut self.state {
            Some(state) => state.note(&done),
            None => Ok(()),
        }
    }

    /// As [`Self::note`] for parts of a stream: how far it is now says all.
    pub(super) fn note_last(&mut self) -> Result<(), Failure> {
        let done = self.delivery.take_done();
        let last = done.len().saturating_sub(1);
        match &mut self.state {
            Some(state) => state.note(done.get(last..).unwrap_or_default()),
            None => Ok(()),
        }
    }

    /// Notes the rest, and prints the totals.
    pub(super) fn end(mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        self.delivery.progress.clear();
        // What was answered for is done, also when the import has failed.
        let noted = self.note();
        let tally = &self.delivery.tally;
        let reported = tally.report(self.output, outcome.as_ref().err());
        let mut failure = match outcome {
            Ok(()) => return noted.and(reported),
            Err(failure) => failure,
        };
        // What came before is stored, and the exit code says so.
        if failure.kind == Kind::Failed && tally.has_stored_any() {
            failure.kind = Kind::Partial;
        }
        // What has not begun cannot be gone on with.
        if self.is_dry_run || !tally.has_found_any() {
            return Err(failure);
        }
        Err(failure.hint(if self.state.is_some() {
            "run the same command again to go on from there"
        } else {
            "sending all of it again changes nothing"
        }))
    }
}
