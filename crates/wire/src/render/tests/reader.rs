//! Readers of pickle and MessagePack, written from their descriptions alone. They take the plain values that both forms share, and
//! refuse everything else.

use std::collections::BTreeMap;

/// The values of both forms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plain {
    None,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Plain>),
    Map(BTreeMap<String, Plain>),
}

/// Bytes that have not been read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text(&mut self, length: u32) -> Option<String> {
        let bytes = self.take(usize::try_from(length).ok()?)?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// One value, with nothing after it.
pub(crate) fn msgpack(bytes: &[u8]) -> Option<Plain> {
    let mut rest = Rest(bytes);
    let value = msgpack_value(&mut rest)?;
    rest.0.is_empty().then_some(value)
}

fn msgpack_value(rest: &mut Rest<'_>) -> Option<Plain> {
    let [kind] = rest.bytes()?;
    Some(match kind {
        0xc0 => Plain::None,
        0xc2 => Plain::Boolean(false),
        0xc3 => Plain::Boolean(true),
        0xcb => Plain::Float(f64::from_be_bytes(rest.bytes()?)),
        0xd3 => Plain::Integer(i64::from_be_bytes(rest.bytes()?)),
        0xdb => {
            let length = u32::from_be_bytes(rest.bytes()?);
            Plain::Text(rest.text(length)?)
        }
        0xdd => {
            let length = u32::from_be_bytes(rest.bytes()?);
            let values = (0..length).map(|_| msgpack_value(rest));
            Plain::List(values.collect::<Option<_>>()?)
        }
        0x80..=0x8f => {
            let mut map = BTreeMap::new();
            for _ in 0..kind & 0x0f {
                let key = msgpack_value(rest)?;
                let value = msgpack_value(rest)?;
                insert(&mut map, key, value)?;
            }
            Plain::Map(map)
        }
        _ => return None,
    })
}

/// An item on the machine's stack.
enum Item {
    Mark,
    Value(Plain),
}

/// The value that a pickle's machine ends with, alone.
pub(crate) fn pickle(bytes: &[u8]) -> Option<Plain> {
    let mut rest = Rest(bytes);
    if rest.bytes()? != [0x80, 2] {
        return None;
    }
    let mut stack = Vec::new();
    loop {
        let [operation] = rest.bytes()?;
        let value = match operation {
            b'(' => {
                stack.push(Item::Mark);
                continue;
            }
            b'e' | b'u' => {
                fill(&mut stack, operation)?;
                continue;
            }
            b'.' => break,
            b']' => Plain::List(Vec::new()),
            b'}' => Plain::Map(BTreeMap::new()),
            b'N' => Plain::None,
            0x88 => Plain::Boolean(true),
            0x89 => Plain::Boolean(false),
            b'G' => Plain::Float(f64::from_be_bytes(rest.bytes()?)),
            b'X' => {
                let length = u32::from_le_bytes(rest.bytes()?);
                Plain::Text(rest.text(length)?)
            }
            0x8a => match rest.bytes()? {
                [8] => Plain::Integer(i64::from_le_bytes(rest.bytes()?)),
                _ => return None,
            },
            _ => return None,
        };
        stack.push(Item::Value(value));
    }
    match (stack.pop(), stack.is_empty(), rest.0.is_empty()) {
        (Some(Item::Value(value)), true, true) => Some(value),
        _ => None,
    }
}

/// Puts what lies upon the mark into the list or dictionary below it.
fn fill(stack: &mut Vec<Item>, operation: u8) -> Option<()> {
    let mut above = Vec::new();
    while let Item::Value(value) = stack.pop()? {
        above.push(value);
    }
    above.reverse();
    match (stack.last_mut()?, operation) {
        (Item::Value(Plain::List(list)), b'e') => list.extend(above),
        (Item::Value(Plain::Map(map)), b'u') => {
            let mut above = above.into_iter();
            while let Some(key) = above.next() {
                insert(map, key, above.next()?)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn insert(map: &mut BTreeMap<String, Plain>, key: Plain, value: Plain) -> Option<()> {
    let Plain::Text(key) = key else {
        return None;
    };
    map.insert(key, value).is_none().then_some(())
}
