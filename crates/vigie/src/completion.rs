//! Completion of command lines: the shell runs `vigie __complete SHELL …` when the user presses Tab.
//!
//! It never prints an error, asks a question or pauses: after an error, or after [`DEADLINE`], there are no candidates. Names that
//! others chose end up on the user's command line, so names that look like a flag or contain invisible characters are left out.

mod bash;
mod candidate;
mod grammar;
mod known;
mod target;

use crate::context::Name;
use crate::env::Env;
use crate::output::{Format, Output};
use crate::printable_text::{PrintableText, escaped, is_plain};
use candidate::{CANDIDATES_MAX, Candidate, DEADLINE};
use grammar::Expected;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::mpsc;

/// The first word of a request by our completion scripts; it is no command for users.
const WORD: &str = "__complete";
/// The maximum length of a candidate.
const CANDIDATE_BYTES_MAX: usize = 1024;
/// Tells the shell to complete file names itself.
const FILES: &str = "\tfiles\n";

/// Makes the grammar of the command line, for a name of the program.
type Grammar = fn(Name) -> clap::Command;

/// Answers a completion request, if this is one.
pub(crate) fn answer(name: Name, arguments: &[OsString], grammar: Grammar) -> Option<ExitCode> {
    let [_, word, shell, words @ ..] = arguments else {
        return None;
    };
    if word != WORD {
        return None;
    }
    let (shell, words) = (text(shell), words.iter().map(text).collect::<Vec<_>>());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(complete(name, &shell, &words, grammar))));
    let lines = receiver.recv_timeout(DEADLINE).unwrap_or_default();
    let output = Output::new(name, Format::Text, true, &Env::of_process(), None);
    drop(output.text(&lines));
    Some(ExitCode::SUCCESS)
}

fn text(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}

/// The candidates, one per line, in the form of this shell.
fn complete(name: Name, shell: &str, words: &[String], grammar: Grammar) -> PrintableText {
    match (shell, words) {
        ("bash", [replaced, line]) => {
            let line = bash::Line::read(line);
            let line_of = |candidate: &Candidate| {
                Some(escaped!("{}\n", line.typed(&candidate.word, replaced)?))
            };
            print_candidates(name, &line.words(), grammar, line_of)
        }
        ("zsh" | "fish", words) => print_candidates(name, words, grammar, |candidate| {
            Some(escaped!("{}\t{}\n", candidate.word, candidate.about))
        }),
        _ => PrintableText::default(),
    }
}

fn print_candidates(
    name: Name,
    words: &[String],
    grammar: Grammar,
    line_of: impl Fn(&Candidate) -> Option<PrintableText>,
) -> PrintableText {
    let grammar = {
        let mut grammar = grammar(name);
        grammar.build();
        grammar
    };
    let Some(typed) = grammar::read(&grammar, words) else {
        return PrintableText::default();
    };
    let mut candidates = match &typed.expected {
        Expected::Files => return FILES.into(),
        Expected::Words(candidates) => candidates.clone(),
        Expected::Named(named) => known::ask(name, *named, &typed),
    };
    candidates.retain(|candidate| candidate.word.starts_with(&typed.current));
    if matches!(typed.expected, Expected::Named(_)) {
        candidates.retain(|candidate| is_harmless(&candidate.word));
    }
    candidates.sort();
    candidates.dedup();
    for candidate in &mut candidates {
        candidate.word.insert_str(0, &typed.before);
        candidate.about = candidate.about.chars().filter(|c| is_plain(*c)).collect();
    }
    let lines = candidates.iter().filter_map(line_of).take(CANDIDATES_MAX);
    lines.fold(PrintableText::default(), |mut all, line| {
        all.push(&line);
        all
    })
}

/// Whether a name can be put on a command line: it is visible, and not a flag.
fn is_harmless(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= CANDIDATE_BYTES_MAX
        && !word.starts_with('-')
        && word.chars().all(is_plain)
}
