//! `import graphite`: the series of a server that answers as Graphite does, read by its own interface.

mod source;
mod windows;

use self::source::{Node, Source};
use self::windows::{TimeWindow, Windows};
use super::arguments::{ImportArgs, Naming, seconds};
use super::delivery::Delivery;
use super::progress::{Extent, Progress};
use super::state::{ImportedUnit, State};
use super::tally::Tally;
use crate::command::metrics::stop::Stop;
use crate::context::Context;
use crate::error::{Failure, Kind, code};
use crate::monitoring::Monitoring;
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::{Clock as _, SystemClock, TimeRange};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Without `--from`, so far back is asked: the longest that Graphite is usually told to keep.
const YEARS: i64 = 10;

/// The levels that names have at most.
const DEPTH_MAX: usize = base::limit::NAME_ELEMENTS.default as usize;

/// The series that are asked for in one request.
const SERIES_AT_ONCE: usize = 20;

/// The arguments.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The names are read level by level with `/metrics/find`, and the values with `/render`, from now on backwards: for each time in \
the finest step that the server still has of it. graphite-web, carbonapi, VictoriaMetrics and Vigie itself answer so. Series with \
tags are in no tree; those of Whisper's files come with `vigie import whisper`.

A user and password, or a token, come from a file or from `VIGIE_SOURCE_CREDENTIALS`, never from the address; for Vigie that is \
`apikey:KEY`.

What was imported is noted in the configuration directory: the same command goes on where it was stopped. Other writers go first, as \
in `vigie import whisper`.

Exit codes: 0 all samples were stored, 1 none, 7 some; what was not is named with the reason.

Examples:
  vigie import graphite https://graphite.example.org --match 'servers.*'
  vigie import graphite 127.0.0.1:8080 --credentials graphite.txt --dry-run
  vigie import graphite https://vigie.example.org/graphite/s-GUID --from -90d")]
pub(crate) struct GraphiteArgs {
    /// The address, as a browser has it
    #[arg(value_name = "URL")]
    url: String,
    /// Only these series, and those below them
    #[arg(long = "match", value_name = "PATTERN", default_value = "*")]
    pattern: String,
    /// A file with `USER:PASSWORD`, or with `Bearer TOKEN`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    credentials: Option<PathBuf>,
    /// Send the credentials although the way to the server is not encrypted
    #[arg(long)]
    credentials_in_clear: bool,
    #[command(flatten)]
    import: ImportArgs,
}

/// Imports the series, and prints the totals.
pub(crate) fn run(args: &GraphiteArgs, context: &Context) -> Result<(), Failure> {
    let own = &args.import;
    let output = &context.output;
    let range = own.range(context)?;
    let naming = own.naming()?;
    let stop = Stop::on_signals()
        .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let source = Source::new(
        context,
        &args.url,
        args.credentials.as_deref(),
        args.credentials_in_clear,
        Arc::clone(&stop),
    )?;
    let monitoring = match own.dry_run {
        true => None,
        false => Some(Monitoring::to_change(context, &own.scope)?),
    };
    output.action(match &monitoring {
        None => format!("Reading `{}`...", source.url()),
        Some(to) => format!("Importing `{}` to {}...", source.url(), to.described()),
    })?;
    let mut state = match &monitoring {
        None => None,
        Some(to) => {
            let key = format!("{}\u{0}{}", args.pattern, own.key());
            let parts = (source.url(), &*key);
            Some(State::open(
                context,
                &to.directory(),
                parts,
                "",
                own.restart,
            )?)
        }
    };
    let tally = Tally::new("Series", own.reasons, own.dry_run);
    let progress = Progress::new(output, "series", None);
    let pace = (own.batch, own.rate);
    let delivery = Delivery::new(monitoring, stop, range, pace, tally, progress);
    let mut importing = Importing {
        source: &source,
        naming: &naming,
        range: asked(range),
        delivery,
        waiting: Vec::new(),
    };
    let outcome = importing.all(&args.pattern, state.as_mut());
    let mut delivery = importing.delivery;
    delivery.progress.clear();
    let noted = state.map_or(Ok(()), |mut state| state.note(&delivery.take_done()));
    let reported = delivery.tally.report(output);
    match outcome {
        Err(failure) => Err(failure.hint("run the same command again to go on from there")),
        Ok(()) => noted.and(reported),
    }
}

/// The seconds that are asked for: from one to another, both bounds inside.
fn asked(range: TimeRange) -> (i64, i64) {
    let now = SystemClock.now().secs();
    let asked = seconds(range);
    let earliest = match range.from == TimeRange::ALL.from {
        true => now - YEARS * 366 * 86_400,
        false => asked.start,
    };
    (earliest, (asked.end - 1).min(now))
}

