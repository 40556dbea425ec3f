//! Reading a branch: a target that fits no metric, but has some below. What would read those is said, so that one pattern
//! does not seem to mean three things.

use super::list::nodes;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::Monitoring;
use crate::shown::{Shown, shown};
use base::pattern::exactly;
use std::collections::BTreeSet;
use wire::target::Target;

/// So many targets that read nothing are looked into.
const TARGETS_MAX: usize = 5;
/// So many levels below a branch are looked at; where there are more, `**` is proposed.
const LEVELS_MAX: usize = 6;

/// Proposes another target for each of `targets` that fits none of the series `read`, and is a branch; says whether there
/// was one. It only helps: what goes wrong on the way is no failure.
pub(super) fn propose(
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
            "fits branches only"
        };
        let better = below(monitoring, target).unwrap_or_else(|_| format!("{target}.**"));
        context.output.note(shown!(
            "hint: `{}` {}; try `vigie metrics get {}`",
            target.to_owned(),
            what,
            Shown::quoted(&better)
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
            (Some(only), None) => exactly(only),
            (Some(_), Some(_)) => "*".to_owned(),
        };
        query = format!("{query}.{element}");
        if found {
            return Ok(query);
        }
    }
    Ok(format!("{target}.**"))
}
