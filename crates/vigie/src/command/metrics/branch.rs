//! Hints for reading a branch: a target that matches no metric but has metrics below it. The hint names a pattern that reads them,
//! because `list` and `delete` do include everything below.

use super::list::nodes;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::Monitoring;
use crate::printable_text::{PrintableText, escaped};
use base::pattern::escape;
use std::collections::BTreeSet;
use wire::target::Target;

/// The maximum number of targets that are looked into.
const TARGETS_MAX: usize = 5;
/// The maximum number of levels searched below a branch; deeper, `**` is suggested.
const LEVELS_MAX: usize = 6;

/// Suggests another target for each of `targets` that matches none of the series `read` and is a branch; returns whether there was
/// one. This is only a hint, so errors are ignored.
pub(super) fn suggest(
    targets: &[String],
    read: &[String],
    monitoring: &Monitoring<'_>,
    context: &Context,
) -> bool {
    let reads_nothing = |target: &&String| {
        Target::parse(target)
            .is_ok_and(|parsed| !read.iter().any(|name| parsed.pattern().matches(name)))
    };
    let mut any = false;
    for target in targets.iter().filter(reads_nothing).take(TARGETS_MAX) {
        let target = target.trim();
        let fitting = nodes(monitoring, target).unwrap_or_default();
        let branches = fitting.iter().filter(|node| node.branch).count();
        if branches == 0 {
            continue;
        }
        any = true;
        let what = if branches == 1 {
            "is a branch"
        } else {
            "matches branches only"
        };
        let better = below(monitoring, target).unwrap_or_else(|_| format!("{target}.**"));
        context.output.note(escaped!(
            "hint: `{}` {}; try `vigie metrics get {}`",
            target.to_owned(),
            what,
            PrintableText::quoted(&better)
        ));
    }
    any
}

/// The pattern that reads the nearest metrics below `target`.
fn below(monitoring: &Monitoring<'_>, target: &str) -> Result<String, Failure> {
    let mut query = target.to_owned();
    for _ in 0..LEVELS_MAX {
        let level = nodes(monitoring, &format!("{query}.*"))?;
        let found = level.iter().any(|node| node.leaf);
        let counted = level.iter().filter(|node| node.leaf || !found);
        let names: BTreeSet<&str> = counted.map(|node| node.name.as_str()).collect();
        let mut names = names.into_iter();
        let element = match (names.next(), names.next()) {
            (None, _) => break,
            (Some(only), None) => escape(only),
            (Some(_), Some(_)) => "*".to_owned(),
        };
        query = format!("{query}.{element}");
        if found {
            return Ok(query);
        }
    }
    Ok(format!("{target}.**"))
}
