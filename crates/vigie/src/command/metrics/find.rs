//! `metrics find`: what fits a pattern in the tree of names, one level, for whoever may read or list.

use super::patterns::{refuse_call, refuse_empty};
use crate::argument::Named;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs, TARGET_SPACE};
use crate::output::{Column, Row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Find metrics and branches that fit a pattern
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A metric is a leaf of the tree of names, a branch has more below it; a name may be both. Series with tags are in no tree: \
`vigie metrics list` shows them too. Whoever may read metrics may find them; to list them takes a right of its own.

Examples:
  vigie metrics find '*'
  vigie metrics find 'shop.*.orders'
  vigie metrics find 'shop.*' --output json")]
pub(crate) struct FindArgs {
    /// A name or a pattern
    #[arg(value_name = "PATTERN", add = Named::Metrics)]
    pattern: String,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// As `/metrics/find` answers: a node that is leaf and branch is there twice.
#[derive(Debug, Deserialize)]
struct FindItem {
    path: String,
    is_leaf: bool,
}

/// A node of the tree.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct TreeNode {
    path: String,
    leaf: bool,
    branch: bool,
}

impl TreeNode {
    const fn kind(&self) -> &'static str {
        match (self.leaf, self.branch) {
            (true, true) => "metric and branch",
            (true, false) => "metric",
            _ => "branch",
        }
    }
}

impl Row for TreeNode {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", |node| node.path.clone()),
        Column::new("Kind", |node| node.kind().to_owned()),
    ];
}

/// Asks, and shows the nodes.
pub(crate) fn run(args: &FindArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    refuse_empty(&args.pattern, "`*` is everything at the top")?;
    refuse_call(&args.pattern)?;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    let make = || {
        Request::get(monitoring.url("/metrics/find"))
            .query("query", &args.pattern)
            .query("format", "json")
    };
    let answered: Vec<FindItem> = monitoring
        .exchange(make, RetryPolicy::Once)?
        .parse("find metrics")?;
    let found = merged(answered);
    output.rows(&found, monitoring.empty())?;
    if found.is_empty() && !output.is_json() {
        output.note(if args.scope.scope.is_none() && !monitoring.is_of_space() {
            TARGET_SPACE
        } else if args.pattern == "*" {
            "hint: `vigie metrics send NAME=VALUE` sends a first one"
        } else {
            "hint: `vigie metrics find '*'` shows the first level"
        });
    }
    Ok(())
}

/// Each path once, ascending.
fn merged(answered: Vec<FindItem>) -> Vec<TreeNode> {
    let mut nodes: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for FindItem { path, is_leaf } in answered {
        let (leaf, branch) = nodes.entry(path).or_default();
        *leaf |= is_leaf;
        *branch |= !is_leaf;
    }
    let nodes = nodes.into_iter();
    nodes
        .map(|(path, (leaf, branch))| TreeNode { path, leaf, branch })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_both_is_shown_once() {
        let answered = |path: &str, is_leaf| FindItem {
            path: path.to_owned(),
            is_leaf,
        };
        let found = merged(vec![
            answered("b", false),
            answered("a", true),
            answered("b", true),
        ]);
        let kinds: Vec<_> = found
            .iter()
            .map(|node| (node.path.as_str(), node.kind()))
            .collect();
        assert_eq!(kinds, [("a", "metric"), ("b", "metric and branch")]);
    }
}
