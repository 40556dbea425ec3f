//! How names are read: as they stand, or, where a person has asked for it, with another character in the place of each that no
//! name may hold. Counters of Windows and IPMI have brackets, commas and blanks in theirs.

use base::name::{NameError, SeriesName, allowed};

/// The rule. By itself nothing is replaced: two names that are different must not become one without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names(Option<char>);

impl Names {
    /// Each character that no name may hold becomes this one; `None` where names may not hold it either, or where it parts them.
    #[must_use]
    pub fn replacing(with: char) -> Option<Self> {
        (allowed(with) && !matches!(with, '.' | ';' | '=')).then_some(Self(Some(with)))
    }

    /// The replacement for characters that no name may hold, if they are replaced.
    pub(crate) const fn replacement(self) -> Option<char> {
        self.0
    }

    /// Whether the name has to be changed to be taken.
    #[must_use]
    pub fn changes(self, text: &str) -> bool {
        self.0.is_some() && text.chars().any(|character| !allowed(character))
    }

    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`], for all that replacing a character does not mend.
    pub fn read(self, text: &str) -> Result<SeriesName<'_>, NameError> {
        let Some(with) = self.0.filter(|_| self.changes(text)) else {
            return SeriesName::parse(text);
        };
        let replaced: String = text
            .chars()
            .map(|character| if allowed(character) { character } else { with })
            .collect();
        SeriesName::parse(&replaced).map(SeriesName::into_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_no_name_may_hold_is_replaced_where_that_is_asked_for() {
        let replacing = Names::replacing('_').unwrap();
        for (text, name) in [
            (
                "win.Processor(_Total).% Time",
                "win.Processor__Total_.%_Time",
            ),
            ("ipmi.Fan [1,2].O'Brien", "ipmi.Fan__1_2_.O_Brien"),
            ("a.b;host=C:\\x", "a.b;host=C:_x"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(replacing.read(text).unwrap().as_str(), name);
            assert_eq!(replacing.changes(text), text != name);
            assert_eq!(Names::default().read(text).is_ok(), text == name);
            assert!(!Names::default().changes(text));
        }
        for wrong in ["", "a..b", ".", "a;b", "a;b=1;b=2"] {
            assert!(replacing.read(wrong).is_err(), "{wrong}");
        }
        for with in ['.', ';', '=', ' ', '*', '\\', '\u{200b}'] {
            assert_eq!(Names::replacing(with), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_a_name_is_taken_as_it_stands(text in "[a-z;=. ,\\[\\]]{0,20}") {
            if let Ok(name) = SeriesName::parse(&text) {
                prop_assert_eq!(Names::replacing('_').unwrap().read(&text), Ok(name));
            }
        }
    }
}
