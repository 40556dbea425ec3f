//! `import graphite`: the series of a server that answers as Graphite does, read by its own interface.

mod source;
mod windows;

use self::source::{Node, Source};
use self::windows::{TimeWindow, Windows};
use super::arguments::{ImportArgs, Naming, seconds};
use super::progress::Extent;
use super::run::{ImportRun, Subject};
use super::state::ImportedUnit;
use crate::command::metrics::stop::Stop;
use crate::context::Context;
use crate::error::{Failure, Kind, code};
use crate::shown::{PrintableText, shown};
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
    let (range, naming) = (own.range(context)?, own.naming()?);
    let stop = Stop::on_signals()
        .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let source = Source::new(
        context,
        &args.url,
        args.credentials.as_deref(),
        args.credentials_in_clear,
        Arc::clone(&stop),
    )?;
    let subject = Subject {
        kind: "graphite",
        named: source.url(),
        place: Some((source.url(), "")),
        selection: &args.pattern,
        unit: "Series",
    };
    let mut importing = Importing {
        run: ImportRun::begin(subject, own, range, stop, context)?,
        source: &source,
        naming: &naming,
        range: asked(range),
        waiting: Vec::new(),
    };
    let outcome = importing.all(&args.pattern);
    let run = importing.run;
    let outcome = outcome.and_then(|()| match run.delivery.tally.has_found_any() {
        true => Ok(()),
        false => Err(nothing_found(source.url(), &args.pattern)),
    });
    run.end(outcome)
}

/// A pattern with a slip in it is no import of nothing.
fn nothing_found(url: &str, pattern: &str) -> Failure {
    Failure::failed(shown!(
        "`{}` has no series that fits `{}`, or lies below what does",
        url,
        PrintableText::untrusted(pattern)
    ))
    .coded(code::NOT_FOUND)
    .hint("name what is there with `--match PATTERN`; the answer of `/metrics/find?query=*` begins with it")
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
    run: ImportRun<'a>,
    /// Series to be asked for together: the name there, and here.
    waiting: Vec<(String, SeriesName<'static>)>,
}

impl Importing<'_> {
    /// Goes through the tree, deep before wide, so that little of it is held at a time.
    fn all(&mut self, pattern: &str) -> Result<(), Failure> {
        let mut branches = vec![(pattern.to_owned(), 0)];
        let mut is_first = true;
        while let Some((branch, depth)) = branches.pop() {
            self.run.delivery.check_stop()?;
            let nodes = match self.source.find(&branch) {
                Ok(nodes) => nodes,
                // The first answer says whether it is such a server at all.
                Err(failure) if is_first || failure.kind == Kind::Unreachable => {
                    return Err(failure);
                }
                Err(failure) => {
                    let tally = &mut self.run.delivery.tally;
                    tally.failed(&branch, failure.machine_code(), &failure.to_string());
                    continue;
                }
            };
            is_first = false;
            for node in &nodes {
                if node.is_leaf {
                    self.take(node)?;
                }
            }
            // The stack gives them back in the order of the answer.
            let deeper = nodes.into_iter().rev();
            // No name is deeper, whatever the server says.
            let deeper = deeper.filter(|node| node.is_branch && depth < DEPTH_MAX);
            branches.extend(deeper.map(|node| (format!("{}.*", node.path), depth + 1)));
        }
        self.ask()?;
        self.run.delivery.flush()
    }

    fn take(&mut self, node: &Node) -> Result<(), Failure> {
        let done = ImportedUnit::series(node.path.clone());
        if self.run.passes_over(&done, ONE) {
            return Ok(());
        }
        match self.naming.name(&node.path) {
            Ok(name) => self.waiting.push((node.path.clone(), name)),
            Err(error) => {
                let reason = RejectReason::Name(error);
                let tally = &mut self.run.delivery.tally;
                tally.failed(&node.path, reason.code(), &reason.to_string());
            }
        }
        if self.waiting.len() < SERIES_AT_ONCE {
            return Ok(());
        }
        self.ask()
    }

    /// Asks for the values of the series that wait.
    fn ask(&mut self) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let read = self.read(&waiting);
        if let Err(failure) = read {
            let is_of_all = self.run.delivery.check_stop().is_err()
                || failure.kind != Kind::Failed
                || failure.machine_code() != code::ANSWER_TOO_LARGE;
            if is_of_all {
                return Err(failure);
            }
            for (path, _) in &waiting {
                let tally = &mut self.run.delivery.tally;
                tally.failed(path, failure.machine_code(), &failure.to_string());
            }
            self.run.delivery.abandon();
            return Ok(());
        }
        // Their samples came mixed, window by window.
        let done = waiting.into_iter().map(|(path, _)| path);
        let done: Vec<_> = done.map(ImportedUnit::series).collect();
        done.iter()
            .for_each(|_| self.run.delivery.progress.done += ONE);
        self.run.delivery.end_together(done);
        self.run.note()
    }

    fn read(&mut self, waiting: &[(String, SeriesName<'static>)]) -> Result<(), Failure> {
        let names: BTreeMap<&str, &SeriesName<'static>> =
            waiting.iter().map(|(path, name)| (&**path, name)).collect();
        let paths: Vec<&str> = waiting.iter().map(|(path, _)| &**path).collect();
        let mut windows = Windows::new(self.range.0, self.range.1);
        while let Some(TimeWindow { from, until }) = windows.next() {
            self.run.delivery.check_stop()?;
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
                        self.run.delivery.push(name, at, value)?;
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