struct Importing<'a> {
    source: &'a Source<'a>,
    naming: &'a Naming,
    range: (i64, i64),
    delivery: Delivery<'a, ImportedUnit>,
    /// Series to be asked for together: the name there, and here.
    waiting: Vec<(String, SeriesName<'static>)>,
}

impl Importing<'_> {
    /// Goes through the tree, deep before wide, so that little of it is held at a time.
    fn all(&mut self, pattern: &str, mut state: Option<&mut State>) -> Result<(), Failure> {
        let mut branches = vec![(pattern.to_owned(), 0)];
        let mut is_first = true;
        while let Some((branch, depth)) = branches.pop() {
            self.delivery.check_stop()?;
            let nodes = match self.source.find(&branch) {
                Ok(nodes) => nodes,
                // The first answer says whether it is such a server at all.
                Err(failure) if is_first || failure.kind == Kind::Unreachable => {
                    return Err(failure);
                }
                Err(failure) => {
                    let tally = &mut self.delivery.tally;
                    tally.failed(&branch, failure.machine_code(), failure.to_string());
                    continue;
                }
            };
            is_first = false;
            for node in &nodes {
                if node.is_leaf {
                    self.take(node, state.as_deref_mut())?;
                }
            }
            // The stack gives them back in the order of the answer.
            let deeper = nodes.into_iter().rev();
            // No name is deeper, whatever the server says.
            let deeper = deeper.filter(|node| node.is_branch && depth < DEPTH_MAX);
            branches.extend(deeper.map(|node| (format!("{}.*", node.path), depth + 1)));
        }
        self.ask(state)?;
        self.delivery.flush()
    }

    fn take(&mut self, node: &Node, state: Option<&mut State>) -> Result<(), Failure> {
        let done = ImportedUnit::series(node.path.clone());
        if state.as_ref().is_some_and(|state| state.has(&done)) {
            self.delivery.tally.imported_before();
            self.delivery.progress.before += ONE;
            return Ok(());
        }
        match self.naming.name(&node.path) {
            Ok(name) => self.waiting.push((node.path.clone(), name)),
            Err(error) => {
                let reason = RejectReason::Name(error);
                let tally = &mut self.delivery.tally;
                tally.failed(&node.path, reason.code(), reason.to_string());
            }
        }
        if self.waiting.len() < SERIES_AT_ONCE {
            return Ok(());
        }
        self.ask(state)
    }

    /// Asks for the values of the series that wait.
    fn ask(&mut self, state: Option<&mut State>) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let read = self.read(&waiting);
        if let Err(failure) = read {
            let is_of_all = self.delivery.check_stop().is_err()
                || failure.kind != Kind::Failed
                || failure.machine_code() != code::ANSWER_TOO_LARGE;
            if is_of_all {
                return Err(failure);
            }
            for (path, _) in &waiting {
                let tally = &mut self.delivery.tally;
                tally.failed(path, failure.machine_code(), failure.to_string());
            }
            self.delivery.abandon();
            return Ok(());
        }
        // Their samples came mixed, window by window.
        let done = waiting.into_iter().map(|(path, _)| path);
        let done: Vec<_> = done.map(ImportedUnit::series).collect();
        done.iter().for_each(|_| self.delivery.progress.done += ONE);
        self.delivery.end_together(done);
        match state {
            Some(state) => state.note(&self.delivery.take_done()),
            None => Ok(()),
        }
    }

    fn read(&mut self, waiting: &[(String, SeriesName<'static>)]) -> Result<(), Failure> {
        let names: BTreeMap<&str, &SeriesName<'static>> =
            waiting.iter().map(|(path, name)| (&**path, name)).collect();
        let paths: Vec<&str> = waiting.iter().map(|(path, _)| &**path).collect();
        let mut windows = Windows::new(self.range.0, self.range.1);
        while let Some(TimeWindow { from, until }) = windows.next() {
            self.delivery.check_stop()?;
            let rows = match self.source.render(&paths, from, until) {
                Ok(rows) => rows,
                Err(failure) if failure.machine_code() == code::ANSWER_TOO_LARGE => {
                    if windows.too_large() {
                        continue;
                    }
                    return Err(failure);
                }
                Err(failure) => return Err(failure),
            };
            if !windows.answered(&rows) {
                continue;
            }
            for row in rows {
                let Some(name) = names.get(&*row.target) else {
                    continue;
                };
                for (value, at) in row.datapoints {
                    if let Some(value) = value.filter(|_| (from..=until).contains(&at.secs())) {
                        self.delivery.push(name, at, value)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A series, of which nobody knows how large it is.
const ONE: Extent = Extent {
    units: 1,
    weight: 1,
};
