//! JSON on several lines, two blanks further in at each level, as `pretty` asks for it.

use super::Sink;

/// Puts JSON that is written into it on several lines, while it goes on to another sink.
#[derive(Debug)]
pub struct Indented<'s, S> {
    sink: &'s mut S,
    /// Written, not yet laid out.
    written: Vec<u8>,
    layout: Layout,
}

impl<'s, S: Sink> Indented<'s, S> {
    /// One whose JSON goes on to `sink`.
    pub fn new(sink: &'s mut S) -> Self {
        Self {
            sink,
            written: Vec::new(),
            layout: Layout::default(),
        }
    }
}

impl<S: Sink> Sink for Indented<'_, S> {
    type Error = S::Error;

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    fn step(&mut self) -> Result<(), S::Error> {
        self.layout.write(self.sink.out(), &self.written);
        self.written.clear();
        self.sink.step()
    }
}

/// Where in the JSON it is.
#[derive(Debug, Default)]
struct Layout {
    /// Lists and objects that are open.
    depth: usize,
    is_in_text: bool,
    /// Behind a `\` in a text.
    is_escaped: bool,
    /// A list or object has begun, and may be empty.
    has_begun: bool,
}

impl Layout {
    fn write(&mut self, out: &mut Vec<u8>, json: &[u8]) {
        for byte in json {
            self.put(out, *byte);
        }
    }

    fn put(&mut self, out: &mut Vec<u8>, byte: u8) {
        if self.is_in_text {
            out.push(byte);
            self.is_in_text = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return;
        }
        let is_end = matches!(byte, b']' | b'}');
        self.depth -= usize::from(is_end && self.depth > 0);
        if std::mem::take(&mut self.has_begun) != is_end {
            self.end_line(out);
        }
        out.push(byte);
        match byte {
            b'[' | b'{' => {
                self.depth += 1;
                self.has_begun = true;
            }
            b',' => self.end_line(out),
            b':' => out.push(b' '),
            b'"' => self.is_in_text = true,
            _ => {}
        }
    }

    fn end_line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn laid_out(pieces: &[&str]) -> String {
        let mut out = Vec::new();
        let mut indented = Indented::new(&mut out);
        for piece in pieces {
            indented.out().extend_from_slice(piece.as_bytes());
            let Ok(()) = indented.step();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_value_has_a_line() {
        let json = [
            "[{\"target\":\"f(a,[1],\\\"{x:y}\\\\\",\"ta",
            "gs\":{},\"datapoints\":[[1.5,17],[null,",
            "18]]},{\"empty\":[]}]",
        ];
        let expected = "\
[
  {
    \"target\": \"f(a,[1],\\\"{x:y}\\\\\",
    \"tags\": {},
    \"datapoints\": [
      [
        1.5,
        17
      ],
      [
        null,
        18
      ]
    ]
  },
  {
    \"empty\": []
  }
]";
        assert_eq!(laid_out(&json), expected);
        assert_eq!(laid_out(&["[", "]"]), "[]");
        assert_eq!(laid_out(&["{", "}"]), "{}");
    }

    proptest! {
        #[test]
        fn it_means_the_same_and_is_laid_out_as_usual(texts in prop::collection::vec("\\PC{0,6}", 0..5), number in any::<i32>()) {
            let value = serde_json::json!({"a": texts, "b": [{}, [], {"c": number}], "d": null});
            let plain = value.to_string();
            prop_assert_eq!(laid_out(&[&plain]), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
