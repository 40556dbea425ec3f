//! `metrics list`: the tree of names, one request per level.

use super::one_form::two_forms;
use super::patterns::refuse_call;
use crate::argument::Named;
use crate::chart::Glyphs;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::counted;
use crate::monitoring::{Monitoring, RetryPolicy, ScopeArgs, TARGET_SPACE};
use crate::printable_text::{PrintableText, printable};
use crate::screen::AlphabetArgs;
use base::name::{last_element, parent};
use std::collections::{BTreeMap, BTreeSet};
use wire::find::list::NodeItem;

/// Without `--depth`, the tree stops before the level that would make it longer than this: about a screen.
const NODES_SHOWN: usize = 50;
/// The maximum depth of a name.
const DEPTH_MAX: u32 = base::limit::NAME_ELEMENTS.default as u32;

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Names below names
    #[default]
    Tree,
    /// Whole names, one a line
    Plain,
    /// Nodes with `path`, `name`, `leaf` and `branch`
    Json,
}

/// Show the tree of metric names
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  vigie metrics list
  vigie metrics list 'shop.*' --depth 1
  vigie metrics list '**.latency-ms'
  vigie metrics list --format plain | grep latency")]
pub(crate) struct ListArgs {
    /// A name or a pattern: where to begin
    #[arg(value_name = "QUERY", default_value = "*", add = Named::Metrics)]
    query: String,
    /// Levels to show; default: as many as fit 50 lines, all with `--format plain` and `json`
    #[arg(long, value_name = "LEVELS", conflicts_with = "all", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(DEPTH_MAX)))]
    depth: Option<u32>,
    /// Show the whole tree, however long
    #[arg(long)]
    all: bool,
    /// Form of the result
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    alphabet: AlphabetArgs,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Reads the levels one by one, and shows them.
pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let format = match args.format {
        Some(format) if output.is_json() && format != Format::Json => return Err(two_forms()),
        Some(format) => format,
        None if output.is_json() => Format::Json,
        None => Format::Tree,
    };
    refuse_call(&args.query)?;
    let monitoring = Monitoring::to_read(context, &args.scope)?;
    let levels = walk(args, &monitoring, format)?;
    match format {
        Format::Json => output.json(&levels.concat()),
        _ if levels.iter().all(Vec::is_empty) => {
            output.say(monitoring.empty())?;
            output.note(if args.scope.scope.is_none() && !monitoring.is_of_space() {
                TARGET_SPACE
            } else if args.query == "*" {
                "hint: send the first with `vigie metrics send NAME=VALUE`"
            } else {
                "hint: see all there is with `vigie metrics list`"
            });
            Ok(())
        }
        Format::Plain => output.text(&PrintableText::lines(&plain(&levels))),
        Format::Tree => {
            let glyphs = args.alphabet.glyphs(&context.env);
            output.text(&PrintableText::lines(&tree(&levels, glyphs)))?;
            let (summary, hint) = summary(args, &levels);
            output.note(summary);
            if let Some(hint) = hint {
                output.note(hint);
            }
            Ok(())
        }
    }
}

fn walk(
    args: &ListArgs,
    monitoring: &Monitoring<'_>,
    format: Format,
) -> Result<Vec<Vec<NodeItem>>, Failure> {
    let mut levels: Vec<Vec<NodeItem>> = Vec::new();
    let mut query = args.query.clone();
    // After a `**` further up, a node can be on two levels.
    let mut known = BTreeSet::new();
    let mut listed = 0;
    for _ in 0..args.depth.unwrap_or(DEPTH_MAX) {
        let mut level = nodes(monitoring, &query)?;
        // A last `**` has matched everything below already.
        let deeper = level.iter().any(|node| node.branch) && last_element(&query) != "**";
        level.retain(|node| known.insert(node.path.clone()));
        listed += level.len();
        let is_bounded = args.depth.is_none() && !args.all && format == Format::Tree;
        let long = is_bounded && listed > NODES_SHOWN;
        if long && !levels.is_empty() {
            break;
        }
        levels.push(level);
        if !deeper {
            break;
        }
        query.push_str(".*");
    }
    Ok(levels)
}

/// The summary, and how to see the rest.
fn summary(args: &ListArgs, levels: &[Vec<NodeItem>]) -> (String, Option<String>) {
    let leaves = levels.iter().flatten().filter(|node| node.leaf);
    let count = leaves.count() as u64;
    let metrics = counted(count, "metric", "metrics");
    if cut(levels).next().is_none() {
        return (metrics, None);
    }
    let summary = if count == 0 {
        // Those that are shown with their children lead to others of the list.
        let branches = counted(cut(levels).count() as u64, "branch", "branches");
        format!("{branches}; more below")
    } else {
        format!("{metrics} down to this level; more below")
    };
    let deeper = || {
        let depth = levels.len() + 1;
        format!("hint: see the rest with `--depth {depth}` or `--all`, or begin further down")
    };
    (summary, args.depth.is_none().then(deeper))
}

/// The nodes that match `query`.
pub(crate) fn nodes(monitoring: &Monitoring<'_>, query: &str) -> Result<Vec<NodeItem>, Failure> {
    let make = || nodes_request(monitoring, query);
    monitoring
        .exchange(make, RetryPolicy::Once)?
        .parse("list metrics")
}

