//! The reference of the command line, made from the grammar and compared with the committed one.
//!
//! `VIGIE_UPDATE=1 cargo test -p vigie reference` rewrites it.

use crate::cli;
use crate::context::Name;
use clap::Command;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Columns of the committed text, whatever terminal the test runs in.
const WIDTH: usize = 100;

fn reference() -> String {
    let mut grammar = cli::grammar(Name::Vigie).term_width(WIDTH);
    grammar.build();
    let mut text = "# Command line reference\n\n\
        Made from the program itself; `vigie COMMAND --help` prints the same.\n"
        .to_owned();
    describe(&grammar, &mut text);
    text
}

fn describe(command: &Command, text: &mut String) {
    let path = command.get_bin_name().unwrap_or_default().to_owned();
    let help = command.clone().render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(
        text,
        "\n## `{path}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    );
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        describe(sub, text);
    }
}

#[test]
fn the_committed_reference_is_that_of_the_program() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let now = reference();
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &now).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        now == committed,
        "docs/reference/cli.md is not that of the program; `VIGIE_UPDATE=1 cargo test -p vigie reference` rewrites it"
    );
}

#[test]
fn every_command_says_what_it_does() {
    fn check(command: &Command) {
        assert!(
            command.get_about().is_some(),
            "{:?}",
            command.get_bin_name()
        );
        command.get_subcommands().for_each(check);
    }
    let mut grammar = cli::grammar(Name::Vigie);
    grammar.build();
    check(&grammar);
}

/// The help of a command was broken at 100 columns by hand, and looked torn on any narrower terminal. Examples are not
/// broken at all where a terminal has 80 columns, so that they can be pasted.
#[test]
fn regression_7_the_terminal_breaks_the_lines_of_a_help_text() {
    fn check(command: &Command) {
        let texts = [
            command.get_long_about(),
            command.get_after_help(),
            command.get_after_long_help(),
        ];
        let name = command.get_bin_name();
        for text in texts.into_iter().flatten() {
            let text = text.to_string();
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2) {
                let [one, next] = pair else { continue };
                let is_cut = !one.is_empty() && !one.starts_with(' ') && !one.ends_with(['.', ':']);
                let goes_on = !next.is_empty() && !next.starts_with(' ');
                assert!(!(is_cut && goes_on), "{name:?}: {one}\n{next}");
            }
            let examples = lines.iter().skip_while(|line| !line.starts_with("Example"));
            for example in examples.take_while(|line| !line.is_empty()) {
                assert!(example.chars().count() <= 80, "{name:?}: {example}");
            }
        }
        command.get_subcommands().for_each(check);
    }
    let mut grammar = cli::grammar(Name::Vigie);
    grammar.build();
    check(&grammar);
}

/// Every command without subcommands, as typed after the program's name.
fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
    let subs: Vec<&Command> = command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .collect();
    if subs.is_empty() {
        found.push(path.trim().to_owned());
    }
    for sub in subs {
        leaves(sub, &format!("{path} {}", sub.get_name()), found);
    }
}

/// A command whose output nobody has looked at is a command that may say anything.
#[test]
fn every_command_has_a_transcript() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let typed: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .flat_map(|text| {
            text.lines()
                .filter_map(|line| line.strip_prefix("$ ")?.split_once(' '))
                .map(|(_, words)| format!("{words} "))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut grammar = cli::grammar(Name::Vigie);
    grammar.build();
    let mut commands = Vec::new();
    leaves(&grammar, "", &mut commands);
    commands.retain(|command| {
        !typed
            .iter()
            .any(|line| line.starts_with(&format!("{command} ")))
    });
    assert!(commands.is_empty(), "no transcript of {commands:?}");
}
