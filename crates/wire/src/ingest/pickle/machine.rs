//! The machine that a pickle is a program for, as far as data needs it: a stack, marks in it, and what was remembered. One pass
//! over the frame; each instruction adds one value at the most, and there are no more of them than a list of samples has, so that
//! all of it is bounded by the frame.

use super::error::FrameError;
use super::values::{Value, Values};

/// A list of samples has a value in more than so many bytes: five for each sample, of which the shortest has eleven.
const BYTES_PER_VALUE: usize = 2;

/// Values that any frame may have.
const VALUES_MIN: usize = 64;

/// Reads the frame to its `STOP`.
pub(super) fn run(frame: &[u8]) -> Result<Values<'_>, FrameError> {
    let most = frame.len() / BYTES_PER_VALUE + VALUES_MIN;
    let mut machine = Machine {
        frame,
        at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        left: most,
        memo_most: most,
        values: Values::default(),
    };
    while machine.step()? {}
    Ok(machine.values)
}

struct Machine<'f> {
    frame: &'f [u8],
    at: usize,
    stack: Vec<Value<'f>>,
    /// Where the stack was when each mark was set.
    marks: Vec<usize>,
    memo: Vec<Value<'f>>,
    /// How many more values there may be.
    left: usize,
    /// How many may be remembered.
    memo_most: usize,
    values: Values<'f>,
}

