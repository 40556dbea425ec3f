//! How a file separates its fields, taken from its first line: `a,b`, or `a;b` as spreadsheets write it where the comma begins decimals,
//! or tabs. A line `sep=;` before the header says so itself.

use super::row::ROW_BYTES_MAX;

/// Separators of fields, in the order in which a tie is decided.
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
    /// The separator of the first line: the one that it has most of, outside quotes.
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

    /// The dialect and the lines at the end of the file.
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
}
