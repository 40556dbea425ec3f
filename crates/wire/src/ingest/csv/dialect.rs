//! How a file parts its fields and writes its numbers, told by its first line: `a,b` and 1.5, or `a;b` and 1,5 as spreadsheets
//! of half the world write it, or tabs. A line `sep=;` before the header says so itself.

use super::row::ROW_BYTES_MAX;
use std::borrow::Cow;

/// What may part fields, in the order in which a tie is decided.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The separator of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect(pub(super) u8);

impl Default for Dialect {
    fn default() -> Self {
        Self(b',')
    }
}

impl Dialect {
    /// What the first line says; the one that it has most of, outside quotes.
    pub(super) fn of(line: &[u8]) -> Self {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if let Some(named) = is_declaration(line) {
            return Self(named);
        }
        let mut counts = [0_usize; SEPARATORS.len()];
        let mut is_quoted = false;
        for byte in line {
            match byte {
                b'"' => is_quoted = !is_quoted,
                _ if is_quoted => {}
                byte => {
                    for (count, separator) in counts.iter_mut().zip(SEPARATORS) {
                        *count += usize::from(*byte == separator);
                    }
                }
            }
        }
        let best = counts
            .iter()
            .zip(SEPARATORS)
            .rev()
            .max_by_key(|(count, _)| **count);
        best.filter(|(count, _)| **count > 0)
            .map_or_else(Self::default, |(_, separator)| Self(separator))
    }

    /// A number as this file writes it; where commas part nothing, one is the decimal point.
    pub(super) fn number<'a>(self, text: &'a str) -> Cow<'a, str> {
        match without_groups(text) {
            Some(plain) => self.decimal(&plain).into_owned().into(),
            None => self.decimal(text),
        }
    }

    /// Why a number of digits, points and commas is none here, where that can be told. Which sign begins the decimals is not
    /// guessed: `1.234` may be a thousand times `1,234`.
    pub(super) fn doubt(self, text: &str) -> Option<&'static str> {
        let is_sign = |own: char| matches!(own, '.' | ',');
        let is_number = text.contains(|own: char| own.is_ascii_digit())
            && text
                .trim_start_matches(['-', '+'])
                .chars()
                .all(|own| own.is_ascii_digit() || is_sign(own));
        if !is_number {
            return None;
        }
        match (text.contains('.'), text.matches(',').count()) {
            (true, 1..) => Some(
                "has a point and a comma, of which either could begin the decimals: write thousands without a sign, as in `1234.5`",
            ),
            (false, 1) if self.0 == b',' => Some(
                "has a comma, which begins decimals only in files whose columns are parted by `;` or tabs: write `1234.5`",
            ),
            (false, 1..) => Some(
                "has commas, which could part thousands or begin decimals: write thousands without a sign, as in `1234.5`",
            ),
            // Other points are those of an address or a version.
            (_, 0) => (text.matches('.').count() > 1
                && text.split('.').skip(1).all(|group| group.len() == 3))
            .then_some(
                "has points that could part thousands: write it without them, as in `1234.5`",
            ),
        }
    }

    fn decimal<'a>(self, text: &'a str) -> Cow<'a, str> {
        let is_decimal = self.0 != b',' && !text.contains('.');
        match text.split_once(',') {
            Some((whole, rest)) if is_decimal && !rest.contains(',') => {
                format!("{whole}.{rest}").into()
            }
            _ => text.into(),
        }
    }
}

/// A number without the blanks (also no-break and thin ones) between its groups of three digits: `1 234 567,5`. `None` where
/// there is none, or they stand elsewhere.
fn without_groups(text: &str) -> Option<String> {
    let is_blank = |own: char| matches!(own, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}');
    let unsigned = text.trim_start_matches(['-', '+']);
    let end = unsigned.find(|own: char| !own.is_ascii_digit() && !is_blank(own));
    let whole = unsigned.get(..end.unwrap_or(unsigned.len()))?;
    let mut groups = whole.split(is_blank);
    let is_first = matches!(groups.next()?.len(), 1..=3);
    let mut others = groups.peekable();
    others.peek()?;
    let is_grouped = is_first && others.all(|own| own.len() == 3);
    let is_elsewhere = || {
        unsigned
            .get(whole.len()..)
            .is_some_and(|rest| rest.contains(is_blank))
    };
    (is_grouped && !is_elsewhere()).then(|| text.replace(is_blank, ""))
}

/// The separator that a line `sep=;` declares.
pub(super) fn is_declaration(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some(*separator),
        // A tab at the end is trimmed.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] if line.contains(&b'\t') => Some(b'\t'),
        _ => None,
    }
}

/// Keeps the beginning of a file until its first line is there.
#[derive(Debug, Default)]
pub(super) struct FirstLine(Vec<u8>);

impl FirstLine {
    /// Takes the next bytes; what there was, once the line has ended or is longer than any row.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Option<(Dialect, Vec<u8>)> {
        self.0.extend_from_slice(chunk);
        let end = self.0.iter().position(|byte| *byte == b'\n');
        let end = end.or((self.0.len() > ROW_BYTES_MAX).then_some(ROW_BYTES_MAX))?;
        Some(self.cut(end))
    }

    /// What there was where the file has ended.
    pub(super) fn finish(&mut self) -> (Dialect, Vec<u8>) {
        self.cut(self.0.len())
    }

    fn cut(&mut self, end: usize) -> (Dialect, Vec<u8>) {
        let dialect = Dialect::of(self.0.get(..end).unwrap_or_default());
        (dialect, std::mem::take(&mut self.0))
    }

    /// Whether there is a line that has not ended.
    pub(super) fn is_begun(&self) -> bool {
        !self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_the_separator() {
        for (line, separator) in [
            ("name,value", b','),
            ("name;value", b';'),
            ("name\tvalue", b'\t'),
            ("\u{feff}nom;valeur;date", b';'),
            ("\"a,b,c\";value", b';'),
            ("value", b','),
            ("a;b,c", b','),
            ("sep=;", b';'),
            ("SEP=|\r", b'|'),
            ("sep=\t", b'\t'),
        ] {
            assert_eq!(Dialect::of(line.as_bytes()), Dialect(separator), "{line}");
        }
    }

    #[test]
    fn a_comma_is_a_decimal_point_where_it_parts_nothing() {
        let french = Dialect(b';');
        for (text, number) in [
            ("1,5", "1.5"),
            ("-0,25", "-0.25"),
            ("17", "17"),
            ("1.5", "1.5"),
        ] {
            assert_eq!(french.number(text), number);
        }
        // Thousands are not guessed at.
        for text in ["1.234,5", "1,234,567"] {
            assert_eq!(french.number(text), text);
        }
        assert_eq!(Dialect::default().number("1,5"), "1,5");
    }

    #[test]
    fn regression_7_blanks_may_part_thousands() {
        let french = Dialect(b';');
        for (text, number) in [
            ("1 234,5", "1234.5"),
            ("1\u{a0}234,5", "1234.5"),
            ("-12\u{202f}345\u{202f}678", "-12345678"),
            ("123 456", "123456"),
        ] {
            assert_eq!(french.number(text), number);
        }
        for text in [
            "1 23", "1234 567", "1 2345", "1  234", "1 234 ,5", "1,234 5",
        ] {
            assert!(french.number(text).contains(' '), "{text}");
        }
        assert_eq!(Dialect::default().number("1 234.5"), "1234.5");
    }
}
