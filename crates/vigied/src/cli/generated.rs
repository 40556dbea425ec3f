//! Generates completion scripts and manual pages from the definition of the command line.

use crate::cli::{Cli, Shell};
use anyhow::Context;
use clap::CommandFactory;
use clap_complete::{Shell as Generator, generate};
use std::path::Path;

/// The completion script for a shell.
pub(crate) fn completion(shell: Shell) -> anyhow::Result<String> {
    let generator = match shell {
        Shell::Bash => Generator::Bash,
        Shell::Zsh => Generator::Zsh,
        Shell::Fish => Generator::Fish,
    };
    let mut script = Vec::new();
    generate(generator, &mut Cli::command(), "vigied", &mut script);
    String::from_utf8(script).context("the completion script is no text")
}

/// Writes a manual page for the program and for each of its commands.
pub(crate) fn write(folder: &Path) -> anyhow::Result<()> {
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("cannot write manual pages into `{}`", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The help of a command was broken at 100 columns by hand, and looked torn on any narrower terminal.
    #[test]
    fn regression_7_the_terminal_breaks_the_lines_of_a_help_text() {
        fn check(command: &clap::Command) {
            let texts = [
                command.get_long_about(),
                command.get_after_help(),
                command.get_after_long_help(),
            ];
            let name = command.get_name();
            for text in texts.into_iter().flatten() {
                let text = text.to_string();
                let lines: Vec<&str> = text.lines().collect();
                for pair in lines.windows(2) {
                    let [one, next] = pair else { continue };
                    let is_cut =
                        !one.is_empty() && !one.starts_with(' ') && !one.ends_with(['.', ':']);
                    let goes_on = !next.is_empty() && !next.starts_with(' ');
                    assert!(!(is_cut && goes_on), "`{name}`: {one}\n{next}");
                }
                for example in lines.iter().filter(|line| line.starts_with("  ")) {
                    assert!(example.chars().count() <= 80, "`{name}`: {example}");
                }
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        for page in ["vigied.1", "vigied-serve.1", "vigied-account-create.1"] {
            let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
        }
        assert!(!folder.path().join("vigied-man.1").exists());
    }
}
