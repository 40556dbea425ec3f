//! The key of an agent that is installed.

use super::args::InstallArgs;
use super::paths::InstallPaths;
use super::writing::{WriteOutcome, write};
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::output::Output;
use crate::printable_text::escaped;
use crate::secret_argument;
use base::secret::Secret;
use std::path::{Path, PathBuf};
use wire::iam::key_file;
use zeroize::Zeroizing;

/// Where the key comes from.
pub(super) enum KeySource {
    /// It is in a file already.
    File(PathBuf),
    /// It is in the environment of this command alone, and is written into this file.
    Text(PathBuf, Secret<String>),
}

impl KeySource {
    /// By `--key-file`, else by the environment, else in the usual file.
    pub(super) fn find(
        args: &InstallArgs,
        context: &Context,
        paths: &InstallPaths,
    ) -> Result<Self, Failure> {
        if let Some(path) = &args.key_file {
            return whole(path).map(Self::File);
        }
        match context.env.named(env::API_KEY) {
            None => Ok(Self::File(paths.key_file.clone())),
            Some((_, "@-")) => Err(
                Failure::usage("the key is not read from standard input here")
                    .hint("name a file that holds it with `--key-file FILE`"),
            ),
            Some((name, given)) => match given.strip_prefix('@') {
                Some(path) => whole(Path::new(path)).map(Self::File),
                None => {
                    let text = secret_argument::key(given, name, &context.output)?;
                    // As the agent will read it from its file.
                    key_file::read(text.expose().as_bytes()).map_err(|error| {
                        Failure::usage(escaped!(
                            "`{}` holds no API key: {}",
                            name,
                            error.to_string()
                        ))
                    })?;
                    Ok(Self::Text(paths.key_file.clone(), text))
                }
            },
        }
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Text(path, _) => path,
        }
    }

    /// Makes sure that the file holds a key, where it is to be there already.
    pub(super) fn check(&self, paths: &InstallPaths, output: &Output) -> Result<(), Failure> {
        let Self::File(path) = self else {
            return Ok(());
        };
        let found = paths.below_root(path);
        let given = format!("@{}", found.display());
        secret_argument::key(&given, "--key-file", output).map(drop).map_err(|failure| {
            let failure = failure
                .hint("`vigie iam api-key-create NAME --only send -s SPACE --file FILE` writes a key into a new file; name it with `--key-file FILE`");
            match found == *path {
                true => failure,
                false => failure.hint(escaped!(
                    "with `--root`, the key is where that machine will find it: put it there first, or name another path of that machine than `{}`",
                    path.display()
                )),
            }
        })
    }

    /// Writes a key that is in no file yet.
    pub(super) fn keep(&self, paths: &InstallPaths, output: &Output) -> Result<(), Failure> {
        let Self::Text(path, key) = self else {
            return Ok(());
        };
        let path = paths.below_root(path);
        let text = Zeroizing::new(format!("{}\n", key.expose()));
        let written = write(&path, text.as_bytes(), 0o600, false);
        let written = written.map_err(|failure| paths.needs_root(failure))?;
        if written == WriteOutcome::New {
            output.say(escaped!("Wrote the key into `{}`", path.display()))?;
        }
        Ok(())
    }

    /// Where nothing is written: says where such a key has to be.
    pub(super) fn print_key_location(&self, output: &Output) {
        if let Self::Text(path, _) = self {
            output.note(escaped!(
                "The key is not printed; it has to be in `{}`, which its user alone may read",
                path.display()
            ));
        }
    }
}

/// The whole path, because the agent runs elsewhere.
fn whole(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file("find", path, &error))
}
