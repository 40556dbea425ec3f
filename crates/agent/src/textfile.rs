//! Files in Prometheus' text that other programs write into a folder, as node_exporter's textfile collector takes them: every
//! `*.prom` is read at each reading, and its samples are of that moment. A file that cannot be read, or is not whole, is left out
//! as a whole and spoils no other. Of a series that two files hold, or one file twice, the first sample counts, the files in the
//! order of their names.
//!
//! Whoever may write into the folder may send; they may not make the agent wait, or read what they cannot read themselves: no
//! link is followed, and nothing is read but files.

use base::name::{SeriesName, allowed};
use base::sample::Batch;
use base::series::SeriesKey;
use base::time::Millis;
use rustix::fs::OFlags;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::ingest::exposition;

/// The most files that are read, the first ones by name.
const FILES_MAX: usize = 256;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The most samples of all files together.
const SAMPLES_MAX: usize = 50_000;

/// The label of the host.
const INSTANCE: &str = "instance";

/// When a file was written.
const MTIME: &str = "node_textfile_mtime_seconds";

/// Whether a file was left out.
const SCRAPE_ERROR: &str = "node_textfile_scrape_error";

/// A folder of such files.
#[derive(Debug)]
pub struct Textfiles {
    folder: PathBuf,
    instance: String,
    age_max: Option<Duration>,
}

/// The contents of the files.
#[derive(Debug, Default)]
pub struct TextfileReading {
    /// The samples, and beside them for each file when it was written (`node_textfile_mtime_seconds`), and whether anything was
    /// left out (`node_textfile_scrape_error`). Files have no series of these two names: what node_exporter says of its own
    /// textfiles is passed over.
    pub batch: Batch,
    /// The skipped lines and why, at most two sentences for each file. They repeat text of the files.
    pub problems: Vec<String>,
}

impl Textfiles {
    /// The files of `folder`. Samples without the label `instance` have `instance`. What was not written for longer than `age_max`
    /// is left out.
    #[must_use]
    pub fn new(folder: &Path, instance: &str, age_max: Option<Duration>) -> Self {
        Self {
            folder: folder.to_owned(),
            instance: instance.to_owned(),
            age_max,
        }
    }

    /// Whether the folder can be read.
    ///
    /// # Errors
    /// The system's message.
    pub fn check(&self) -> io::Result<()> {
        fs::read_dir(&self.folder).map(drop)
    }

    /// Reads the files; samples without a time are of `now`.
    #[must_use]
    pub fn read(&self, now: Millis) -> TextfileReading {
        let mut found = TextfileReading::default();
        let mut paths = match self.paths() {
            Ok(paths) => paths,
            Err(error) => {
                let folder = self.folder.display();
                found
                    .problems
                    .push(format!("cannot read `{folder}`: {error}"));
                Vec::new()
            }
        };
        if let Some(first) = paths.get(FILES_MAX) {
            found.problems.push(format!(
                "there are more than {FILES_MAX} files; `{}` and those after it are left out",
                first.display()
            ));
            paths.truncate(FILES_MAX);
        }
        let (mut written, mut owners) = (Vec::new(), HashMap::new());
        for path in paths {
            match self.file(&path, now, SAMPLES_MAX.saturating_sub(found.batch.len())) {
                Ok((batch, at)) => {
                    written.push((path, at));
                    let left_out = add(&batch, written.len() - 1, &mut owners, &mut found.batch);
                    found.problems.extend(left_out.warning(&written));
                }
                Err(why) => found.problems.push(format!("`{}`: {why}", path.display())),
            }
        }
        for (path, at) in written {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{MTIME};file={}", value(&file));
            self.push(&mut found.batch, &name, now, at.as_secs_f64());
        }
        let is_spoiled = u8::from(!found.problems.is_empty());
        self.push(&mut found.batch, SCRAPE_ERROR, now, is_spoiled.into());
        found
    }

    fn push(&self, batch: &mut Batch, name: &str, now: Millis, number: f64) {
        let name = format!("{name};{INSTANCE}={}", value(&self.instance));
        // A file's name may be too long for a label.
        if let Ok(name) = SeriesName::parse(&name) {
            batch.push(&name, now, number);
        }
    }

