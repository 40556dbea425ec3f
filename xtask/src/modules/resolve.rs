//! Which module defines what a path names.

use super::reference::{Kind, Reference};
use super::source::Source;

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module as such.
    Module(usize),
    /// Something that this module defines.
    Item(usize),
}

/// Re-exports of re-exports are followed this far; beyond it they go in a circle that no compiler would take.
const STEPS_MAX: usize = 32;

/// Follows `segments`, which stand in the module `from`; `None` where they lead out of the crate.
pub(crate) fn resolve(source: &Source, from: usize, segments: &[String]) -> Option<Target> {
    follow(source, from, segments, STEPS_MAX)
}

/// The module that defines what code at `from` names by `segments`. Code names no module: where the last name is that of a module, too, it
/// means the function, type or re-export that shares the name with it.
pub(crate) fn definer_in_code(source: &Source, from: usize, segments: &[String]) -> Option<usize> {
    item_of(source, from, segments, STEPS_MAX)
}

fn item_of(source: &Source, from: usize, segments: &[String], steps: usize) -> Option<usize> {
    let steps = steps.checked_sub(1)?;
    if let Target::Item(definer) = resolve(source, from, segments)? {
        return Some(definer);
    }
    let (last, before) = segments.split_last()?;
    let at = match before {
        [] => from,
        _ => match resolve(source, from, before)? {
            Target::Module(at) => at,
            Target::Item(_) => return None,
        },
    };
    let module = source.modules.get(at)?;
    if module.defined.contains(last) {
        return Some(at);
    }
    module
        .references
        .iter()
        .find_map(|reference| match &reference.kind {
            Kind::Import { name } | Kind::Reexport { name } if name == last => {
                item_of(source, at, &reference.segments, steps)
            }
            _ => None,
        })
}

fn follow(source: &Source, from: usize, segments: &[String], steps: usize) -> Option<Target> {
    let steps = steps.checked_sub(1)?;
    let here = source.modules.get(from)?;
    let (first, rest) = segments.split_first()?;
    match first.as_str() {
        "crate" => descend(source, 0, rest, steps),
        "self" => descend(source, from, rest, steps),
        "super" => descend(source, here.parent?, rest, steps),
        name if here.children.contains_key(name) || is_imported(&here.references, name) => {
            descend(source, from, segments, steps)
        }
        _ => None,
    }
}

fn is_imported(references: &[Reference], name: &str) -> bool {
    references.iter().any(|reference| {
        matches!(&reference.kind, Kind::Import { name: imported } | Kind::Reexport { name: imported } if imported == name)
    })
}

/// Follows `segments` from the module `at` downwards.
fn descend(source: &Source, at: usize, segments: &[String], steps: usize) -> Option<Target> {
    let steps = steps.checked_sub(1)?;
    let module = source.modules.get(at)?;
    let Some((first, rest)) = segments.split_first() else {
        return Some(Target::Module(at));
    };
    if first == "super" {
        return descend(source, module.parent?, rest, steps);
    }
    if let Some(child) = module.children.get(first) {
        // A module and, for example, a function or a macro may share a name: `use crate::shown::shown`, `use super::walk`.
        return descend(source, *child, rest, steps);
    }
    if module.defined.contains(first) {
        return Some(Target::Item(at));
    }
    for reference in &module.references {
        let (Kind::Import { name } | Kind::Reexport { name }) = &reference.kind else {
            continue;
        };
        // `use frame;` of a macro defined here names itself.
        if name == first && reference.segments.as_slice() != [first.clone()] {
            return match follow(source, at, &reference.segments, steps)? {
                Target::Module(found) => descend(source, found, rest, steps),
                item @ Target::Item(_) => Some(item),
            };
        }
    }
    for reference in &module.references {
        if reference.kind == Kind::Glob
            && let Some(Target::Module(found)) = follow(source, at, &reference.segments, steps)
            && let Some(Target::Item(item)) = descend(source, found, segments, steps)
            && source
                .modules
                .get(item)
                .is_some_and(|module| module.defined.contains(first))
        {
            return Some(Target::Item(item));
        }
    }
    // What a macro makes, for example, has no place that can be seen.
    Some(Target::Item(at))
}
