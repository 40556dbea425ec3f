//! The circles among a folder's files and folders.

use super::reference::{Kind, Reference};
use super::resolve::{Target, definer_in_code, resolve};
use super::source::{Module, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Files and folders that use one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circle {
    /// The crate.
    pub(crate) package: String,
    /// The module they lie in, as its path: `crate::log`.
    pub(crate) folder: String,
    /// Their names; `self` is the folder's own file.
    pub(crate) members: BTreeSet<String>,
    /// One place for each direction: who, whom, where.
    pub(crate) uses: Vec<String>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<&str> = self.members.iter().map(String::as_str).collect();
        write!(f, "{} {}: {}", self.package, self.folder, members.join(" "))
    }
}

/// The uses within a folder, and their places.
pub(super) type Edges = BTreeMap<(String, String), String>;

/// All circles of a crate.
pub(crate) fn circles(package: &str, source: &Source) -> Vec<Circle> {
    let mut found = Vec::new();
    for (folder, edges) in folders(source) {
        for members in components(&edges) {
            let uses = edges
                .iter()
                .filter(|((from, to), _)| members.contains(from) && members.contains(to))
                .map(|((from, to), place)| format!("`{from}` uses `{to}`: {place}"))
                .collect();
            found.push(Circle {
                package: package.to_owned(),
                folder: named(&folder),
                members,
                uses,
            });
        }
    }
    found
}

pub(super) fn folders(source: &Source) -> BTreeMap<Vec<String>, Edges> {
    let mut folders: BTreeMap<Vec<String>, Edges> = BTreeMap::new();
    for (number, module) in source.modules.iter().enumerate() {
        for reference in &module.references {
            if !counts(module, &reference.kind) {
                continue;
            }
            let Some(target) = used(source, number, reference) else {
                continue;
            };
            let file = |number: usize| {
                let file = source.modules.get(number)?.file;
                source.modules.get(file)
            };
            let (Some(from), Some(to)) = (file(number), file(target)) else {
                continue;
            };
            let Some((folder, from_name, to_name)) = apart(&from.path, &to.path) else {
                continue;
            };
            let place = format!(
                "line {} of `{}` names `{}`",
                reference.line,
                named(&from.path),
                reference.segments.join("::")
            );
            folders
                .entry(folder)
                .or_default()
                .entry((from_name, to_name))
                .or_insert(place);
        }
    }
    folders
}

/// The module that a reference uses something of.
fn used(source: &Source, from: usize, reference: &Reference) -> Option<usize> {
    match resolve(source, from, &reference.segments)? {
        Target::Item(target) => Some(target),
        Target::Module(target) => match reference.kind {
            Kind::Glob => Some(target),
            Kind::Code => definer_in_code(source, from, &reference.segments),
            // A module that is imported is used where something in it is named.
            Kind::Import { .. } | Kind::Reexport { .. } => None,
        },
    }
}

/// A re-export counts where the module uses the name itself.
fn counts(module: &Module, kind: &Kind) -> bool {
    let Kind::Reexport { name } = kind else {
        return true;
    };
    module.references.iter().any(|other| {
        other.kind == Kind::Code && other.segments.first().is_some_and(|first| first == name)
    })
}

/// The deepest folder that holds both, and what each is called in it; `None` for a file and itself.
fn apart(from: &[String], to: &[String]) -> Option<(Vec<String>, String, String)> {
    if from == to {
        return None;
    }
    let common = from
        .iter()
        .zip(to)
        .take_while(|(one, two)| one == two)
        .count();
    let name = |path: &[String]| path.get(common).map_or("self", String::as_str).to_owned();
    let folder = from.get(..common).unwrap_or_default().to_vec();
    Some((folder, name(from), name(to)))
}

/// A module's path as one writes it.
pub(super) fn named(path: &[String]) -> String {
    ["crate"]
        .into_iter()
        .chain(path.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("::")
}

/// The groups of two and more in which everyone reaches everyone.
fn components(edges: &Edges) -> Vec<BTreeSet<String>> {
    let names: BTreeSet<&String> = edges.keys().flat_map(|(from, to)| [from, to]).collect();
    let reach: BTreeMap<&String, BTreeSet<&String>> = names
        .iter()
        .map(|name| (*name, reached(edges, name)))
        .collect();
    let mut components: Vec<BTreeSet<String>> = Vec::new();
    for name in &names {
        if components.iter().any(|component| component.contains(*name)) {
            continue;
        }
        let mutual = |other: &&&String| {
            reach.get(*name).is_some_and(|set| set.contains(**other))
                && reach.get(**other).is_some_and(|set| set.contains(*name))
        };
        let component: BTreeSet<String> = names
            .iter()
            .filter(mutual)
            .map(|other| (**other).clone())
            .collect();
        if component.len() > 1 {
            components.push(component);
        }
    }
    components
}

fn reached<'a>(edges: &'a Edges, from: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(name) = waiting.pop() {
        for (_, to) in edges.keys().filter(|(from, _)| from == name) {
            if reached.insert(to) {
                waiting.push(to);
            }
        }
    }
    reached
}