    /// The paths of the files, by name: of too many the first ones, and one more.
    fn paths(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "prom") {
                paths.insert(path);
            }
            if paths.len() > FILES_MAX + 1 {
                paths.pop_last();
            }
        }
        Ok(paths.into_iter().collect())
    }

    /// The samples of a file, and when it was written.
    fn file(
        &self,
        path: &Path,
        now: Millis,
        samples_max: usize,
    ) -> Result<(Batch, Duration), String> {
        let text = |error: io::Error| error.to_string();
        let no_file = || "it is no file".to_owned();
        // Before it is opened, which does something to some devices, and for a better message.
        let kind = fs::symlink_metadata(path).map_err(text)?.file_type();
        if kind.is_symlink() {
            return Err("it is a link, and none is followed here".to_owned());
        }
        if !kind.is_file() {
            return Err(no_file());
        }
        let mut file = open(path).map_err(text)?;
        let data = file.metadata().map_err(text)?;
        if !data.is_file() {
            return Err(no_file());
        }
        let modified = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = Duration::from_millis(u64::try_from(now.0).unwrap_or(0)).saturating_sub(modified);
        if let Some(most) = self.age_max.filter(|most| age > *most) {
            let most = most.as_secs();
            return Err(format!("it was not written for more than {most} s"));
        }
        let mut bytes = Vec::new();
        let read = (&mut file).take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(text)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20));
        }
        let instance = (INSTANCE, self.instance.as_str());
        let read = exposition::read(&bytes, now, instance, samples_max);
        let read = read.map_err(|error| error.to_string())?;
        Ok((read.batch, modified))
    }
}

/// Follows no link, and waits for no writer: what was a file when its kind was asked for may be a pipe by now.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Adds the samples of the file of this number, but for those of a series that an earlier file has, and for a second one of a moment.
/// `owners` are the series so far, and the number of the file that has each.
fn add(
    batch: &Batch,
    file: usize,
    owners: &mut HashMap<String, usize>,
    all: &mut Batch,
) -> LeftOut {
    let mut left_out = LeftOut::default();
    let mut moments = HashSet::new();
    for (series, at, value) in batch.texts() {
        let key = SeriesKey::from_canonical_unchecked(series);
        if matches!(key.path(), MTIME | SCRAPE_ERROR) {
            continue;
        }
        let owner = match owners.get(series) {
            Some(owner) => *owner,
            None => {
                owners.insert(series.to_owned(), file);
                file
            }
        };
        if owner == file && moments.insert((series, at)) {
            all.add(&key, at, value);
        } else {
            left_out.count += 1;
            left_out
                .first
                .get_or_insert_with(|| (key.graphite().into_owned(), owner));
        }
    }
    left_out
}

/// Samples that were left out because others of their series came before.
#[derive(Debug, Default)]
struct LeftOut {
    count: usize,
    /// The first series, and the number of the file that has it.
    first: Option<(String, usize)>,
}

impl LeftOut {
    /// The warning about the last of these files, if there is one.
    fn warning(self, files: &[(PathBuf, Duration)]) -> Option<String> {
        let (series, owner) = self.first?;
        let (path, _) = files.last()?;
        let (owner, _) = files.get(owner)?;
        Some(format!(
            "`{}`: {} of its samples left out, because others of their series came before; the first is of `{series}`, which is in `{}`",
            path.display(),
            self.count,
            owner.display()
        ))
    }
}

