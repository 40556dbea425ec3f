//! The name that the program was called by.

use crate::printable_text::PrintableText;

/// The name the program was called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// `vigie`, and anything not known.
    Vigie,
    /// A name of IBM Cloud's own command line, for old scripts.
    Original(&'static str),
}

impl Name {
    /// Reads the first argument of the process.
    pub(crate) fn of(program: Option<&std::ffi::OsStr>) -> Self {
        let file = program
            .map(std::path::Path::new)
            .and_then(std::path::Path::file_name)
            .and_then(std::ffi::OsStr::to_str);
        ["ibmcloud", "bluemix", "bx"]
            .into_iter()
            .find(|name| file == Some(name))
            .map_or(Self::Vigie, Self::Original)
    }

    /// The name itself.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Vigie => "vigie",
            Self::Original(name) => name,
        }
    }

    /// The flag that says yes to a question.
    pub(crate) const fn yes(self) -> &'static str {
        match self {
            Self::Vigie => "`--yes`",
            Self::Original(_) => "`-f`",
        }
    }

    /// A text whose commands, which stand in backticks, begin with this name.
    pub(crate) fn in_commands(self, text: &PrintableText) -> PrintableText {
        text.with_commands_of(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_file() {
        assert_eq!(
            Name::of(Some("/usr/bin/ibmcloud".as_ref())),
            Name::Original("ibmcloud")
        );
        assert_eq!(Name::of(Some("bx".as_ref())), Name::Original("bx"));
        assert_eq!(Name::of(Some("/x/vigie".as_ref())), Name::Vigie);
        assert_eq!(Name::of(None), Name::Vigie);
    }
}
