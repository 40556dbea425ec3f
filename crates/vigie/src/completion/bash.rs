//! The command line as bash passes it: one text with quotes, of which a part is replaced by the completion.

/// A line up to the cursor, in words.
#[derive(Debug)]
pub(super) struct Line {
    words: Vec<Word>,
}

/// One word.
#[derive(Debug, Default, PartialEq, Eq)]
struct Word {
    /// Its value.
    text: String,
    /// Its text as typed.
    raw: String,
    /// The open quote, if any.
    open: Option<char>,
    /// Whether it contains a quote.
    is_quoted: bool,
}

impl Line {
    /// Reads a line; its last word is the one at the cursor, and empty after a blank.
    pub(super) fn read(line: &str) -> Self {
        let mut words = Vec::new();
        let mut word = Word::default();
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            if word.open.is_none() && character.is_whitespace() {
                if !word.raw.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            word.raw.push(character);
            match (word.open, character) {
                (None, '\'' | '"') => {
                    word.open = Some(character);
                    word.is_quoted = true;
                }
                (Some(quote), closing) if quote == closing => word.open = None,
                (None, '\\') => {
                    if let Some(next) = characters.next() {
                        word.raw.push(next);
                        word.text.push(next);
                    }
                }
                (Some('"'), '\\') => {
                    let next = characters.next();
                    word.raw.extend(next);
                    if !matches!(next, Some('"' | '\\' | '$' | '`') | None) {
                        word.text.push('\\');
                    }
                    word.text.extend(next);
                }
                (_, other) => word.text.push(other),
            }
        }
        words.push(word);
        Self { words }
    }

    /// The values of the words, without the program's name.
    pub(super) fn words(&self) -> Vec<String> {
        self.words
            .iter()
            .skip(1)
            .map(|word| word.text.clone())
            .collect()
    }

    /// The text to insert for a word in place of `replaced`, a part of the word at the cursor; `None` if there is none.
    pub(super) fn typed(&self, word: &str, replaced: &str) -> Option<String> {
        let current = self.words.last()?;
        if !current.is_quoted {
            let stem = current.raw.strip_suffix(replaced).unwrap_or_default();
            return escaped(word).strip_prefix(stem).map(str::to_owned);
        }
        // Bash leaves the quote at the beginning as it is, and closes it.
        let quote = current
            .open
            .filter(|quote| current.raw.starts_with(*quote))?;
        let special: &[char] = if quote == '\'' {
            &['\'']
        } else {
            &['"', '\\', '$', '`', '!']
        };
        let replaced = replaced.strip_prefix(quote).unwrap_or(replaced);
        let stem = current.raw.get(1..)?.strip_suffix(replaced)?;
        (!word.contains(special)).then(|| word.strip_prefix(stem).map(str::to_owned))?
    }
}

/// A word as typed without quotes: special characters are escaped with `\`.
fn escaped(word: &str) -> String {
    word.chars().fold(String::new(), |mut typed, character| {
        let is_itself = character.is_ascii_alphanumeric()
            || "._/:@+,=-".contains(character)
            || !character.is_ascii();
        if !is_itself {
            typed.push('\\');
        }
        typed.push(character);
        typed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_mean_to_bash() {
        let words = |line: &str| Line::read(line).words();
        assert_eq!(words("vigie target -s "), ["target", "-s", ""]);
        assert_eq!(words(r"vigie a\ b 'c d' ef"), ["a b", "c d", "ef"]);
        assert_eq!(words("vigie \"a\\$b\\c"), [r"a$b\c"]);
        assert_eq!(words("vigie"), Vec::<String>::new());
    }

    #[test]
    fn what_is_replaced_is_what_bash_replaces() {
        let typed = |line: &str, word, replaced| Line::read(line).typed(word, replaced);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            typed("v t --output=js", "--output=json", "js"),
            some("json")
        );
        assert_eq!(
            typed("v t bo@ex", "bo@example.org", "ex"),
            some("example.org")
        );
        assert_eq!(typed("v t a", "a b", "a"), some(r"a\ b"));
        assert_eq!(typed("v t 'a", "a b", "a"), some("a b"));
        assert_eq!(typed("v t 'a", "a'b", "a"), None);
        assert_eq!(typed("v t \"a", "a$b", "a"), None);
    }

    #[test]
    fn a_name_is_one_word_and_nothing_else() {
        assert_eq!(escaped("$(touch x);`y`"), r"\$\(touch\ x\)\;\`y\`");
        assert_eq!(escaped("~*?[a]{b,c}!"), r"\~\*\?\[a\]\{b,c\}\!");
        assert_eq!(escaped("shop.eu-1_x:é"), "shop.eu-1_x:é");
    }
}
