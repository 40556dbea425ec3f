//! The words that the grammar allows next in a command line.

use super::candidate::Candidate;
use crate::argument::{Named, Words};
use clap::{Arg, Command, ValueHint};

/// The kind of word expected at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// One of these.
    Words(Vec<Candidate>),
    /// A file.
    Files,
    /// Names that the server can list.
    Named(Named),
}

/// A command line up to the cursor.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    pub(super) expected: Expected,
    /// The beginning of the word at the cursor.
    pub(super) current: String,
    /// The text before it in the same word, such as `--org=`.
    pub(super) before: String,
    /// The organization and the scope that the line names.
    pub(super) org: Option<String>,
    pub(super) scope: Option<String>,
}

/// The state while the words are read.
#[derive(Debug)]
struct Reader<'a> {
    command: &'a Command,
    /// The number of positional arguments so far.
    positionals: usize,
    /// The flag whose value comes next.
    pending: Option<&'a Arg>,
    /// After `--`, there are only positional arguments.
    only_words: bool,
    org: Option<String>,
    scope: Option<String>,
}

/// Reads the words after the program's name; the last one is to be completed, and may be empty.
pub(super) fn read(grammar: &Command, words: &[String]) -> Option<CommandLine> {
    let (current, before) = words.split_last()?;
    let mut reader = Reader {
        command: grammar,
        positionals: 0,
        pending: None,
        only_words: false,
        org: None,
        scope: None,
    };
    for word in before {
        reader.take(word);
    }
    reader.end(current)
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) {
        if let Some(arg) = self.pending.take() {
            self.note(arg, word);
        } else if !self.only_words && word == "--" {
            self.only_words = true;
        } else if !self.only_words && word.starts_with("--") {
            let (name, value) = word
                .split_once('=')
                .map_or((word, None), |(name, value)| (name, Some(value)));
            match (self.long(name), value) {
                (Some(arg), Some(value)) => self.note(arg, value),
                (arg, None) => self.pending = arg.filter(|arg| takes_value(arg)),
                _ => {}
            }
        } else if !self.only_words && word.len() > 1 && word.starts_with('-') {
            self.take_short(word);
        } else if let Some(sub) = self.subcommand(word) {
            self.command = sub;
        } else {
            if let Some(arg) = self.positional() {
                self.note(arg, word);
            }
            self.positionals += 1;
        }
    }

    /// `-q`, `-o ORG`, `-oORG`, `-qo ORG`.
    fn take_short(&mut self, word: &str) {
        let mut letters = word.trim_start_matches('-').chars();
        while let Some(letter) = letters.next() {
            let Some(arg) = self.short(letter) else {
                return;
            };
            if takes_value(arg) {
                let value = letters.as_str().trim_start_matches('=');
                if value.is_empty() {
                    self.pending = Some(arg);
                } else {
                    self.note(arg, value);
                }
                return;
            }
        }
    }

    fn note(&mut self, arg: &Arg, value: &str) {
        match arg.get_id().as_str() {
            "org" => self.org = Some(value.to_owned()),
            "scope" => self.scope = Some(value.to_owned()),
            _ => {}
        }
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        let name = name.trim_start_matches('-');
        self.command.get_arguments().find(|arg| {
            let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
            longs.contains(&name)
        })
    }

    fn short(&self, letter: char) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| {
            let shorts = arg.get_short_and_visible_aliases().unwrap_or_default();
            shorts.contains(&letter)
        })
    }

    fn subcommand(&self, word: &str) -> Option<&'a Command> {
        (self.positionals == 0 && !self.only_words)
            .then(|| self.command.find_subcommand(word))
            .flatten()
    }

    /// The positional argument of the next word; the last one if it takes several.
    fn positional(&self) -> Option<&'a Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let several = all.last().filter(|arg| {
            arg.get_num_args()
                .is_some_and(|count| count.max_values() > 1)
                || matches!(arg.get_action(), clap::ArgAction::Append)
        });
        all.get(self.positionals).or(several).copied()
    }

    fn end(self, current: &str) -> Option<CommandLine> {
        let (before, current, expected) = if let Some(arg) = self.pending {
            ("", current, self.value(arg)?)
        } else if !self.only_words && current.starts_with("--") && current.contains('=') {
            let (name, value) = current.split_once('=')?;
            let end = name.len() + 1;
            (current.get(..end)?, value, self.value(self.long(name)?)?)
        } else if !self.only_words && current.starts_with('-') {
            ("", current, self.flags())
        } else if self.positionals == 0 && self.command.has_subcommands() {
            ("", current, self.commands())
        } else {
            ("", current, self.value(self.positional()?)?)
        };
        Some(CommandLine {
            expected,
            current: current.to_owned(),
            before: before.to_owned(),
            org: self.org,
            scope: self.scope,
        })
    }

    fn commands(&self) -> Expected {
        let options = self
            .command
            .get_subcommands()
            .filter(|sub| !sub.is_hide_set());
        Expected::Words(
            options
                .map(|sub| {
                    let about = sub.get_about().map(ToString::to_string);
                    Candidate::new(sub.get_name(), about.unwrap_or_default())
                })
                .collect(),
        )
    }

    fn flags(&self) -> Expected {
        let options = self
            .command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set());
        let candidates = options.flat_map(|arg| {
            let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
            let shorts = arg.get_short_and_visible_aliases().unwrap_or_default();
            let longs = longs.into_iter().map(|long| format!("--{long}"));
            let shorts = shorts.into_iter().map(|short| format!("-{short}"));
            let words: Vec<String> = longs.chain(shorts).collect();
            words
                .into_iter()
                .map(move |word| Candidate::new(word, about.clone()))
        });
        Expected::Words(candidates.collect())
    }

    /// The values that an argument can have, if known.
    fn value(&self, arg: &Arg) -> Option<Expected> {
        let values = arg.get_possible_values();
        if !values.is_empty() {
            let candidates = values.iter().filter(|value| !value.is_hide_set());
            return Some(Expected::Words(
                candidates
                    .map(|value| {
                        let about = value.get_help().map(ToString::to_string);
                        Candidate::new(value.get_name(), about.unwrap_or_default())
                    })
                    .collect(),
            ));
        }
        if let Some(Words(words)) = arg.get::<Words>() {
            let candidates = words
                .iter()
                .map(|(word, about)| Candidate::new(*word, *about));
            return Some(Expected::Words(candidates.collect()));
        }
        if let Some(named) = arg.get::<Named>() {
            return Some(Expected::Named(*named));
        }
        matches!(
            arg.get_value_hint(),
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
        )
        .then_some(Expected::Files)
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::context::Name;
    use std::fmt::Write as _;

    fn expected(line: &str) -> Option<(Expected, String, String)> {
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&grammar, &words).map(|typed| (typed.expected, typed.current, typed.before))
    }

    #[test]
    fn the_place_of_the_cursor_says_what_is_wanted() {
        for (line, named) in [
            ("target -s ", Named::Spaces),
            ("target -o field --space d", Named::Spaces),
            ("-q target --space=d", Named::Spaces),
            ("target -qs ", Named::Spaces),
            ("target -o ", Named::Orgs),
            ("target -r ", Named::Regions),
            ("target -c ", Named::Accounts),
            ("account space ", Named::Spaces),
            (
                "account space-role-set bo@example.org field ",
                Named::Spaces,
            ),
            ("account org-rename ", Named::Orgs),
            ("account user-remove b", Named::Users),
            ("iam api-key-delete ", Named::Keys),
            ("iam service-ids -n ", Named::Services),
            ("iam service-id-delete ", Named::Services),
            ("iam service-api-keys ", Named::Services),
            ("iam service-api-key-create first ", Named::Services),
            ("iam service-api-key-lock first c", Named::Services),
            ("metrics get --from -1h a.b c", Named::Targets),
            ("metrics get 'scale(a", Named::Targets),
            ("metrics tail sho", Named::Targets),
            ("metrics find sho", Named::Metrics),
            ("metrics functions su", Named::Functions),
            ("metrics list sho", Named::Metrics),
            ("metrics ls sho", Named::Metrics),
            ("metrics schemas set sh", Named::Rules),
            ("metrics schemas set new --before sh", Named::Rules),
            ("metrics schemas set --pattern ", Named::RulePatterns),
            ("metrics schemas unset ", Named::Rules),
        ] {
            let found = expected(line).map(|(expected, ..)| expected);
            assert_eq!(found, Some(Expected::Named(named)), "{line}");
        }
        assert_eq!(
            expected("target --space=d").map(|(_, current, before)| (current, before)),
            Some(("d".to_owned(), "--space=".to_owned()))
        );
        for line in ["metrics send -f ", "iam api-key-create x --file "] {
            assert_eq!(
                expected(line).map(|(w, ..)| w),
                Some(Expected::Files),
                "{line}"
            );
        }
        for line in ["metrics get a --scope ", "iam api-key-create x --domain "] {
            let Some((Expected::Words(candidates), ..)) = expected(line) else {
                panic!("{line}");
            };
            let words: Vec<_> = candidates
                .into_iter()
                .map(|candidate| candidate.word)
                .collect();
            assert_eq!(words, ["account", "org", "space"], "{line}");
        }
        for line in [
            "account space a b",
            "account org-create ",
            "login -p ",
            "account password --new-password ",
        ] {
            assert!(expected(line).is_none(), "{line}");
        }
    }

    /// Whether an argument that is new was forgotten shows here: what it says is none of these.
    #[test]
    fn nothing_completes_what_is_new_or_free() {
        fn of(command: &Command, path: &str, found: &mut String) {
            for arg in command.get_arguments().filter(|arg| takes_value(arg)) {
                let has_words = !arg.get_possible_values().is_empty();
                let is_named = arg.get::<Named>().is_some() || arg.get::<Words>().is_some();
                let is_file =
                    !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other);
                if !has_words && !is_named && !is_file && !arg.is_global_set() {
                    let _ = writeln!(found, "{}", format!("{path} {arg}").trim());
                }
            }
            for sub in command.get_subcommands() {
                of(sub, format!("{path} {}", sub.get_name()).trim(), found);
            }
        }
        let mut found = String::new();
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        of(&grammar, "", &mut found);
        insta::assert_snapshot!(found);
    }
}
