//! The arguments of the textfile collector, and which of its problems were reported.

use crate::duration;
use crate::error::{Failure, code};
use crate::output::Output;
use crate::printable_text::{PrintableText, escaped};
use agent::Textfiles;
use base::sample::Batch;
use base::time::Millis;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Prometheus' textfiles")]
pub(super) struct TextfileArgs {
    /// At each reading, also send what the files `*.prom` of this folder hold, as node_exporter's textfile collector does
    #[arg(long, value_name = "DIR")]
    textfile_dir: Option<PathBuf>,
    /// Leave out files that were not written for longer
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "textfile_dir")]
    textfile_max_age: Option<Duration>,
}

impl TextfileArgs {
    /// Whether there is no folder.
    pub(super) const fn is_empty(&self) -> bool {
        self.textfile_dir.is_none()
    }

    /// Their folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.textfile_dir.as_deref()
    }

    /// The files, for a host of this name. A folder that is missing when the agent starts is an error; one that goes away later is
    /// reported, also in what is sent.
    pub(super) fn files<'a>(
        &self,
        host: &str,
        output: &'a Output,
    ) -> Result<Option<TextfileCollector<'a>>, Failure> {
        let Some(folder) = self.folder() else {
            return Ok(None);
        };
        let files = Textfiles::new(folder, host, self.textfile_max_age);
        files.check().map_err(|error| {
            Failure::failed(format!(
                "cannot read the folder of textfiles `{}`: {error}",
                folder.display()
            ))
            .coded(code::FILE)
            .hint("make it before the agent starts, or name another with `--textfile-dir DIR`")
        })?;
        Ok(Some(TextfileCollector {
            files,
            output,
            reported: Vec::new(),
        }))
    }
}

/// Files whose problems are reported once while they last.
#[derive(Debug)]
pub(super) struct TextfileCollector<'a> {
    files: Textfiles,
    output: &'a Output,
    reported: Vec<String>,
}

impl TextfileCollector<'_> {
    /// Adds what the files hold.
    pub(super) fn read(&mut self, now: Millis, batch: &mut Batch) {
        let found = self.files.read(now);
        for sample in found.batch.iter() {
            batch.add(&sample.key, sample.at, sample.value);
        }
        for problem in &found.problems {
            if !self.reported.contains(problem) {
                let problem = PrintableText::untrusted(problem);
                self.output.warn(escaped!("agent: textfile: {}", problem));
            }
        }
        self.reported = found.problems;
    }
}
