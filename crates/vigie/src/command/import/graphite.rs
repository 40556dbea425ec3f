//! `import graphite`: the series of a server that answers as Graphite does, read by its own interface.

mod nodes;
mod refusals;
mod source;
mod tagged;
mod windows;

use self::source::{Source, SourceOptions};
use self::windows::{TimeWindow, Windows};
use super::arguments::{ImportArgs, NameMapping, seconds};
use super::input_kind;
use super::progress::Extent;
use super::run::{ImportRun, Subject};
use super::state::ImportedUnit;
use crate::command::metrics::stop::StopFlag;
use crate::context::Context;
use crate::error::{Failure, Kind, code};
use crate::printable_text::{PrintableText, escaped};
use base::name::SeriesName;
use base::pattern::Pattern;
use base::sample::RejectReason;
use base::time::{Clock as _, SystemClock, TimeRange};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Without `--from`, so far back is asked: the longest that Graphite is usually told to keep.
const YEARS: i64 = 10;

/// The levels that names have at most.
const DEPTH_MAX: usize = base::limit::NAME_ELEMENTS.default as usize;

/// The series that are asked for in one request.
const SERIES_AT_ONCE: usize = 20;

/// After more series that their server cannot give, one after the other, it is not the series.
const FAILED_IN_A_ROW_MAX: usize = 100;

/// The memory of the branches that wait, whatever a server answers.
const BRANCH_BYTES_MAX: usize = 64 << 20;

/// Import from a server that answers as Graphite does
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The names are read level by level with `/metrics/find`, and the values with `/render`, from now on backwards: for each time in \
the finest step that the server still has of it. graphite-web, carbonapi, VictoriaMetrics and Vigie itself answer so. Series with \
tags are in no tree: they are listed with `/tags/name` and `/tags/findSeries`, name by name, and asked for with `seriesByTag`; of \
a server without these they are left out, with a note.

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
    /// Only these series, and those below them; of series with tags the name before the tags counts
    #[arg(long = "match", value_name = "PATTERN", default_value = "*")]
    pattern: String,
    /// Leave out series with tags
    #[arg(long)]
    untagged: bool,
    /// A file with `USER:PASSWORD`, or with `Bearer TOKEN`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    credentials: Option<PathBuf>,
    /// Send the credentials although the way to the server is not encrypted
    #[arg(long)]
    credentials_in_clear: bool,
    /// Do not check the certificate of this server. What was said of the server of the login does not count for it
    #[arg(long)]
    skip_ssl_validation: bool,
    #[command(flatten)]
    import: ImportArgs,
}

/// Imports the series, and prints the totals.
pub(crate) fn run(args: &GraphiteArgs, context: &Context) -> Result<(), Failure> {
    let import = &args.import;
    let (range, naming) = (import.range(context)?, import.naming()?);
    if let Some(hint) = input_kind::of_path(Path::new(&args.url)) {
        return Err(Failure::usage(escaped!(
            "`{}` is here, and is not the address of a server",
            args.url
        ))
        .hint(hint)
        .hint("write `https://` in front of an address that is called like it"));
    }
    let stop = StopFlag::on_signals()
        .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let tagged = match args.untagged {
        true => None,
        false => Some(chosen(&args.pattern)?),
    };
    let options = SourceOptions {
        credentials: args.credentials.as_deref(),
        may_be_in_clear: args.credentials_in_clear,
        is_unverified: args.skip_ssl_validation,
    };
    let source = Source::new(context, &args.url, options, Arc::clone(&stop))?;
    let selection = format!("{}\u{0}{}", args.pattern, args.untagged);
    let subject = Subject {
        kind: "graphite",
        named: source.url(),
        place: Some((source.url(), "")),
        selection: &selection,
        unit: "Series",
    };
    let mut importing = Importing {
        run: ImportRun::begin(subject, import, range, stop, context)?,
        source: &source,
        naming: &naming,
        range: asked(range),
        waiting: Vec::new(),
        failed_in_a_row: 0,
    };
    let outcome = importing.all(&args.pattern, tagged.as_ref());
    let run = importing.run;
    let outcome = outcome.and_then(|()| match run.delivery.tally.has_found_any() {
        true => Ok(()),
        false => Err(nothing_found(source.url(), &args.pattern)),
    });
    run.end(outcome)
}

/// The pattern for the names of series with tags, which are chosen here.
fn chosen(pattern: &str) -> Result<Pattern, Failure> {
    Pattern::parse(pattern).map_err(|error| {
        Failure::usage(escaped!(
            "`--match` is no pattern: {}",
            PrintableText::untrusted(&error.to_string())
        ))
        .hint("where the other server takes it, add `--untagged`")
    })
}

