//! The values of a pickle, flat: a number, a place in the frame, or a place among the pairs and lists. So a reference costs
//! as much as a number, a list that holds itself is no circle for anybody, and nothing nested is walked or dropped by recursion.

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'f> {
    Text(&'f [u8]),
    Number(f64),
    /// Two values; where among the pairs.
    Pair(usize),
    /// Where among the lists.
    List(usize),
    /// No part of a sample: `None`, a flag, a number beyond 64 bits, a tuple of another length.
    Other,
}

/// All pairs and lists of a frame, and what it is as a whole.
#[derive(Debug, Default)]
pub(super) struct Values<'f> {
    pairs: Vec<[Value<'f>; 2]>,
    lists: Vec<Vec<Value<'f>>>,
    whole: Option<Value<'f>>,
}

impl<'f> Values<'f> {
    pub(super) fn add_pair(&mut self, pair: [Value<'f>; 2]) -> Value<'f> {
        self.pairs.push(pair);
        Value::Pair(self.pairs.len() - 1)
    }

    pub(super) fn add_list(&mut self, list: Vec<Value<'f>>) -> Value<'f> {
        self.lists.push(list);
        Value::List(self.lists.len() - 1)
    }

    /// The list itself, to be added to.
    pub(super) fn list_mut(&mut self, value: Value<'f>) -> Option<&mut Vec<Value<'f>>> {
        match value {
            Value::List(at) => self.lists.get_mut(at),
            _ => None,
        }
    }

    pub(super) const fn end(&mut self, whole: Value<'f>) {
        self.whole = Some(whole);
    }

    /// The items, if the frame is a list.
    pub(super) fn list(&self) -> Option<&[Value<'f>]> {
        match self.whole? {
            Value::List(at) => self.lists.get(at).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The two values of a tuple, or of a list of two.
    pub(super) fn pair(&self, value: Value<'f>) -> Option<[Value<'f>; 2]> {
        match value {
            Value::Pair(at) => self.pairs.get(at).copied(),
            Value::List(at) => match self.lists.get(at)?.as_slice() {
                [first, second] => Some([*first, *second]),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) const fn text(&self, value: Value<'f>) -> Option<&'f [u8]> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn number(&self, value: Value<'f>) -> Option<f64> {
        match value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }
}
