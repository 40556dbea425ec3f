//! The series of a server that answers as Graphite does: the nodes of its tree, and the series with tags.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A node of the tree of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) path: String,
    /// There is a series of this name.
    pub(super) is_leaf: bool,
    /// There are series below it.
    pub(super) is_branch: bool,
}

/// Reads the nodes of `/metrics/find?format=treejson`.
pub(super) fn nodes(body: &[u8]) -> serde_json::Result<Vec<Node>> {
    let found: Vec<FoundNode> = serde_json::from_slice(body)?;
    Ok(found.into_iter().map(Node::from).collect())
}

/// Reads the values of a tag, as `/tags/TAG` has them; there is none where no series has it.
pub(super) fn tag_values(body: &[u8]) -> serde_json::Result<Vec<String>> {
    let found: Option<FoundTag> = serde_json::from_slice(body)?;
    let values = found.map(|tag| tag.values).unwrap_or_default();
    Ok(values.into_iter().map(|found| found.value).collect())
}

/// Reads the names of `/tags/findSeries`.
pub(super) fn series(body: &[u8]) -> serde_json::Result<Vec<String>> {
    serde_json::from_slice(body)
}

/// A node as Graphite tells it.
#[derive(Debug, Deserialize)]
struct FoundNode {
    id: String,
    #[serde(default)]
    leaf: Flag,
    #[serde(default)]
    expandable: Flag,
    #[serde(default, rename = "allowChildren")]
    allow_children: Flag,
}

impl From<FoundNode> for Node {
    fn from(found: FoundNode) -> Self {
        Self {
            is_leaf: found.leaf.0,
            is_branch: found.expandable.0 || found.allow_children.0,
            path: found.id,
        }
    }
}

/// A number for some servers, a truth value for others. Whatever else it is, it is not kept, and means no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a truth value")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
                Ok(Flag(value != 0))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Flag, E> {
                Ok(Flag(value != 0))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Flag, E> {
                Ok(Flag(value != 0.0))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Flag, E> {
                Ok(Flag(false))
            }

            fn visit_unit<E: Error>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Flag, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Flag(false))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Flag, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Flag(false))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// A tag as Graphite tells it.
#[derive(Debug, Deserialize)]
struct FoundTag {
    #[serde(default)]
    values: Vec<FoundValue>,
}

#[derive(Debug, Deserialize)]
struct FoundValue {
    value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str, is_leaf: bool, is_branch: bool) -> Node {
        Node {
            path: path.to_owned(),
            is_leaf,
            is_branch,
        }
    }

    #[test]
    fn nodes_are_read_from_several_servers() {
        let text = r#"[
            {"id":"a","text":"a","leaf":0,"expandable":1,"allowChildren":1,"context":{}},
            {"id":"b","leaf":1,"expandable":0,"allowChildren":0},
            {"id":"c","leaf":true,"expandable":false},
            {"id":"d","allowChildren":1},
            {"id":"e","leaf":null,"expandable":"1","allowChildren":1.0}
        ]"#;
        assert_eq!(
            nodes(text.as_bytes()).unwrap(),
            [
                node("a", false, true),
                node("b", true, false),
                node("c", true, false),
                node("d", false, true),
                node("e", false, true)
            ]
        );
    }

    /// A hostile server's values are passed over, not kept: of this answer one byte in a thousand is held.
    #[test]
    fn what_is_no_flag_is_passed_over() {
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let wide = format!("{{\"a\":[{}]}}", vec!["[1,2]"; 10_000].join(","));
        for value in [deep, wide, "\"x\"".to_owned()] {
            let text = format!("[{{\"id\":\"a\",\"leaf\":{value},\"expandable\":true}}]");
            assert_eq!(nodes(text.as_bytes()).unwrap(), [node("a", false, true)]);
        }
        assert_eq!(size_of::<Flag>(), 1);
    }

    #[test]
    fn series_with_tags_are_read() {
        let text = r#"{"tag":"name","values":[{"count":2,"value":"disk.used"},{"value":"load"}]}"#;
        let values = tag_values(text.as_bytes()).unwrap();
        assert_eq!(values, ["disk.used", "load"]);
        assert!(tag_values(b"null").unwrap().is_empty());
        assert!(tag_values(b"{}").unwrap().is_empty());
        assert!(tag_values(b"[1]").is_err());
        assert_eq!(series(br#"["a;b=c"]"#).unwrap(), ["a;b=c"]);
    }
}
