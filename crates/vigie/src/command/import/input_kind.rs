//! The kind of an input by how it begins, and the command that reads it.

use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// How much of a file is read to tell its kind.
const INSPECTED_BYTES: u64 = 4096;

/// The kind of an input, as far as its beginning tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    /// A file of Whisper.
    Whisper,
    /// The text of Prometheus and OpenMetrics.
    OpenMetrics,
    /// The lines of VictoriaMetrics.
    Victoria,
    /// A sample in each line, in JSON.
    Samples,
    /// Any other text: lines of Graphite or Influx, or CSV.
    OtherText,
}

impl InputKind {
    /// By the beginning of the input, unpacked; `None` where it is no text.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        // Whisper's first number says how values are combined: one of eight ways.
        if let [0, 0, 0, 1..=8, ..] = beginning {
            return Some(Self::Whisper);
        }
        let text = beginning
            .strip_prefix("\u{feff}".as_bytes())
            .unwrap_or(beginning);
        let text = text.trim_ascii_start();
        if is_victoria(text) {
            return Some(Self::Victoria);
        }
        let first = text.split(|byte| *byte == b'\n').next()?;
        let first = std::str::from_utf8(first).ok()?.trim_end();
        if first.is_empty() {
            return None;
        }
        if let Some(inner) = first.strip_prefix('{') {
            let fields = ["\"name\"", "\"value\"", "\"timestamp\""];
            let inner = inner.trim_start();
            let field = fields.iter().find_map(|field| inner.strip_prefix(field));
            return Some(match field.map(str::trim_start) {
                Some(rest) if rest.starts_with(':') => Self::Samples,
                _ => Self::OpenMetrics,
            });
        }
        let comments = ["# HELP ", "# TYPE ", "# UNIT ", "# EOF"];
        let is_comment = comments.iter().any(|comment| first.starts_with(comment));
        let word = first.split_whitespace().next().unwrap_or_default();
        Some(match is_comment || word.contains('{') {
            true => Self::OpenMetrics,
            false => Self::OtherText,
        })
    }

    /// The hint where input of this kind was read as another one, and no line of it could be.
    pub(super) fn hint_beside(self, read: Self, named: &str) -> Option<PrintableText> {
        (self != read).then(|| self.hint(named))
    }

    /// The hint: the command that reads it.
    fn hint(self, named: &str) -> PrintableText {
        match self {
            Self::Whisper => escaped!(
                "it looks like a file of Whisper: `vigie import whisper DIR` reads all of a folder, whose names begin there"
            ),
            Self::OpenMetrics | Self::Victoria => escaped!(
                "it looks like an export of Prometheus or VictoriaMetrics: `vigie import prometheus {}` reads those",
                PrintableText::word(named)
            ),
            Self::Samples => escaped!(
                "it looks like lines of `vigie export`: `vigie import samples {}` reads those",
                PrintableText::word(named)
            ),
            Self::OtherText => escaped!(
                "`vigie metrics send --file {}` reads lines of Graphite and Influx, and CSV",
                PrintableText::word(named)
            ),
        }
    }
}

/// Whether a line of VictoriaMetrics begins here: an object whose first field is `metric`.
fn is_victoria(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    let rest = inner.and_then(|inner| inner.strip_prefix(b"\"metric\""));
    matches!(rest.map(<[u8]>::trim_ascii_start), Some([b':', ..]))
}

/// Adds the command that reads what is at a path, where one does.
pub(super) fn with_other_command(failure: Failure, path: &Path) -> Failure {
    match of_path(path) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The hint for a file or a folder that was named where something else was meant.
pub(super) fn of_path(path: &Path) -> Option<PrintableText> {
    let named = path.to_str()?;
    let data = path.metadata().ok()?;
    if data.is_dir() {
        return Some(escaped!(
            "`vigie import whisper {}` reads a folder of Whisper's files",
            PrintableText::word(named)
        ));
    }
    if !data.is_file() {
        return None;
    }
    let mut beginning = Vec::new();
    let file = File::open(path).ok()?;
    file.take(INSPECTED_BYTES)
        .read_to_end(&mut beginning)
        .ok()?;
    Some(InputKind::of(&beginning)?.hint(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_the_beginning() {
        for (text, kind) in [
            ("\0\0\0\u{1}\0\u{1}Q\u{80}", Some(InputKind::Whisper)),
            ("# HELP up x\n", Some(InputKind::OpenMetrics)),
            ("up{job=\"a\"} 1 1519862400\n", Some(InputKind::OpenMetrics)),
            ("{__name__=\"up\"} 1 1\n", Some(InputKind::OpenMetrics)),
            ("{\"name\"} 1 1\n", Some(InputKind::OpenMetrics)),
            (
                "{\"metric\":{\"__name__\":\"up\"}",
                Some(InputKind::Victoria),
            ),
            ("\u{feff}{ \"name\" : \"a\"}", Some(InputKind::Samples)),
            (
                "{\"timestamp\":1,\"name\":\"a\"}\n",
                Some(InputKind::Samples),
            ),
            ("name,value,timestamp\n", Some(InputKind::OtherText)),
            ("shop.orders 1 1519862400\n", Some(InputKind::OtherText)),
            ("# by hand\na 1 1\n", Some(InputKind::OtherText)),
            ("", None),
            ("\n\n", None),
        ] {
            assert_eq!(InputKind::of(text.as_bytes()), kind, "{text:?}");
        }
        assert_eq!(InputKind::of(&[0x1f, 0x8b, 8, 0]), None);
    }

    #[test]
    fn what_is_read_already_has_no_other_command() {
        for (kind, read, command) in [
            (InputKind::Samples, InputKind::Samples, None),
            (InputKind::Victoria, InputKind::Victoria, None),
            (InputKind::OpenMetrics, InputKind::OpenMetrics, None),
            (
                InputKind::OpenMetrics,
                InputKind::Samples,
                Some("`vigie import prometheus 'a b'`"),
            ),
            (
                InputKind::Samples,
                InputKind::OpenMetrics,
                Some("`vigie import samples 'a b'`"),
            ),
            (
                InputKind::OtherText,
                InputKind::Samples,
                Some("`vigie metrics send --file 'a b'`"),
            ),
        ] {
            let hint = kind.hint_beside(read, "a b");
            assert_eq!(hint.is_some(), command.is_some(), "{kind:?} {read:?}");
            if let (Some(hint), Some(command)) = (hint, command) {
                assert!(hint.as_str().contains(command), "{hint}");
            }
        }
    }

    #[test]
    fn a_path_is_told_by_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let hint_for = |path: &Path| of_path(path).map(PrintableText::into_string);
        let hint = hint_for(folder.path()).unwrap();
        assert!(hint.starts_with("`vigie import whisper "), "{hint}");
        let file = folder.path().join("x.prom");
        std::fs::write(&file, "# TYPE up gauge\nup 1 1519862400\n").unwrap();
        let hint = hint_for(&file).unwrap();
        assert!(hint.contains("`vigie import prometheus "), "{hint}");
        assert_eq!(hint_for(&folder.path().join("nothing")), None);
    }
}
