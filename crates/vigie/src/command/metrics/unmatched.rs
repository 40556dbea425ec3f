//! Notes about targets that matched nothing while others did, because the gap is easy to overlook.

use super::readings::is_empty;
use crate::printable_text::{PrintableText, escaped};
use wire::render::json::ReadRow;
use wire::target::Target;

/// The maximum number of targets in the note.
const NAMED_MAX: usize = 5;

/// A sentence for each of several `targets` that has no sample in `rows`.
pub(super) fn unmatched(targets: &[String], rows: &[ReadRow]) -> Vec<PrintableText> {
    let mut notes = Vec::new();
    if targets.len() < 2 {
        return notes;
    }
    let mut missed = 0;
    for target in targets {
        let Ok(parsed) = Target::parse(target) else {
            continue;
        };
        let fits = |row: &&ReadRow| parsed.pattern().matches(&row.target);
        let mut fitting = rows.iter().filter(fits).peekable();
        let why = if fitting.peek().is_none() {
            "no metric matches"
        } else if fitting.all(is_empty) {
            "there is no sample in this time of"
        } else {
            continue;
        };
        missed += 1;
        if missed <= NAMED_MAX {
            notes.push(escaped!("{} `{}`", why, target.clone()));
        }
    }
    if missed > NAMED_MAX {
        let rest = missed - NAMED_MAX;
        notes.push(match rest {
            1 => "and 1 more target read nothing".into(),
            rest => format!("and {rest} more targets read nothing").into(),
        });
    }
    notes
}
