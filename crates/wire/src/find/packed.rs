//! Nodes as programs of a Graphite cluster read them: `pickle` and `msgpack`. A leaf's `intervals` are pairs.

use super::graphite::GraphiteNode;

/// The operations that both forms have.
trait PackedWriter {
    fn list(&mut self, length: usize);
    fn end_list(&mut self);
    fn map(&mut self, entries: u8);
    fn end_map(&mut self);
    fn text(&mut self, text: &str);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
}

/// `pickle`, in protocol 2.
#[must_use]
pub fn pickle(found: &[GraphiteNode<'_>], interval: (i64, i64)) -> Vec<u8> {
    let mut form = Pickle(vec![0x80, 2]);
    nodes(&mut form, found, interval);
    form.0.push(b'.');
    form.0
}

/// `msgpack`.
#[must_use]
pub fn msgpack(found: &[GraphiteNode<'_>], interval: (i64, i64)) -> Vec<u8> {
    let mut form = Msgpack(Vec::new());
    nodes(&mut form, found, interval);
    form.0
}

fn nodes(form: &mut impl PackedWriter, found: &[GraphiteNode<'_>], (start, end): (i64, i64)) {
    form.list(found.len());
    for node in found {
        form.map(if node.is_leaf { 3 } else { 2 });
        form.text("path");
        form.text(node.path);
        form.text("is_leaf");
        form.boolean(node.is_leaf);
        if node.is_leaf {
            form.text("intervals");
            form.list(1);
            form.list(2);
            form.integer(start);
            form.integer(end);
            form.end_list();
            form.end_list();
        }
        form.end_map();
    }
    form.end_list();
}

struct Pickle(Vec<u8>);

impl PackedWriter for Pickle {
    fn list(&mut self, _: usize) {
        self.0.extend_from_slice(b"](");
    }

    fn end_list(&mut self) {
        self.0.push(b'e');
    }

    fn map(&mut self, _: u8) {
        self.0.extend_from_slice(b"}(");
    }

    fn end_map(&mut self) {
        self.0.push(b'u');
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend_from_slice(&length(text.len()).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn boolean(&mut self, value: bool) {
        self.0.push(if value { 0x88 } else { 0x89 });
    }

    fn integer(&mut self, value: i64) {
        self.0.extend_from_slice(&[0x8a, 8]);
        self.0.extend_from_slice(&value.to_le_bytes());
    }
}

struct Msgpack(Vec<u8>);

impl PackedWriter for Msgpack {
    fn list(&mut self, items: usize) {
        self.0.push(0xdd);
        self.0.extend_from_slice(&length(items).to_be_bytes());
    }

    fn end_list(&mut self) {}

    fn map(&mut self, entries: u8) {
        self.0.push(0x80 | entries);
    }

    fn end_map(&mut self) {}

    fn text(&mut self, text: &str) {
        self.0.push(0xdb);
        self.0.extend_from_slice(&length(text.len()).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn boolean(&mut self, value: bool) {
        self.0.push(if value { 0xc3 } else { 0xc2 });
    }

    fn integer(&mut self, value: i64) {
        self.0.push(0xd3);
        self.0.extend_from_slice(&value.to_be_bytes());
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: [GraphiteNode<'_>; 2] = [
        GraphiteNode {
            path: "a",
            is_leaf: false,
        },
        GraphiteNode {
            path: "b",
            is_leaf: true,
        },
    ];

    /// Both read back by Python's `pickle.loads` and `msgpack.loads` as
    /// `[{"path": "a", "is_leaf": False}, {"path": "b", "is_leaf": True, "intervals": [[1, 2]]}]`.
    #[test]
    fn both_forms_hold_paths_and_intervals() {
        let packed = pickle(&FOUND, (1, 2));
        let expected: &[u8] = b"\x80\x02](}(X\x04\0\0\0pathX\x01\0\0\0aX\x07\0\0\0is_leaf\x89u}(X\x04\0\0\0pathX\x01\0\0\0b\
            X\x07\0\0\0is_leaf\x88X\x09\0\0\0intervals](](\x8a\x08\x01\0\0\0\0\0\0\0\x8a\x08\x02\0\0\0\0\0\0\0eeue.";
        assert_eq!(packed, expected);
        let packed = msgpack(&FOUND, (1, 2));
        let expected: &[u8] =
            b"\xdd\0\0\0\x02\x82\xdb\0\0\0\x04path\xdb\0\0\0\x01a\xdb\0\0\0\x07is_leaf\xc2\
            \x83\xdb\0\0\0\x04path\xdb\0\0\0\x01b\xdb\0\0\0\x07is_leaf\xc3\xdb\0\0\0\x09intervals\
            \xdd\0\0\0\x01\xdd\0\0\0\x02\xd3\0\0\0\0\0\0\0\x01\xd3\0\0\0\0\0\0\0\x02";
        assert_eq!(packed, expected);
    }
}