impl<'f> Machine<'f> {
    fn bytes(&mut self, count: usize) -> Result<&'f [u8], FrameError> {
        let offset = self.at;
        let rest = self.frame.get(offset..).unwrap_or_default();
        let bytes = rest.get(..count).ok_or(FrameError::Short {
            offset: self.frame.len(),
        })?;
        self.at = offset + count;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let short = FrameError::Short {
            offset: self.frame.len(),
        };
        let bytes = self.bytes(N)?;
        bytes.first_chunk().copied().ok_or(short)
    }

    fn byte(&mut self) -> Result<u8, FrameError> {
        self.array().map(|[byte]| byte)
    }

    fn length(&mut self) -> Result<usize, FrameError> {
        let length = u32::from_le_bytes(self.array()?);
        // Longer than memory is longer than the frame.
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    const fn missing(&self) -> FrameError {
        FrameError::Missing {
            offset: self.at.saturating_sub(1),
        }
    }

    fn push(&mut self, value: Value<'f>) -> Result<(), FrameError> {
        self.left = self.left.checked_sub(1).ok_or(FrameError::Dense)?;
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value<'f>, FrameError> {
        let bottom = self.marks.last().copied().unwrap_or_default();
        if self.stack.len() <= bottom {
            return Err(self.missing());
        }
        self.stack.pop().ok_or(self.missing())
    }

    /// Takes off the values above the last mark, and the mark.
    fn above_mark(&mut self) -> Result<Vec<Value<'f>>, FrameError> {
        let mark = self.marks.pop().ok_or(self.missing())?;
        if mark > self.stack.len() {
            return Err(self.missing());
        }
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, items: &[Value<'f>]) -> Result<(), FrameError> {
        let tuple = match items {
            [first, second] => self.values.add_pair([*first, *second]),
            _ => Value::Other,
        };
        self.push(tuple)
    }

    fn append(&mut self, items: &[Value<'f>]) -> Result<(), FrameError> {
        let missing = self.missing();
        let list = self.stack.last().copied().ok_or(missing.clone())?;
        let list = self.values.list_mut(list).ok_or(missing)?;
        list.extend_from_slice(items);
        Ok(())
    }

    /// Pickles number what they remember one after the other, from 0 or from 1.
    fn remember(&mut self, at: usize) -> Result<(), FrameError> {
        let missing = self.missing();
        let value = self.stack.last().copied().ok_or(missing.clone())?;
        if at > self.memo.len() + 1 {
            return Err(missing);
        }
        if at >= self.memo_most {
            return Err(FrameError::Dense);
        }
        while self.memo.len() <= at {
            self.memo.push(Value::Other);
        }
        if let Some(place) = self.memo.get_mut(at) {
            *place = value;
        }
        Ok(())
    }

    fn recall(&mut self, at: usize) -> Result<(), FrameError> {
        let value = self.memo.get(at).copied().ok_or(self.missing())?;
        self.push(value)
    }

    fn text(&mut self, length: usize) -> Result<(), FrameError> {
        let text = self.bytes(length)?;
        self.push(Value::Text(text))
    }

    fn number(&mut self, number: f64) -> Result<(), FrameError> {
        self.push(Value::Number(number))
    }

    /// A whole number of any length; beyond 64 bits it is none that a sample has.
    fn long(&mut self, length: usize) -> Result<(), FrameError> {
        let bytes = self.bytes(length)?;
        let sign = match bytes.last() {
            Some(128..) => 0xff,
            _ => 0,
        };
        let value = if length <= 8 {
            let mut whole = [sign; 8];
            for (place, byte) in whole.iter_mut().zip(bytes) {
                *place = *byte;
            }
            Value::Number(float(i64::from_le_bytes(whole)))
        } else {
            Value::Other
        };
        self.push(value)
    }

    /// Follows one instruction; whether there is a next.
    fn step(&mut self) -> Result<bool, FrameError> {
        let offset = self.at;
        match self.byte()? {
            // PROTO, FRAME: what they say is known without them.
            0x80 => drop(self.byte()?),
            0x95 => drop(self.array::<8>()?),
            // MARK.
            b'(' => self.marks.push(self.stack.len()),
            // POP, POP_MARK.
            b'0' => drop(self.pop()?),
            b'1' => drop(self.above_mark()?),
            // EMPTY_LIST, LIST, APPEND, APPENDS.
            b']' => {
                let list = self.values.add_list(Vec::new());
                self.push(list)?;
            }
            b'l' => {
                let items = self.above_mark()?;
                let list = self.values.add_list(items);
                self.push(list)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' => {
                let items = self.above_mark()?;
                self.append(&items)?;
            }
            // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE.
            b')' => self.tuple(&[])?,
            0x85 => {
                self.pop()?;
                self.tuple(&[])?;
            }
            0x86 => {
                let second = self.pop()?;
                let first = self.pop()?;
                self.tuple(&[first, second])?;
            }
            0x87 => {
                for _ in 0..3 {
                    self.pop()?;
                }
                self.tuple(&[])?;
            }
            b't' => {
                let items = self.above_mark()?;
                self.tuple(&items)?;
            }
            // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, BINSTRING, SHORT_BINSTRING, BINBYTES, SHORT_BINBYTES.
            b'X' | b'T' | b'B' => {
                let length = self.length()?;
                self.text(length)?;
            }
            0x8c | b'U' | b'C' => {
                let length = self.byte()?;
                self.text(usize::from(length))?;
            }
            0x8d => {
                let length = u64::from_le_bytes(self.array()?);
                self.text(usize::try_from(length).unwrap_or(usize::MAX))?;
            }
            // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT.
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.number(f64::from(number))?;
            }
            b'K' => {
                let number = self.byte()?;
                self.number(f64::from(number))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.number(f64::from(number))?;
            }
            0x8a => {
                let length = self.byte()?;
                self.long(usize::from(length))?;
            }
            0x8b => {
                let length = self.length()?;
                self.long(length)?;
            }
            b'G' => {
                let number = f64::from_be_bytes(self.array()?);
                self.number(number)?;
            }
            // NONE, NEWTRUE, NEWFALSE.
            b'N' | 0x88 | 0x89 => self.push(Value::Other)?,
            // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET.
            b'q' => {
                let at = self.byte()?;
                self.remember(usize::from(at))?;
            }
            b'r' => {
                let at = self.length()?;
                self.remember(at)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let at = self.byte()?;
                self.recall(usize::from(at))?;
            }
            b'j' => {
                let at = self.length()?;
                self.recall(at)?;
            }
            // STOP.
            b'.' => {
                let whole = self.pop()?;
                self.values.end(whole);
                return Ok(false);
            }
            // GLOBAL, STACK_GLOBAL, REDUCE, BUILD, INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, EXT2, EXT4, PERSID, BINPERSID.
            opcode @ (b'c' | 0x93 | b'R' | b'b' | b'i' | b'o' | 0x81 | 0x92 | 0x82 | 0x83
            | 0x84 | b'P' | b'Q') => {
                return Err(FrameError::Code { opcode, offset });
            }
            opcode => return Err(FrameError::Opcode { opcode, offset }),
        }
        Ok(true)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sample is a float, whatever it was sent as"
)]
const fn float(whole: i64) -> f64 {
    whole as f64
}
