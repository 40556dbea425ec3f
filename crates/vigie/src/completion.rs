//! What could come next on a command line, as a shell asks for it at a press of Tab: `vigie __complete SHELL …`.
//!
//! Nobody has asked for an error, a question or a pause, so there is none: whatever goes wrong, and whatever takes longer
//! than [`DEADLINE`], offers nothing. What others have named is offered to be typed by the person, so a name is left out
//! that could be taken for something else, or is not seen as it is.

mod bash;
mod grammar;
mod kind;
mod known;
mod offer;

use crate::context::Name;
use crate::env::Env;
use crate::output::{Format, Output};
use crate::shown::{Shown, is_plain, shown};
use grammar::Wanted;
use offer::{DEADLINE, OFFERS_MAX, Offer};
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::mpsc;

/// The word that a script of ours begins with; no command of anyone's.
const WORD: &str = "__complete";
/// No offer is longer.
const OFFER_BYTES_MAX: usize = 1024;
/// In place of offers: the shell knows the files itself.
const FILES: &str = "\tfiles\n";

/// Makes the grammar of the command line, for a name of the program.
type Grammar = fn(Name) -> clap::Command;

/// Answers a shell, if it is one that asks.
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
    let told = receiver.recv_timeout(DEADLINE).unwrap_or_default();
    let output = Output::new(name, Format::Text, true, &Env::of_process(), None);
    drop(output.text(&told));
    Some(ExitCode::SUCCESS)
}

fn text(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}

/// The offers, one a line, as this shell takes them.
fn complete(name: Name, shell: &str, words: &[String], grammar: Grammar) -> Shown {
    match (shell, words) {
        ("bash", [replaced, line]) => {
            let line = bash::Line::read(line);
            let told = |offer: &Offer| Some(shown!("{}\n", line.typed(&offer.word, replaced)?));
            offered(name, &line.words(), grammar, told)
        }
        ("zsh" | "fish", words) => offered(name, words, grammar, |offer| {
            Some(shown!("{}\t{}\n", offer.word, offer.about))
        }),
        _ => Shown::default(),
    }
}

fn offered(
    name: Name,
    words: &[String],
    grammar: Grammar,
    told: impl Fn(&Offer) -> Option<Shown>,
) -> Shown {
    let grammar = {
        let mut grammar = grammar(name);
        grammar.build();
        grammar
    };
    let Some(typed) = grammar::read(&grammar, words) else {
        return Shown::default();
    };
    let mut offers = match &typed.wanted {
        Wanted::Files => return FILES.into(),
        Wanted::Words(offers) => offers.clone(),
        Wanted::Known(kind) => known::ask(name, *kind, &typed),
    };
    offers.retain(|offer| offer.word.starts_with(&typed.current));
    if matches!(typed.wanted, Wanted::Known(_)) {
        offers.retain(|offer| is_harmless(&offer.word));
    }
    offers.sort();
    offers.dedup();
    for offer in &mut offers {
        offer.word.insert_str(0, &typed.before);
        offer.about = offer.about.chars().filter(|c| is_plain(*c)).collect();
    }
    let lines = offers.iter().filter_map(told).take(OFFERS_MAX);
    lines.fold(Shown::default(), |mut all, line| {
        all.push(&line);
        all
    })
}

/// Whether a name of someone else's can be put on a command line: it is seen as it is, and is no flag.
fn is_harmless(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= OFFER_BYTES_MAX
        && !word.starts_with('-')
        && word.chars().all(is_plain)
}
