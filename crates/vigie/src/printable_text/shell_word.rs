//! Untrusted texts in suggested commands: users paste hints, so a name chosen by a server or a colleague must stay one word of the
//! command, whatever it contains.

use super::{PrintableText, printable};

impl PrintableText {
    /// One word for a POSIX shell, quoted if necessary. Invisible characters are escaped: the word then matches nothing, but is
    /// harmless.
    pub(crate) fn word(text: &str) -> Self {
        let is_harmless =
            |character: char| character.is_ascii_alphanumeric() || "-_./:@%+,=".contains(character);
        // zsh expands `=ls` to a path.
        if !text.is_empty() && !text.starts_with('=') && text.chars().all(is_harmless) {
            return Self::from(text.to_owned());
        }
        Self::quoted(text)
    }

    /// The same, always quoted: for lines that scripts read.
    pub(crate) fn quoted(text: &str) -> Self {
        Self::from(format!("'{}'", printable(text).replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    #[test]
    fn a_word_is_quoted_where_it_must_be() {
        for plain in [
            "vigie",
            "a.b-c_d",
            "ada+1@example.org",
            "https://h:1/x%20,y",
            "-x",
        ] {
            assert_eq!(PrintableText::word(plain).as_str(), plain);
        }
        for (text, word) in [
            ("", "''"),
            ("field org", "'field org'"),
            ("x;touch$IFS.pwned;", "'x;touch$IFS.pwned;'"),
            ("`id`", "'`id`'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("=ls", "'=ls'"),
            ("a\nb\u{202e}", r"'a\nb\u{202e}'"),
        ] {
            assert_eq!(PrintableText::word(text).as_str(), word);
        }
    }

    /// Options that take numbers, which this program counted.
    const NUMBERS: [&str; 2] = ["--reasons ", "--depth "];

    /// The arguments that stand in a command of a layout: those whose `{}` is between `` `vigie ``, or an option of its,
    /// and the end of that.
    fn in_commands(layout: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let programs = layout.match_indices("vigie ");
        for (start, _) in programs.chain(layout.match_indices("--")) {
            let before = layout.get(..start).unwrap();
            // In the middle of a sentence it is the name of the program.
            if !(before.is_empty() || before.ends_with(['`', '\n'])) {
                continue;
            }
            let command = layout.get(start..).unwrap();
            let command = command.split(['`', '\n']).next().unwrap();
            if NUMBERS.iter().any(|option| command.starts_with(option)) {
                continue;
            }
            let first = before.matches('{').count();
            found.extend(first..first + command.matches('{').count());
        }
        found
    }

    /// The arguments of a call, from the end of its layout on.
    fn arguments(rest: &str) -> Vec<String> {
        let (mut depth, mut all, mut one) = (0, Vec::new(), String::new());
        for character in rest.chars() {
            match character {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    all.push(std::mem::take(&mut one));
                    continue;
                }
                _ => {}
            }
            one.push(character);
        }
        all.push(one);
        all.into_iter().skip(1).collect()
    }

    fn files(directory: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                into.push(path);
            }
        }
    }

    #[test]
    fn every_command_that_is_proposed_takes_others_texts_as_words() {
        let (mut all, mut seen) = (Vec::new(), 0);
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        for path in all {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let programs = text.match_indices("vigie ");
            for (at, _) in programs.chain(text.match_indices("`--")) {
                let begin = text.get(..at).unwrap().rfind('"').unwrap_or(0) + 1;
                let rest = text.get(begin..).unwrap();
                let end = rest.find('"').unwrap_or(rest.len());
                let layout = rest.get(..end).unwrap();
                let called = text.get(..begin - 1).unwrap_or("").trim_end();
                if !(called.ends_with("escaped!(") || called.ends_with("format!(")) {
                    continue;
                }
                let given = arguments(rest.get(end + 1..).unwrap());
                for place in in_commands(layout) {
                    seen += 1;
                    let argument = given.get(place).map_or("", |given| given.trim());
                    assert!(
                        ["PrintableText::word(", "PrintableText::quoted("]
                            .iter()
                            .any(|word| argument.starts_with(word)),
                        "{}: `{layout}` has `{argument}` in its command",
                        path.display()
                    );
                }
            }
        }
        assert!(seen > 8, "only {seen} were found");
    }
}
