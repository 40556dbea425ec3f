//! Text fit for a terminal, by type: nothing that others wrote reaches a screen but through here.
//!
//! A [`Shown`] is made of what stands literally in this program and of texts in which every character that is not
//! seen, or that changes how others are seen, has become its visible number (`\u{202e}`). Standard output and standard
//! error take nothing else, so that a server, or whoever named a metric, can neither move the cursor nor forge a line
//! nor turn one round. For programs there are [`json`](crate::output::Output::json) and its like, which have rules of
//! their own.
//!
//! To show something: give a `String` (it is escaped whole, line ends too), or lay it out with [`shown!`], whose
//! literal keeps its line ends while each argument is escaped.

mod word;

use base::invisible::is_invisible;
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// What someone else says is shown to this length; more would push what matters off the screen.
pub(crate) const TOLD_CHARACTERS_MAX: usize = 1000;

/// A text that can be shown as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown(String);

/// Lays out a text: the literal as it stands, each argument (`{}`, in order) as [`Show`] has it. Names inside the
/// braces do not compile, for they would come in unescaped.
macro_rules! shown {
    ($layout:literal $(, $argument:expr)* $(,)?) => {
        $crate::shown::Shown::laid_out(format_args!(
            concat!($layout) $(, $crate::shown::Escaped(&$argument))*
        ))
    };
}
pub(crate) use shown;

impl Shown {
    /// For [`shown!`] alone, which sees to it that every argument is escaped.
    pub(crate) fn laid_out(text: fmt::Arguments<'_>) -> Self {
        Self(text.to_string())
    }

    /// A text of someone else's, escaped and cut short: what a server says of itself.
    pub(crate) fn told(text: &str) -> Self {
        Self(clipped(&printable(text), TOLD_CHARACTERS_MAX))
    }

    /// A text of several lines, which stay lines; everything else is escaped. For what this program made itself.
    pub(crate) fn lines(text: &str) -> Self {
        Self(escape(text, |character| {
            character == '\n' || is_plain(character)
        }))
    }

    /// Adds another.
    pub(crate) fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, to be cut, padded or measured. Made into a [`Shown`] again it is escaped once more, which changes
    /// nothing but line ends.
    pub(crate) fn into_string(self) -> String {
        self.0
    }

    /// As much of the beginning as an error may take; a text of ours is never that long.
    pub(crate) fn shortened(&self, characters_max: usize) -> Self {
        Self(clipped(&self.0, characters_max))
    }

    /// In a style of the terminal's.
    pub(crate) fn painted(self, style: &'static str) -> Self {
        if self.0.is_empty() {
            return self;
        }
        Self(format!("\u{1b}[{style}m{}\u{1b}[0m", self.0))
    }

    /// The same with the commands in it, which stand in backticks, under another name of the program.
    pub(crate) fn with_commands_of(&self, name: &'static str) -> Self {
        Self(self.0.replace("`vigie ", &format!("`{name} ")))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands literally in the program.
impl From<&'static str> for Shown {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self::from(&text)
    }
}

impl From<&String> for Shown {
    fn from(text: &String) -> Self {
        Self(printable(text))
    }
}

impl From<&Self> for Shown {
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

/// What can be an argument of [`shown!`].
pub(crate) trait Show {
    /// The text as it is shown.
    fn show(&self) -> Cow<'_, str>;
}

impl Show for Shown {
    fn show(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl Show for str {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(printable(self))
    }
}

impl Show for String {
    fn show(&self) -> Cow<'_, str> {
        self.as_str().show()
    }
}

impl Show for std::path::Display<'_> {
    fn show(&self) -> Cow<'_, str> {
        Cow::Owned(printable(&self.to_string()))
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self) -> Cow<'_, str> {
        (**self).show()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Show for $number {
            fn show(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        })*
    };
}
numbers!(u16, u32, u64, usize, i64);

/// An argument of [`shown!`] on its way into the text.
pub(crate) struct Escaped<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Show + ?Sized> fmt::Display for Escaped<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.show())
    }
}

/// Whether a character is seen as itself, and leaves its neighbours as they are.
pub(crate) const fn is_plain(character: char) -> bool {
    !is_invisible(character)
}

/// A text of someone else's as it is shown: what is not plain becomes its visible number. Doing it twice changes
/// nothing.
pub(crate) fn printable(text: &str) -> String {
    escape(text, is_plain)
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    if text.chars().all(&is_kept) {
        return text.to_owned();
    }
    text.chars().fold(
        String::with_capacity(text.len()),
        |mut escaped, character| {
            match character {
                kept if is_kept(kept) => escaped.push(kept),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                hidden => {
                    let _ = write!(escaped, "\\u{{{:x}}}", u32::from(hidden));
                }
            }
            escaped
        },
    )
}

fn clipped(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_becomes_a_number() {
        assert_eq!(
            printable("a\u{1b}[31m\u{7}\u{9b}\u{7f}"),
            r"a\u{1b}[31m\u{7}\u{9b}\u{7f}"
        );
        assert_eq!(printable("x\u{202e}y\u{2066}"), r"x\u{202e}y\u{2066}");
        assert_eq!(printable("l\nm\r\t"), r"l\nm\r\t");
        assert_eq!(
            printable("\u{e0041}\u{feff}\u{200b}"),
            r"\u{e0041}\u{feff}\u{200b}"
        );
        let fine = "Zoë 日本 עברית 🦀 … · ▁█ \\u{1b}";
        assert_eq!(printable(fine), fine);
        let once = printable("\u{85}\u{2028}");
        assert_eq!(printable(&once), once);
    }

    #[test]
    fn a_layout_keeps_its_lines_and_its_arguments_have_none() {
        let name = "x\nOK".to_owned();
        assert_eq!(shown!("a {}\n{}", name, 7_u64).as_str(), "a x\\nOK\n7");
        let inner = shown!("1\n2");
        assert_eq!(shown!("<{}>", inner).as_str(), "<1\n2>");
        assert_eq!(Shown::from(format!("{name}\n")).as_str(), "x\\nOK\\n");
        assert_eq!(Shown::from("literal\n").as_str(), "literal\n");
        assert_eq!(Shown::lines("a\n\u{1b}b").as_str(), "a\n\\u{1b}b");
    }

    #[test]
    fn what_is_told_has_an_end() {
        let told = Shown::told(&"é".repeat(TOLD_CHARACTERS_MAX + 1));
        assert_eq!(told.as_str().chars().count(), TOLD_CHARACTERS_MAX + 1);
        assert!(told.as_str().ends_with('…'));
    }

    /// The type is of use only while there is no other way to the screen.
    #[test]
    fn no_other_file_writes_to_the_screen_or_lays_out_unescaped() {
        fn files(directory: &std::path::Path, into: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files(&path, into);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    into.push(path);
                }
            }
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        files(&root, &mut all);
        for path in all {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            if ["shown.rs", "output.rs"].contains(&name) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for way in [
                "stdout().lock",
                "stderr().lock",
                "laid_out(",
                "Shown(",
                "print!(",
                "println!(",
            ] {
                assert!(!text.contains(way), "{name} holds `{way}`");
            }
        }
    }
}
