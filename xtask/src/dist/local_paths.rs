//! The paths of this machine, which no shipped program contains: the programs are the same bytes wherever the sources are.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Each path, and its replacement. Of two that match, compilers take the later one.
#[derive(Debug)]
pub(super) struct LocalPaths(Vec<(PathBuf, &'static str)>);

impl LocalPaths {
    /// `home` is cargo's, with the sources of all dependencies.
    pub(super) fn new(source: &Path, target: &Path, home: Option<&Path>) -> Self {
        let mut local_paths = vec![(source.to_owned(), "/vigie")];
        local_paths.extend(home.map(|home| (home.to_owned(), "/cargo")));
        // What build scripts write lies here, and it need not be below the sources.
        local_paths.push((target.to_owned(), "/target"));
        Self(local_paths)
    }

    /// A compiler's flags that rename them all.
    pub(super) fn flags(&self, flag: &str, between: &str) -> String {
        let each = self
            .0
            .iter()
            .map(|(from, to)| format!("{flag}{}={to}", from.display()));
        each.collect::<Vec<_>>().join(between)
    }

    /// Fails where a program names one of them all the same.
    pub(super) fn check(&self, program: &Path) -> Result<()> {
        let bytes =
            fs::read(program).with_context(|| format!("cannot read `{}`", program.display()))?;
        let texts = self
            .0
            .iter()
            .map(|(place, _)| format!("{}/", place.display()));
        let texts: Vec<String> = texts.collect();
        let paths =
            (0..bytes.len()).filter_map(|at| bytes.get(at..).filter(|rest| rest.starts_with(b"/")));
        for path in paths {
            if let Some(place) = texts.iter().find(|text| path.starts_with(text.as_bytes())) {
                bail!(
                    "`{}` names `{place}`: built elsewhere it would be another program",
                    program.display()
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local_paths() -> LocalPaths {
        let path = Path::new;
        LocalPaths::new(path("/a/vigie"), path("/b/built"), Some(path("/c/.cargo")))
    }

    #[test]
    fn every_place_has_its_flag_and_the_target_folder_counts_last() {
        assert_eq!(
            local_paths().flags("-fmap=", " "),
            "-fmap=/a/vigie=/vigie -fmap=/c/.cargo=/cargo -fmap=/b/built=/target"
        );
    }

    #[test]
    fn a_program_that_names_a_place_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(
            &program,
            b"\x7fELF /cargo/registry/x.rs /vigie/y.rs /a/vigied",
        )
        .unwrap();
        local_paths().check(&program).unwrap();
        for place in ["/a/vigie", "/b/built", "/c/.cargo"] {
            fs::write(&program, format!("\0\0{place}/z.rs\0")).unwrap();
            let message = local_paths().check(&program).unwrap_err().to_string();
            assert!(message.contains(place), "{message}");
        }
    }
}