/// A pattern with a slip in it is no import of nothing.
fn nothing_found(url: &str, pattern: &str) -> Failure {
    Failure::failed(escaped!(
        "`{}` has no series that matches `{}` or lies below a match",
        url,
        PrintableText::untrusted(pattern)
    ))
    .coded(code::NOT_FOUND)
    .hint(escaped!(
        "`{}/metrics/find?query=*` lists what is there",
        url
    ))
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

/// A series to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WantedSeries {
    /// Its name there.
    path: String,
    /// The name by which it is asked for.
    target: String,
    /// Its name here.
    name: SeriesName<'static>,
}

/// Why series were not read to their end.
#[derive(Debug)]
enum ReadError {
    /// Their server does not give them.
    Source(Box<Failure>),
    /// The samples could not be sent, or the import was stopped.
    Delivery(Failure),
}

struct Importing<'a> {
    source: &'a Source<'a>,
    naming: &'a NameMapping,
    range: (i64, i64),
    run: ImportRun<'a>,
    /// Series to be asked for together.
    waiting: Vec<WantedSeries>,
    /// Series that could not be read since one could.
    failed_in_a_row: usize,
}

impl Importing<'_> {
    /// All series that are chosen.
    fn all(&mut self, pattern: &str, tagged: Option<&Pattern>) -> Result<(), Failure> {
        self.tree(pattern)?;
        if let Some(chosen) = tagged {
            self.tagged(chosen)?;
        }
        self.ask()?;
        self.run.delivery.flush()
    }

    /// Goes through the tree, deep before wide, so that little of it is held at a time.
    fn tree(&mut self, pattern: &str) -> Result<(), Failure> {
        let mut branches = Branches::default();
        branches.push(pattern.to_owned(), 0)?;
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
                    self.not_read(&branch, &failure)?;
                    continue;
                }
            };
            is_first = false;
            for node in nodes.iter().filter(|node| node.is_leaf) {
                self.take(&node.path, Some(node.path.clone()))?;
            }
            // The stack gives them back in the order of the answer; and no name is deeper, whatever the server says.
            let deeper = nodes.into_iter().rev();
            for node in deeper.filter(|node| node.is_branch && depth < DEPTH_MAX) {
                branches.push(format!("{}.*", node.path), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Goes through the series with tags, those of one name at a time.
    fn tagged(&mut self, chosen: &Pattern) -> Result<(), Failure> {
        let names = match self.source.tagged_names() {
            Ok(names) => names,
            Err(failure) if failure.kind == Kind::Unreachable => return Err(failure),
            Err(failure) if lacks_tag_interface(&failure) => {
                self.run.print_note(escaped!(
                    "series with tags are left out, because the server does not list any: {}",
                    failure
                ));
                return Ok(());
            }
            Err(failure) => return self.not_read("series with tags", &failure),
        };
        for name in names.iter().filter(|name| tagged::fits(chosen, name)) {
            self.run.delivery.check_stop()?;
            match self.source.find_tagged(name) {
                Ok(found) => {
                    for series in found {
                        self.take(&series, tagged::target(&series))?;
                    }
                }
                Err(failure) if failure.kind == Kind::Unreachable => return Err(failure),
                Err(failure) => self.not_read(name, &failure)?,
            }
        }
        Ok(())
    }

    /// Counts what could not be read; fails where that is so because of a signal.
    fn not_read(&mut self, what: &str, failure: &Failure) -> Result<(), Failure> {
        self.run.delivery.check_stop()?;
        let tally = &mut self.run.delivery.tally;
        tally.failed(what, failure.machine_code(), &failure.to_string());
        Ok(())
    }

    /// Takes a series that is asked for by this target, if there is one that asks for it.
    fn take(&mut self, path: &str, target: Option<String>) -> Result<(), Failure> {
        let done = ImportedUnit::series(path.to_owned());
        if self.run.skip_if_imported(&done, ONE) {
            return Ok(());
        }
        let tally = &mut self.run.delivery.tally;
        match (self.naming.name(path), target) {
            (Ok(name), Some(target)) => self.waiting.push(WantedSeries {
                path: path.to_owned(),
                target,
                name,
            }),
            (Ok(_), None) => {
                let why = "its tags hold what no `seriesByTag` can ask for";
                tally.failed(path, code::INVALID_VALUE, why);
            }
            (Err(error), _) => {
                let reason = RejectReason::Name(error);
                tally.failed(path, reason.code(), &reason.to_string());
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
        self.ask_batch(&waiting)
    }

    /// Asks for some series at once, and where their server does not give them all, for fewer: one that is too large, or of which
    /// the server knows no answer, costs no other.
    fn ask_batch(&mut self, wanted: &[WantedSeries]) -> Result<(), Failure> {
        if wanted.is_empty() {
            return Ok(());
        }
        match self.read(wanted) {
            Ok(()) => {}
            Err(ReadError::Delivery(failure)) => return Err(failure),
            Err(ReadError::Source(failure)) => {
                self.run.delivery.check_stop()?;
                if !is_about_the_series(&failure) {
                    return Err(*failure);
                }
                self.run.delivery.abandon();
                if let [one] = wanted {
                    self.failed_in_a_row += 1;
                    if self.failed_in_a_row > FAILED_IN_A_ROW_MAX {
                        return Err(*failure);
                    }
                    return self.not_read(&one.path, &failure);
                }
                let (first, second) = wanted.split_at(wanted.len() / 2);
                self.ask_batch(first)?;
                return self.ask_batch(second);
            }
        }
        self.failed_in_a_row = 0;
        // Their samples came mixed, window by window.
        let done = wanted.iter().map(|series| series.path.clone());
        let done: Vec<_> = done.map(ImportedUnit::series).collect();
        done.iter()
            .for_each(|_| self.run.delivery.progress.done += ONE);
        self.run.delivery.end_together(done);
        self.run.note()
    }

    fn read(&mut self, wanted: &[WantedSeries]) -> Result<(), ReadError> {
        let names: BTreeMap<&str, &SeriesName<'static>> = wanted
            .iter()
            .map(|series| (series.path.as_str(), &series.name))
            .collect();
        let mut windows = Windows::new(self.range.0, self.range.1);
        while let Some(TimeWindow { from, until }) = windows.next() {
            let delivery = &mut self.run.delivery;
            delivery.check_stop().map_err(ReadError::Delivery)?;
            let targets = wanted.iter().map(|series| series.target.as_str());
            let rows = match self.source.render(targets, from, until) {
                Ok(rows) => rows,
                Err(failure) => {
                    let is_too_large = failure.machine_code() == code::ANSWER_TOO_LARGE;
                    if is_too_large && windows.too_large() {
                        continue;
                    }
                    return Err(ReadError::Source(Box::new(failure)));
                }
            };
            if !windows.answered(&rows) {
                continue;
            }
            // A series with tags may fit several of the targets.
            let mut seen = BTreeSet::new();
            for row in rows {
                let Some((path, name)) = names.get_key_value(&*row.target) else {
                    continue;
                };
                if !seen.insert(*path) {
                    continue;
                }
                for (value, at) in row.datapoints {
                    if let Some(value) = value.filter(|_| (from..=until).contains(&at.secs())) {
                        let pushed = delivery.push(name, at, value);
                        pushed.map_err(ReadError::Delivery)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether others of its series may be read after this.
fn is_about_the_series(failure: &Failure) -> bool {
    failure.machine_code() == code::ANSWER_TOO_LARGE
        || matches!(failure.status, Some(400 | 404 | 413 | 414 | 422 | 500))
}

/// Whether a server has no interface for tags.
fn lacks_tag_interface(failure: &Failure) -> bool {
    failure.machine_code() == code::ANSWER_MALFORMED
        || matches!(failure.status, Some(400 | 404 | 405 | 410 | 501))
}

/// The branches of the tree that are to be looked into.
#[derive(Debug, Default)]
struct Branches {
    /// Each with its depth.
    waiting: Vec<(String, usize)>,
    bytes: usize,
}

impl Branches {
    fn push(&mut self, branch: String, depth: usize) -> Result<(), Failure> {
        self.bytes += branch.len() + size_of::<(String, usize)>();
        if self.bytes > BRANCH_BYTES_MAX {
            return Err(Failure::failed(format!(
                "the server names more branches than are held at a time: their names take over {} MiB",
                BRANCH_BYTES_MAX >> 20
            ))
            .coded(code::ANSWER_TOO_LARGE)
            .hint("import a part at a time, with `--match PATTERN`"));
        }
        self.waiting.push((branch, depth));
        Ok(())
    }

    fn pop(&mut self) -> Option<(String, usize)> {
        let (branch, depth) = self.waiting.pop()?;
        self.bytes -= branch.len() + size_of::<(String, usize)>();
        Some((branch, depth))
    }
}

/// A series of unknown size.
const ONE: Extent = Extent {
    units: 1,
    weight: 1,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branches_that_wait_have_a_bound() {
        let mut branches = Branches::default();
        let name = "x".repeat(1 << 20);
        for depth in 0..100 {
            branches.push(name.clone(), depth).unwrap();
            assert_eq!(branches.pop(), Some((name.clone(), depth)));
        }
        assert_eq!(branches.bytes, 0);
        let mut pushed = (0..1000).map(|depth| branches.push(name.clone(), depth));
        assert_eq!(pushed.position(|answer| answer.is_err()), Some(63));
    }
}
