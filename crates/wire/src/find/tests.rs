//! Whatever the names are, each form of `/metrics/find` and `/metrics/expand` is read by readers that know nothing of the writers,
//! and has them.

use super::graphite::{self, GraphiteNode};
use super::packed;
use crate::render::tests::reader::{self, Plain};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Infallible>) -> Value {
    let mut out = Vec::new();
    let Ok(()) = write(&mut out);
    serde_json::from_slice(&out).unwrap()
}

fn texts(rows: &Value, key: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    let texts = rows.map(|row| row[key].as_str().unwrap().to_owned());
    texts.collect()
}

/// A node as the binary forms have it.
fn plain(node: &GraphiteNode<'_>, (start, end): (i64, i64)) -> Plain {
    let is_leaf = Plain::Boolean(node.is_leaf);
    let mut fields = BTreeMap::from([
        ("path".to_owned(), Plain::Text(node.path.to_owned())),
        ("is_leaf".to_owned(), is_leaf),
    ]);
    if node.is_leaf {
        let interval = Plain::List(vec![Plain::Integer(start), Plain::Integer(end)]);
        fields.insert("intervals".to_owned(), Plain::List(vec![interval]));
    }
    Plain::Map(fields)
}

proptest! {
    #[test]
    fn every_form_has_every_name(
        names in prop::collection::btree_map("([a-z%+é\"\\\\<\u{0}]{1,3}\\.){0,2}[a-z%+é\"\\\\<]{1,3}", any::<bool>(), 0..6),
        start in any::<i64>(),
        end in any::<i64>(),
    ) {
        let mut found: Vec<GraphiteNode<'_>> = names
            .iter()
            .map(|(path, is_leaf)| GraphiteNode { path, is_leaf: *is_leaf })
            .collect();
        graphite::sort(&mut found);
        let interval = (start, end);
        let paths: Vec<String> = names.keys().cloned().collect();

        let listed = written(|out| graphite::nodes(out, &found, interval));
        prop_assert_eq!(texts(&listed, "path"), paths.clone());
        let completed = written(|out| graphite::completer(out, &found, false));
        let dotted = |node: &GraphiteNode<'_>| format!("{}{}", node.path, if node.is_leaf { "" } else { "." });
        let dotted: Vec<String> = found.iter().map(dotted).collect();
        prop_assert_eq!(texts(&completed["metrics"], "path"), dotted);
        let last: BTreeSet<&str> = found.iter().map(GraphiteNode::name).collect();
        let tree = written(|out| graphite::tree(out, &found, "*", false));
        let ids: BTreeSet<String> = texts(&tree, "id").into_iter().collect();
        prop_assert_eq!(ids, last.iter().map(|id| (*id).to_owned()).collect());
        let nodes = written(|out| graphite::node_list(out, &found, -1));
        prop_assert_eq!(nodes, json!({"nodes": last}));
        let expanded = written(|out| graphite::expanded(out, [("q", found.clone())], true));
        prop_assert_eq!(expanded, json!({"results": {"q": paths}}));

        let expected = Plain::List(found.iter().map(|node| plain(node, interval)).collect());
        prop_assert_eq!(reader::pickle(&packed::pickle(&found, interval)), Some(expected.clone()));
        prop_assert_eq!(reader::msgpack(&packed::msgpack(&found, interval)), Some(expected));
    }
}
