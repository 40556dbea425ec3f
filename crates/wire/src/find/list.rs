//! The answer to a listing.

use base::name;
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
        Self {
            path: node.path.clone(),
            name: name::last_element(&node.path).to_owned(),
            leaf: node.leaf,
            branch: node.branch,
        }
    }
}

/// One entry of the plain answer, `["shop","shop.eu"]`.
pub fn write(out: &mut Vec<u8>, node: &Node) {
    // A text written into memory can't fail.
    let _ = serde_json::to_writer(out, &node.path);
}

/// One entry of the answer to `format=nodes`, `[{"path","name","leaf","branch"}]`.
pub fn write_node(out: &mut Vec<u8>, node: &Node) {
    // Texts and booleans written into memory can't fail.
    let _ = serde_json::to_writer(out, &NodeItem::from(node));
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
        let written = |write: fn(&mut Vec<u8>, &Node), at: usize| {
            let mut out = Vec::new();
            write(&mut out, &nodes[at]);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(write, 0), "\"shop\"");
        assert_eq!(written(write, 1), "\"shop.\\\"eu\\\"\"");
        assert_eq!(
            written(write_node, 0),
            "{\"path\":\"shop\",\"name\":\"shop\",\"leaf\":false,\"branch\":true}"
        );
        let item: NodeItem = serde_json::from_str(&written(write_node, 1)).unwrap();
        assert_eq!(item.name, "\"eu\"");
    }

    #[test]
    fn a_tag_with_a_dot_stays_whole() {
        assert_eq!(
            NodeItem::from(&node("a.b;host=x.example", true, false)).name,
            "b;host=x.example"
        );
    }
}
