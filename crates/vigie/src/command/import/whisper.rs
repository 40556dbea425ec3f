//! `import whisper`: the files of a folder, one series in each.

mod found;
mod name;
mod rings;

use self::found::{Walk, WalkEntry, WhisperFile};
use self::name::ENDING;
use self::rings::{ReadError, Rings};
use super::arguments::{ImportArgs, NameMapping, seconds};
use super::delivery::Delivery;
use super::input_kind::with_other_command;
use super::progress::Extent;
use super::run::{ImportRun, Subject};
use super::state::ImportedUnit;
use crate::command::metrics::stop::StopFlag;
use crate::context::Context;
use crate::error::{Failure, code};
use crate::printable_text::escaped;
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::{Clock as _, SystemClock, TimeRange};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Import the files of Whisper, in which Graphite keeps samples
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Every file `a/b/c.wsp` below the folder becomes the series `a.b.c`; files of series with tags, below `_tagged`, get their names \
back. All archives are read: a moment's value comes from the finest archive that reaches back to it, counted from the newest \
value of the file, so nothing comes twice. Links are followed to files inside the folder alone. A file that is damaged is named, \
and the others are read.

What was imported is noted in the configuration directory. The same command goes on where it was stopped, however that happened, \
and reads files that have changed since again; a sample that was sent before changes nothing. Other writers go first: one \
request is under way at a time, and when the server answers more slowly the import waits.

Exit codes: 0 all samples were stored, 1 none, 7 some; what was not is named with the reason.

Examples:
  vigie import whisper /opt/graphite/storage/whisper --dry-run
  vigie import whisper /opt/graphite/storage/whisper
  vigie import whisper backup --prefix servers --from -400d --rate 200000")]
pub(crate) struct WhisperArgs {
    /// The folder of the files, usually `/opt/graphite/storage/whisper` or `/var/lib/graphite/whisper`
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
    #[command(flatten)]
    import: ImportArgs,
}

/// Imports the files, and prints the totals.
pub(crate) fn run(args: &WhisperArgs, context: &Context) -> Result<(), Failure> {
    let arguments = &args.import;
    let (range, naming) = (arguments.range(context)?, arguments.naming()?);
    let folder = folder(&args.folder)?;
    let stop = StopFlag::on_signals()
        .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
    let (named, path) = (args.folder.to_string_lossy(), folder.to_string_lossy());
    let subject = Subject {
        kind: "whisper",
        named: &named,
        place: Some((&path, "")),
        selection: "",
        unit: "Files",
    };
    let mut run = ImportRun::begin(subject, arguments, range, Arc::clone(&stop), context)?;
    run.set_extent(extent(&folder, &stop));
    let outcome = import(&folder, (&naming, range), &mut run);
    let outcome = outcome.and_then(|()| match run.delivery.tally.has_found_any() {
        true => Ok(()),
        false => Err(nothing_found(&args.folder)),
    });
    run.end(outcome)
}

/// A folder that was named in error is no import of nothing.
fn nothing_found(named: &Path) -> Failure {
    Failure::failed(escaped!(
        "there is no file `*.{}` in `{}` or below it",
        ENDING,
        named.display()
    ))
    .coded(code::NOT_FOUND)
    .hint("name the folder in which carbon keeps its files, usually `/opt/graphite/storage/whisper` or `/var/lib/graphite/whisper`")
}

/// The folder itself, however it was named.
fn folder(named: &Path) -> Result<PathBuf, Failure> {
    let folder = named
        .canonicalize()
        .map_err(|error| Failure::file("read", named, &error))?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let failure = Failure::usage(format!("`{}` is no folder", named.display()))
        .hint("name the folder that the files are below, because their names begin there");
    Err(with_other_command(failure, named))
}

/// How much there is to be read.
fn extent(folder: &Path, stop: &StopFlag) -> Extent {
    let mut all = Extent::default();
    for found in Walk::of(folder) {
        if let WalkEntry::File(file) = found {
            all += file.extent();
        }
        if stop.signal().is_some() {
            break;
        }
    }
    all
}

fn import(
    folder: &Path,
    (naming, range): (&NameMapping, TimeRange),
    run: &mut ImportRun<'_>,
) -> Result<(), Failure> {
    for found in Walk::of(folder) {
        run.delivery.check_stop()?;
        let file = match found {
            WalkEntry::File(file) => file,
            WalkEntry::Refused(path, why) => {
                run.delivery.tally.failed(&path, code::FILE, &why);
                continue;
            }
        };
        let done = file.done();
        if run.skip_if_imported(&done, file.extent()) {
            continue;
        }
        let name = match name::of(&file.relative) {
            Ok(name) => naming.name(&name).map_err(RejectReason::Name),
            Err(why) => Err(RejectReason::Malformed(why.to_owned())),
        };
        let delivery = &mut run.delivery;
        let path = file.relative.to_string_lossy();
        match name {
            Ok(name) => match read(&file, &name, range, delivery) {
                Ok(()) => delivery.end(done),
                Err(ReadError::File(why)) => {
                    delivery.abandon();
                    delivery.tally.failed(&path, code::FILE, &why);
                }
                Err(ReadError::Delivery(failure)) => return Err(failure),
            },
            Err(reason) => {
                let tally = &mut delivery.tally;
                tally.failed(&path, reason.code(), &reason.to_string());
            }
        }
        delivery.progress.done += file.extent();
        run.note()?;
    }
    run.delivery.flush()
}

/// Reads a file, the oldest points first.
fn read(
    file: &WhisperFile,
    name: &SeriesName<'_>,
    range: TimeRange,
    delivery: &mut Delivery<'_, ImportedUnit>,
) -> Result<(), ReadError> {
    let rings = Rings::open(&file.path)?;
    let asked = seconds(range);
    for (archive, part) in rings.parts(SystemClock.now().secs())?.into_iter().rev() {
        let seconds = part.start.max(asked.start)..part.end.min(asked.end);
        rings.points(archive, seconds, |at, value| {
            delivery.push(name, at, value).map_err(ReadError::Delivery)
        })?;
    }
    Ok(())
}
