//! `/metrics/find`, `/metrics/expand` and `/metrics/index.json`: the names of series.

use super::glob::GlobSelector;
use super::json;
use super::parameters::{Parameters, invalid, time};
use super::request::{GraphiteRequest, answer, json_type, routes};
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::store::{FindQuery, Node, StoreError};
use wire::code;
use wire::find::graphite::{self, GraphiteNode};
use wire::find::packed;
use wire::render::Sink as _;

/// Bytes of a node in tables and forms, beside its text: it may be a leaf and a branch.
const NODE_BYTES: u64 = 128;

routes! {
    /// `/metrics/find`.
    find, find_post: found_type => write_found;
    /// `/metrics/expand`.
    expand, expand_post: json_type => write_expanded;
    /// `/metrics/index.json`.
    index, index_post: json_type => write_index;
}

fn found_type(parameters: &Parameters) -> Result<&'static str, Refusal> {
    match parameters.last("format") {
        Some("pickle") => Ok("application/pickle"),
        Some("msgpack") => Ok("application/x-msgpack"),
        _ => json_type(parameters),
    }
}

/// The nodes of the tree of names that match a path. Series with tags are not in the tree.
fn nodes(asked: &GraphiteRequest, answer: &Answer, path: &str) -> Result<Vec<Node>, Refusal> {
    let Some(glob) = GlobSelector::parse(path) else {
        return Ok(Vec::new());
    };
    let context = answer.context();
    let query = FindQuery {
        selector: &glob.selector,
        range: None,
        labelled: glob.has_tags,
    };
    let mut nodes = asked.app.store.find(&asked.scope, &query, &context)?;
    nodes.retain(|node| glob.matches(&node.path));
    Ok(nodes)
}

/// The nodes that match a query. Empty elements are ignored, except one at the end, which opens the branch before it; `**` alone
/// is the first level, as in graphite-web.
fn nodes_of_query(
    asked: &GraphiteRequest,
    answer: &Answer,
    query: &str,
) -> Result<Vec<Node>, Refusal> {
    if query.contains(';') {
        return nodes(asked, answer, query);
    }
    let elements: Vec<&str> = query
        .split('.')
        .filter(|element| !element.is_empty())
        .collect();
    let path = match elements.as_slice() {
        ["**"] => "*".to_owned(),
        elements => elements.join("."),
    };
    if !query.ends_with('.') {
        let found = nodes(asked, answer, &path.replace('\\', ""))?;
        return Ok(as_asked(found, &path));
    }
    let opened = |path| Node {
        path,
        leaf: false,
        branch: true,
    };
    if path.is_empty() {
        return Ok(vec![opened(String::new())]);
    }
    let branches = nodes(asked, answer, &path)?
        .into_iter()
        .filter(|node| node.branch);
    Ok(branches
        .map(|node| opened(format!("{}.", node.path)))
        .collect())
}

/// An element of the query with a wildcard after a `\` appears in every path as it was written, without the `\`, as in
/// graphite-web, which matches with the wildcard all the same.
fn as_asked(mut found: Vec<Node>, path: &str) -> Vec<Node> {
    let is_escaped = |element: &&str| {
        ["\\*", "\\?", "\\[", "\\{"]
            .iter()
            .any(|wildcard| element.contains(wildcard))
    };
    let asked: Vec<&str> = path.split('.').collect();
    if !asked.iter().any(&is_escaped) {
        return found;
    }
    for node in &mut found {
        let mut asked = asked.iter();
        let elements = node.path.split('.').map(|element| match asked.next() {
            Some(asked) if is_escaped(asked) => asked.replace('\\', ""),
            _ => element.to_owned(),
        });
        node.path = elements.collect::<Vec<_>>().join(".");
    }
    found.sort_unstable();
    found.dedup_by(|later, first| {
        let is_same = later.path == first.path;
        if is_same {
            first.leaf |= later.leaf;
            first.branch |= later.branch;
        }
        is_same
    });
    found
}

/// Each node as a branch, a leaf or both.
fn found(nodes: &[Node], leaves_only: bool) -> Vec<GraphiteNode<'_>> {
    let mut found = Vec::with_capacity(nodes.len());
    for node in nodes {
        if node.branch && !leaves_only {
            found.push(GraphiteNode {
                path: &node.path,
                is_leaf: false,
            });
        }
        if node.leaf {
            found.push(GraphiteNode {
                path: &node.path,
                is_leaf: true,
            });
        }
    }
    found
}

