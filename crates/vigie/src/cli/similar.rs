//! Suggestions for an unknown command: `vigie sent` is probably `vigie metrics send`.
//!
//! The parser compares only the commands at that level, by common letters, so it suggests `agent` for `sent`. This module uses the
//! edit distance and searches all commands.

use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};
use std::ffi::OsString;

/// The maximum number of suggestions.
const SUGGESTED_MAX: usize = 3;

/// Replaces the parser's suggestions.
pub(super) fn suggest(error: &mut Error, grammar: &Command, arguments: &[OsString]) {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else {
        return;
    };
    let typed = typed.clone();
    let here = place(grammar, arguments, &typed);
    let found = nearest(grammar, &here, &typed);
    error.remove(ContextKind::SuggestedSubcommand);
    if !found.is_empty() {
        error.insert(
            ContextKind::SuggestedSubcommand,
            ContextValue::Strings(found),
        );
    }
}

/// The commands before the unknown one.
fn place(grammar: &Command, arguments: &[OsString], typed: &str) -> Vec<String> {
    let words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    let mut command = grammar;
    let mut path = Vec::new();
    for word in words.take_while(|word| *word != typed) {
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
            path.push(sub.get_name().to_owned());
        }
    }
    path
}

/// How far a command is from what was typed: edits, whether it is at another level, and its words.
type Rank = (usize, bool, usize);

/// The nearest commands, each as typed after the program's name; if some are at the same level, only those, and else those that are
/// fewest words.
fn nearest(grammar: &Command, here: &[String], typed: &str) -> Vec<String> {
    let slips_max = match typed.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let mut all = Vec::new();
    walk(grammar, &mut Vec::new(), &mut all);
    let mut found: Vec<(Rank, &Vec<String>)> = all
        .iter()
        .filter_map(|path| {
            let edits = edits(typed, path.last()?);
            let is_elsewhere = path.split_last()?.1 != here;
            (edits <= slips_max).then_some(((edits, is_elsewhere, path.len()), path))
        })
        .collect();
    found.sort();
    let Some((best, _)) = found.first().copied() else {
        return Vec::new();
    };
    let best = found.iter().filter(|(rank, _)| *rank == best);
    let best = best.take(SUGGESTED_MAX);
    best.map(|(_, path)| path.join(" ")).collect()
}

fn walk(command: &Command, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    for sub in command.get_subcommands() {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        if sub.is_hide_set() || about.starts_with("Older name of") || sub.get_name() == "help" {
            continue;
        }
        path.push(sub.get_name().to_owned());
        all.push(path.clone());
        walk(sub, path, all);
        path.pop();
    }
}

/// Bytes by which words differ in length that are no slips of each other.
const FAR: usize = 64;

/// The edit distance of two words: an extra letter, a missing one, a wrong one, or two swapped ones count 1.
fn edits(one: &str, other: &str) -> usize {
    // To compare words takes time by the length of both.
    if one.len().abs_diff(other.len()) > FAR {
        return usize::MAX;
    }
    strsim::osa_distance(&one.to_lowercase(), &other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::context::Name;

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("send", "send", 0),
            ("sent", "send", 1),
            ("lgoin", "login", 1),
            ("sent", "agent", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(edits(one, other), count, "{one} {other}");
        }
    }

    #[test]
    fn what_was_meant_is_found_wherever_it_is() {
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        for (here, typed, expected) in [
            ("", "sent", &["metrics send"][..]),
            ("", "lgoin", &["login"]),
            ("", "spaces", &["account spaces"]),
            ("account", "orgz", &["account org", "account orgs"]),
            ("account", "send", &["metrics send"]),
            ("metrics", "lst", &["metrics list"]),
            ("", "xyzzy", &[]),
        ] {
            let here: Vec<String> = here.split_whitespace().map(str::to_owned).collect();
            assert_eq!(nearest(&grammar, &here, typed), expected, "{typed}");
        }
    }
}
