//! The member of a JSON text at which its parser stopped: the parser itself tells the line and the column.

use std::fmt::Write as _;

/// Deeper levels are not followed: no body that is asked for has them.
const LEVELS_MAX: usize = 128;

/// A longer path says nothing to anybody.
const PATH_BYTES_MAX: usize = 200;

/// An object or list that is open where the parser stopped.
enum Level<'b> {
    /// With the member whose value has begun.
    Object(Option<&'b [u8]>),
    /// With the entry, which may have begun.
    List { index: usize, has_begun: bool },
}

/// The path of the member or entry, like `subjects[0].attributes`, up to a line and column as `serde_json` counts them. `None`
/// outside of any.
pub(crate) fn member(json: &[u8], line: usize, column: usize) -> Option<String> {
    let line_start = match line.checked_sub(1)? {
        0 => 0,
        before => memchr::memchr_iter(b'\n', json).nth(before - 1)? + 1,
    };
    let read = json.get(..line_start.checked_add(column)?)?;
    path(&levels(read)?)
}

/// What is open at the end of a text that begins as JSON.
fn levels(read: &[u8]) -> Option<Vec<Level<'_>>> {
    let mut levels: Vec<Level<'_>> = Vec::new();
    let (mut at, mut text): (usize, &[u8]) = (0, &[]);
    while let Some(byte) = read.get(at) {
        at += 1;
        if let Some(Level::List { has_begun, .. }) = levels.last_mut()
            && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']')
        {
            *has_begun = true;
        }
        match byte {
            b'"' => {
                let rest = read.get(at..)?;
                let end = text_end(rest)?;
                text = rest.get(..end)?;
                at += end + 1;
            }
            b':' => {
                if let Some(Level::Object(name)) = levels.last_mut() {
                    *name = Some(text);
                }
            }
            b',' => match levels.last_mut() {
                Some(Level::Object(name)) => *name = None,
                Some(Level::List { index, has_begun }) => {
                    *index += 1;
                    *has_begun = false;
                }
                None => {}
            },
            b'{' => levels.push(Level::Object(None)),
            b'[' => levels.push(Level::List {
                index: 0,
                has_begun: false,
            }),
            b'}' | b']' => {
                levels.pop();
            }
            _ => {}
        }
        if levels.len() > LEVELS_MAX {
            return None;
        }
    }
    Some(levels)
}

/// Where a text ends that has begun before.
fn text_end(rest: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    rest.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    })
}

fn path(levels: &[Level<'_>]) -> Option<String> {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object(Some(name)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&String::from_utf8_lossy(name));
            }
            Level::List {
                index,
                has_begun: true,
            } => {
                let _ = write!(path, "[{index}]");
            }
            Level::Object(None) | Level::List { .. } => {}
        }
    }
    (!path.is_empty() && path.len() <= PATH_BYTES_MAX).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json_objects;
    use std::collections::BTreeMap;

    type Body = BTreeMap<String, Vec<BTreeMap<String, String>>>;

    fn stopped_at(json: &str) -> Option<String> {
        let error = json_objects::from_slice::<Body>(json.as_bytes()).unwrap_err();
        assert!(error.is_data(), "{error}");
        member(json.as_bytes(), error.line(), error.column())
    }

    #[test]
    fn the_member_of_a_wrong_value_is_named() {
        for (json, expected) in [
            (r#"{"a":900}"#, Some("a")),
            (r#"{"a":900,"b":[]}"#, Some("a")),
            (r#"{"a":[{"b":"c"}],"d":"[{:,"}"#, Some("d")),
            (
                r#"{"a":[],"b":[{"c":"d"},{"e":"f","g":true}]}"#,
                Some("b[1].g"),
            ),
            (
                "{\n\"a\\\"\": [\n{\"b\": \"c\"},\n {\"d\":\nnull}]}",
                Some("a\\\"[1].d"),
            ),
            // What was not read yet: the member that it is of.
            (r#"{"a":{"b":[]}}"#, Some("a")),
            (r#"{"a":[{"b":"c"},[]]}"#, Some("a")),
            ("900", None),
            ("[]", None),
        ] {
            assert_eq!(stopped_at(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn what_nobody_reads_is_not_told() {
        let deep = "[".repeat(300);
        assert_eq!(member(deep.as_bytes(), 1, 300), None);
        for (length, is_told) in [(200, true), (201, false)] {
            let long = format!("{{\"{}\":1", "k".repeat(length));
            assert_eq!(member(long.as_bytes(), 1, long.len()).is_some(), is_told);
        }
        for (line, column) in [(0, 1), (1, 99), (2, 1), (1, usize::MAX)] {
            assert_eq!(member(b"{\"a\":1}", line, column), None);
        }
        assert_eq!(member(b"{\"a", 1, 3), None);
    }
}