fn write_found(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let clock = parameters.clock(&asked.app)?;
    let query = match parameters.last("query") {
        Some(query) if !query.is_empty() => query.to_owned(),
        _ => {
            return Err(Refusal(
                code::QUERY_MISSING
                    .problem("`query` is missing or empty")
                    .field("query"),
            ));
        }
    };
    // Times are parsed, and refused if they are not valid, but select nothing: branches have no interval.
    for name in ["from", "until"] {
        match parameters.last(name) {
            None | Some("" | "-1") => {}
            Some(text) => {
                time(
                    text,
                    clock.now,
                    &clock.zone,
                    if name == "from" { "from" } else { "until" },
                )?;
            }
        }
    }
    let leaves_only = parameters.integer("leavesOnly")?.unwrap_or(0) != 0;
    let with_wildcard = parameters.integer("wildcards")?.unwrap_or(0) != 0;
    let position = parameters.integer("position")?.unwrap_or(-1);
    let with_variants = parameters.integer("automatic_variants")?.unwrap_or(0) != 0;
    let format = parameters.last("format").unwrap_or("treejson");
    let path = match format {
        "completer" => graphite::completer_query(&query, with_variants),
        _ => query.clone(),
    };
    let nodes = nodes_of_query(asked, answer, &path)?;
    let texts = nodes.iter().map(|node| node.path.len() as u64).sum();
    reserve_tables(answer, nodes.len(), 0)?;
    let mut found = found(&nodes, leaves_only);
    graphite::sort(&mut found);
    let interval = (0, clock.now.secs());
    match format {
        "pickle" => {
            reserve_tables(answer, nodes.len(), texts)?;
            answer
                .out
                .extend_from_slice(&packed::pickle(&found, interval));
            return Ok(());
        }
        "msgpack" => {
            reserve_tables(answer, nodes.len(), texts)?;
            answer
                .out
                .extend_from_slice(&packed::msgpack(&found, interval));
            return Ok(());
        }
        "treejson" | "completer" | "json" | "nodelist" => {}
        other => {
            let other = wire::excerpt::beginning(other);
            let formats = "treejson, completer, json, nodelist, pickle or msgpack";
            return Err(invalid(
                "format",
                format!("`format` is {formats}, not `{other}`"),
            ));
        }
    }
    json::write(asked, answer, |sink| match format {
        "treejson" => graphite::tree(sink, &found, &query, with_wildcard),
        "completer" => graphite::completer(sink, &found, with_wildcard),
        "json" => graphite::nodes(sink, &found, interval),
        _ => graphite::node_list(sink, &found, position),
    })
}

/// Reserves the tables in which nodes are put into order, and so many bytes of text, until the query ends.
fn reserve_tables(answer: &Answer, nodes: usize, texts: u64) -> Result<(), Refusal> {
    let bytes = (nodes as u64).saturating_mul(NODE_BYTES);
    let context = answer.context();
    let reserved = context.reserve(bytes.saturating_add(texts));
    Ok(reserved.map_err(StoreError::Stopped)?)
}

fn write_expanded(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let leaves_only = parameters.integer("leavesOnly")?.unwrap_or(0) != 0;
    let by_query = parameters.integer("groupByExpr")?.unwrap_or(0) != 0;
    let queries = parameters.all("query");
    let mut all = Vec::with_capacity(queries.len());
    for query in &queries {
        let nodes = nodes_of_query(asked, answer, query)?;
        reserve_tables(answer, nodes.len(), 0)?;
        all.push((*query, nodes));
    }
    let queries = all
        .iter()
        .map(|(query, nodes)| (*query, found(nodes, leaves_only)));
    json::write(asked, answer, |sink| {
        graphite::expanded(sink, queries, by_query)
    })
}

fn write_index(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let nodes = nodes(asked, answer, "**")?;
    json::write(asked, answer, |sink| {
        sink.out().push(b'[');
        let mut is_first = true;
        for node in nodes.iter().filter(|node| node.leaf) {
            if !std::mem::take(&mut is_first) {
                sink.out().push(b',');
            }
            // Writing into memory can't fail.
            let _ = serde_json::to_writer(sink.out(), &node.path);
            sink.step()?;
        }
        sink.out().push(b']');
        Ok(())
    })
}
