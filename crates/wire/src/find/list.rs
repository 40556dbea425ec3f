//! The answer to a listing.

use base::store::Node;
use serde::{Deserialize, Serialize};

/// A node of the name tree, as `format=nodes` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NodeItem {
    /// Full path from the root of the domain.
    pub path: String,
    /// The last element of the path.
    pub name: String,
    /// A series has this very name.
    pub leaf: bool,
    /// Series lie below it.
    pub branch: bool,
}

impl From<&Node> for NodeItem {
    fn from(node: &Node) -> Self {
        // The dots of a tag's value are no separators.
        let path_end = node.path.find(';').unwrap_or(node.path.len());
        let start = node
            .path
            .get(..path_end)
            .and_then(|path| path.rfind('.'))
            .map_or(0, |dot| dot + 1);
        Self {
            path: node.path.clone(),
            name: node.path.get(start..).unwrap_or_default().to_owned(),
            leaf: node.leaf,
            branch: node.branch,
        }
    }
}

/// The plain answer: `["shop","shop.eu"]`.
#[must_use]
pub fn write(nodes: &[Node]) -> Vec<u8> {
    let paths: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
    to_json(&paths)
}

/// The answer to `format=nodes`: `[{"path","name","leaf","branch"}]`.
#[must_use]
pub fn write_nodes(nodes: &[Node]) -> Vec<u8> {
    let items: Vec<NodeItem> = nodes.iter().map(NodeItem::from).collect();
    to_json(&items)
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    // Texts and booleans written into memory can't fail.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str, leaf: bool, branch: bool) -> Node {
        Node {
            path: path.to_owned(),
            leaf,
            branch,
        }
    }

    #[test]
    fn paths_or_nodes() {
        let nodes = [node("shop", false, true), node("shop.\"eu\"", true, false)];
        assert_eq!(write(&nodes), b"[\"shop\",\"shop.\\\"eu\\\"\"]");
        let text = String::from_utf8(write_nodes(&nodes)).unwrap();
        assert!(
            text.starts_with(
                "[{\"path\":\"shop\",\"name\":\"shop\",\"leaf\":false,\"branch\":true}"
            )
        );
        let items: Vec<NodeItem> = serde_json::from_str(&text).unwrap();
        assert_eq!(items[1].name, "\"eu\"");
    }

    #[test]
    fn a_tag_with_a_dot_stays_whole() {
        assert_eq!(
            NodeItem::from(&node("a.b;host=x.example", true, false)).name,
            "b;host=x.example"
        );
    }
}