/// The request for them.
pub(crate) fn nodes_request(monitoring: &Monitoring<'_>, query: &str) -> Request {
    Request::get(monitoring.url("/v1/metrics/list"))
        .query("query", query)
        .query("format", "nodes")
}

/// The branches that are shown without their children.
fn cut(levels: &[Vec<NodeItem>]) -> impl Iterator<Item = &NodeItem> {
    let all = levels.iter().flatten();
    let above: BTreeSet<&str> = all.clone().filter_map(|node| parent(&node.path)).collect();
    all.filter(move |node| node.branch && !above.contains(node.path.as_str()))
}

/// The names of series, one a line.
fn plain(levels: &[Vec<NodeItem>]) -> String {
    let mut paths: Vec<&str> = levels
        .iter()
        .flatten()
        .filter(|node| node.leaf)
        .map(|node| node.path.as_str())
        .collect();
    paths.sort_unstable();
    paths
        .into_iter()
        .map(|path| format!("{}\n", printable(path)))
        .collect()
}

/// Draws the topmost nodes by their paths, and the nodes below each by name.
fn tree(levels: &[Vec<NodeItem>], glyphs: Glyphs) -> String {
    let mut sorted: Vec<&NodeItem> = levels.iter().flatten().collect();
    sorted.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    let known: BTreeSet<&str> = sorted.iter().map(|node| node.path.as_str()).collect();
    let mut roots = Vec::new();
    let mut children: BTreeMap<&str, Vec<&NodeItem>> = BTreeMap::new();
    for node in sorted {
        match parent(&node.path).filter(|parent| known.contains(parent)) {
            Some(parent) => children.entry(parent).or_default().push(node),
            None => roots.push(node),
        }
    }
    let mut text = String::new();
    for root in roots {
        push(&mut text, &printable(&root.path), root, &children, glyphs);
        below(&mut text, root, "", &children, glyphs);
    }
    text
}

fn below(
    text: &mut String,
    node: &NodeItem,
    margin: &str,
    children: &BTreeMap<&str, Vec<&NodeItem>>,
    glyphs: Glyphs,
) {
    let nodes = children
        .get(node.path.as_str())
        .map_or(&[][..], Vec::as_slice);
    let (between, last, beside) = match glyphs {
        Glyphs::Unicode => ("├── ", "└── ", "│   "),
        Glyphs::Ascii => ("|-- ", "`-- ", "|   "),
    };
    for (at, child) in nodes.iter().enumerate() {
        let ends = at + 1 == nodes.len();
        let branch = if ends { last } else { between };
        push(
            text,
            &format!("{margin}{branch}{}", printable(&child.name)),
            child,
            children,
            glyphs,
        );
        let deeper = format!("{margin}{}", if ends { "    " } else { beside });
        below(text, child, &deeper, children, glyphs);
    }
}

/// A line of the tree, marked if levels below it are not shown, or if the series has others below it.
fn push(
    text: &mut String,
    line: &str,
    node: &NodeItem,
    children: &BTreeMap<&str, Vec<&NodeItem>>,
    glyphs: Glyphs,
) {
    text.push_str(line);
    if node.branch && !children.contains_key(node.path.as_str()) {
        text.push_str(match glyphs {
            Glyphs::Unicode => " …",
            Glyphs::Ascii => " ...",
        });
    }
    if node.branch && node.leaf {
        text.push_str(" (a metric too)");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(nodes: &[(&str, bool, bool)]) -> Vec<NodeItem> {
        nodes
            .iter()
            .map(|(path, leaf, branch)| NodeItem {
                path: (*path).to_owned(),
                name: path.rsplit('.').next().unwrap().to_owned(),
                leaf: *leaf,
                branch: *branch,
            })
            .collect()
    }

    fn shop() -> Vec<Vec<NodeItem>> {
        vec![
            level(&[("host", false, true), ("shop", true, true)]),
            level(&[
                ("host.cpu-0", false, true),
                ("shop.eu", false, true),
                ("shop.us", false, true),
            ]),
            level(&[
                ("shop.eu.errors", true, false),
                ("shop.eu.latency", true, false),
                ("shop.us.errors", true, false),
            ]),
        ]
    }

    #[test]
    fn a_tree_of_names() {
        insta::assert_snapshot!(tree(&shop(), Glyphs::Unicode));
    }

    #[test]
    fn a_tree_in_ascii() {
        insta::assert_snapshot!(tree(&shop(), Glyphs::Ascii));
    }

    /// One root with two children was three branches.
    #[test]
    fn only_the_branches_without_their_children_are_counted() {
        let levels = &shop()[..2];
        let paths: Vec<&str> = cut(levels).map(|node| node.path.as_str()).collect();
        assert_eq!(paths, ["host.cpu-0", "shop.eu", "shop.us"]);
        assert_eq!(cut(&shop()).count(), 1, "`host.cpu-0` alone");
    }

    #[test]
    fn plain_names_are_those_of_series() {
        assert_eq!(
            plain(&shop()),
            "shop\nshop.eu.errors\nshop.eu.latency\nshop.us.errors\n"
        );
    }
}
