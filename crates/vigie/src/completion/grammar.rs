//! The words that the grammar allows next in a command line.

use super::candidate::Candidate;
use super::kind::Kind;
use clap::{Arg, Command, ValueHint};

/// Aggregation methods, as `storage-aggregation.conf` names them.
const METHODS: [&str; 7] = ["average", "avg_zero", "first", "last", "max", "min", "sum"];

/// The kind of word expected at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// One of these.
    Words(Vec<Candidate>),
    /// A file.
    Files,
    /// Names that the server can list.
    Known(Kind),
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
    /// The command's words, without the program's.
    path: Vec<&'a str>,
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
        path: Vec::new(),
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
            self.path.push(sub.get_name());
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
        let name = arg.get_value_names().and_then(<[_]>::first)?.as_str();
        let hint = arg.get_value_hint();
        let path = self.path.join(" ");
        if matches!(
            hint,
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
        ) || ["FILE", "DIR"].contains(&name)
        {
            return Some(Expected::Files);
        }
        if ["SCOPE", "DOMAIN"].contains(&name) {
            let words = ["account", "org", "space"];
            let about = "of the target";
            let candidates = words.map(|word| Candidate::new(word, about));
            return Some(Expected::Words(candidates.to_vec()));
        }
        if name == "METHOD" && path == "metrics schemas set" {
            let words = METHODS.map(|word| Candidate::new(word, ""));
            return Some(Expected::Words(words.to_vec()));
        }
        Kind::of(&path, name).map(Expected::Known)
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

    fn expected(line: &str) -> Option<(Expected, String, String)> {
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&grammar, &words).map(|typed| (typed.expected, typed.current, typed.before))
    }

    #[test]
    fn the_place_of_the_cursor_says_what_is_wanted() {
        for (line, kind) in [
            ("target -s ", Kind::Spaces),
            ("target -o field --space d", Kind::Spaces),
            ("-q target --space=d", Kind::Spaces),
            ("target -qs ", Kind::Spaces),
            ("target -o ", Kind::Orgs),
            ("target -r ", Kind::Regions),
            ("target -c ", Kind::Accounts),
            ("account space ", Kind::Spaces),
            ("account space-role-set bo@example.org field ", Kind::Spaces),
            ("account org-rename ", Kind::Orgs),
            ("account user-remove b", Kind::Users),
            ("iam api-key-delete ", Kind::Keys),
            ("iam service-ids -n ", Kind::Services),
            ("iam service-id-delete ", Kind::Services),
            ("iam service-api-keys ", Kind::Services),
            ("iam service-api-key-create first ", Kind::Services),
            ("iam service-api-key-lock first c", Kind::Services),
            ("metrics get --from -1h a.b c", Kind::Targets),
            ("metrics get 'scale(a", Kind::Targets),
            ("metrics tail sho", Kind::Targets),
            ("metrics find sho", Kind::Metrics),
            ("metrics functions su", Kind::Functions),
            ("metrics list sho", Kind::Metrics),
            ("metrics ls sho", Kind::Metrics),
            ("metrics schemas set sh", Kind::Rules),
            ("metrics schemas set new --before sh", Kind::Rules),
            ("metrics schemas set --pattern ", Kind::RulePatterns),
            ("metrics schemas unset ", Kind::Rules),
        ] {
            let found = expected(line).map(|(expected, ..)| expected);
            assert_eq!(found, Some(Expected::Known(kind)), "{line}");
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
}
