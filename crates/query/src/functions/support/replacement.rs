//! The replacement for a match, in Python's notation: `\1`, `\g<name>`, `\n`.

use crate::error::Fault;
use regex::Captures;

/// A part of a replacement.
#[derive(Debug)]
enum Part {
    Text(String),
    Group(usize),
}

/// A replacement whose groups exist.
#[derive(Debug)]
pub(crate) struct Replacement(Vec<Part>);

impl Replacement {
    /// Reads a template. `groups` are the names of the pattern's groups, the whole match first.
    pub(super) fn new(template: &str, groups: &[Option<String>]) -> Result<Self, Fault> {
        let mut reader = Reader {
            template,
            groups,
            parts: Vec::new(),
            text: String::new(),
        };
        let mut rest = template;
        while let Some(at) = rest.find('\\') {
            let (before, after) = rest.split_at(at);
            reader.text.push_str(before);
            rest = reader.escape(after.get(1..).unwrap_or_default())?;
        }
        reader.text.push_str(rest);
        reader.end_text();
        Ok(Self(reader.parts))
    }

    /// Writes what a match is replaced by, and no further than up to so many bytes; returns whether that was all. A group that
    /// took no part is empty.
    pub(super) fn write(&self, groups: &Captures<'_>, out: &mut String, most: usize) -> bool {
        for part in &self.0 {
            let text = match part {
                Part::Text(text) => text,
                Part::Group(index) => groups.get(*index).map_or("", |group| group.as_str()),
            };
            if out.len().saturating_add(text.len()) > most {
                return false;
            }
            out.push_str(text);
        }
        true
    }
}

struct Reader<'r> {
    template: &'r str,
    groups: &'r [Option<String>],
    parts: Vec<Part>,
    text: String,
}

impl Reader<'_> {
    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }

    fn group(&mut self, index: Option<usize>) -> Result<(), Fault> {
        let index = index.filter(|index| *index < self.groups.len());
        let index = index.ok_or_else(|| self.fault("names a group that the pattern has not"))?;
        self.end_text();
        self.parts.push(Part::Group(index));
        Ok(())
    }

    fn fault(&self, problem: &str) -> Fault {
        Fault::argument(format!("the replacement `{}` {problem}", self.template))
    }

    /// Takes what follows a backslash, and gives what is left.
    fn escape<'t>(&mut self, rest: &'t str) -> Result<&'t str, Fault> {
        let Some(c) = rest.chars().next() else {
            return Err(self.fault("ends with a backslash"));
        };
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            'g' => return self.named(after),
            '0'..='9' => return self.number(rest),
            'n' => self.text.push('\n'),
            't' => self.text.push('\t'),
            'r' => self.text.push('\r'),
            'a' => self.text.push('\u{7}'),
            'b' => self.text.push('\u{8}'),
            'v' => self.text.push('\u{b}'),
            'f' => self.text.push('\u{c}'),
            '\\' => self.text.push('\\'),
            _ if c.is_ascii_alphabetic() => {
                return Err(self.fault(&format!("has an unknown escape `\\{c}`")));
            }
            _ => self.text.extend(['\\', c]),
        }
        Ok(after)
    }

    /// `<name>` or `<number>`.
    fn named<'t>(&mut self, rest: &'t str) -> Result<&'t str, Fault> {
        let inside = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (name, after) =
            inside.ok_or_else(|| self.fault("has a `\\g` without a name in `<` and `>`"))?;
        let index = name.parse().ok().or_else(|| {
            let is_own = |other: &Option<String>| other.as_deref() == Some(name);
            self.groups.iter().position(is_own)
        });
        self.group(index)?;
        Ok(after)
    }

    /// A group of one or two digits, or a character by three octal ones or by a zero and at most two.
    fn number<'t>(&mut self, rest: &'t str) -> Result<&'t str, Fault> {
        let digits = |most: usize, is_digit: fn(&u8) -> bool| {
            rest.bytes().take(most).take_while(is_digit).count()
        };
        let octal = digits(3, |b| (b'0'..=b'7').contains(b));
        if rest.starts_with('0') || octal == 3 {
            let (number, after) = rest.split_at(octal);
            let code = u32::from_str_radix(number, 8).ok();
            let c = code.filter(|code| *code < 256).and_then(char::from_u32);
            let c = c.ok_or_else(|| self.fault("has an octal escape above 377"))?;
            self.text.push(c);
            return Ok(after);
        }
        let (number, after) = rest.split_at(digits(2, u8::is_ascii_digit));
        self.group(number.parse().ok())?;
        Ok(after)
    }
}