/// A text as the value of a label.
fn value(text: &str) -> String {
    let is_kept = |character: char| allowed(character) && character != ';';
    text.chars()
        .map(|character| if is_kept(character) { character } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, age_max: Option<Duration>, now: Millis) -> (Vec<String>, Vec<String>) {
        let found = Textfiles::new(folder, "web1.example.org", age_max).read(now);
        let names = found.batch.iter();
        let names = names.map(|sample| format!("{} {}", sample.name(), sample.value));
        (names.collect(), found.problems)
    }

    fn now() -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Millis(i64::try_from(since.as_millis()).unwrap())
    }

    #[test]
    fn one_file_that_is_none_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("a.prom", "backup_bytes{job=\"daily\"} 5\n");
        put("b.prom", "half 1\nhal");
        put("c.prom", "up 1\n");
        put("d.prom.tmp", "hidden 1\n");
        put("e.txt", "hidden 1\n");
        fs::create_dir(folder.path().join("f.prom")).unwrap();
        let (names, problems) = read(folder.path(), None, now());
        let begins = [
            "backup_bytes;instance=web1.example.org;job=daily 5",
            "up;instance=web1.example.org 1",
            "node_textfile_mtime_seconds;file=a.prom;instance=web1.example.org 1",
            "node_textfile_mtime_seconds;file=c.prom;instance=web1.example.org 1",
            "node_textfile_scrape_error;instance=web1.example.org 1",
        ];
        assert_eq!(names.len(), begins.len(), "{names:?}");
        for (name, begin) in names.iter().zip(begins) {
            assert!(name.starts_with(begin), "{name}: {begin}");
        }
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].contains("b.prom`: line 2: the file ends"),
            "{problems:?}"
        );
        assert!(
            problems[1].contains("f.prom`: it is no file"),
            "{problems:?}"
        );
    }

    #[test]
    fn of_a_series_in_two_files_the_first_counts_and_the_others_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("a.prom", "up 1\nat 1 1000\nat 2 2000\nat 3 2000\n");
        // As node_exporter itself writes it, of its own textfiles.
        put(
            "b.prom",
            "up{job=\"b\"} 2\nup 3\nat 4 3000\nup 5\nnode_textfile_scrape_error 0\n",
        );
        let found = Textfiles::new(folder.path(), "h", None).read(now());
        let names = found.batch.iter();
        let names: Vec<_> = names
            .map(|sample| format!("{} {}", sample.name(), sample.value))
            .filter(|line| !line.contains("mtime"))
            .collect();
        assert_eq!(
            names,
            [
                "up;instance=h 1",
                "at;instance=h 1",
                "at;instance=h 2",
                "up;instance=h;job=b 2",
                "node_textfile_scrape_error;instance=h 1",
            ]
        );
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (a, b) = (path("a.prom"), path("b.prom"));
        let why =
            "of its samples left out, because others of their series came before; the first is of";
        assert_eq!(
            found.problems,
            [
                format!("`{a}`: 1 {why} `at;instance=h`, which is in `{a}`"),
                format!("`{b}`: 3 {why} `up;instance=h`, which is in `{a}`"),
            ]
        );
    }

    /// Whoever may write into the folder can neither make the agent wait nor have it read what is not theirs.
    #[test]
    fn links_and_pipes_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("secret");
        fs::write(&file, "secret 1\n").unwrap();
        std::os::unix::fs::symlink(&file, folder.path().join("a.prom")).unwrap();
        let pipe = folder.path().join("b.prom");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let files = Textfiles::new(folder.path(), "h", None);
        let found = files.read(now());
        assert_eq!(found.batch.len(), 1, "the error alone");
        for (problem, why) in found.problems.iter().zip([
            "a.prom`: it is a link, and none is followed here",
            "b.prom`: it is no file",
        ]) {
            assert!(problem.ends_with(why), "{problem}: {why}");
        }
        assert_eq!(found.problems.len(), 2);
        // As if it had been a file when its kind was asked for.
        let opened = open(&pipe).map(|file| file.metadata().unwrap().is_file());
        assert!(!opened.unwrap(), "it waits for no writer");
        assert!(open(&folder.path().join("a.prom")).is_err());
    }

    #[test]
    fn what_is_no_longer_written_is_left_out_if_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.prom"), "a 1\n").unwrap();
        let hour = Some(Duration::from_secs(3600));
        let later = now().plus(2 * 3_600_000);
        assert_eq!(read(folder.path(), hour, now()).0.len(), 3);
        assert_eq!(read(folder.path(), None, later).0.len(), 3);
        let (names, problems) = read(folder.path(), hour, later);
        assert_eq!(
            names,
            ["node_textfile_scrape_error;instance=web1.example.org 1"]
        );
        assert!(
            problems[0].contains("not written for more than 3600 s"),
            "{problems:?}"
        );
    }

    #[test]
    fn limits_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for number in (0..FILES_MAX + 5).rev() {
            fs::write(folder.path().join(format!("{number:04}.prom")), "").unwrap();
        }
        let large = vec![b'\n'; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
        fs::write(folder.path().join("0000.prom"), large).unwrap();
        let many = "a 1\n".repeat(SAMPLES_MAX + 1);
        fs::write(folder.path().join("0001.prom"), many).unwrap();
        let (_, problems) = read(folder.path(), None, now());
        for (problem, what) in problems.iter().zip([
            "0256.prom` and those after it",
            "larger than 4 MiB",
            "more than 50000 samples",
        ]) {
            assert!(problem.contains(what), "{problem}: {what}");
        }
        assert_eq!(problems.len(), 3);
        let (names, problems) = read(&folder.path().join("nowhere"), None, now());
        assert_eq!(names.len(), 1);
        assert!(problems[0].starts_with("cannot read `"), "{problems:?}");
    }
}
