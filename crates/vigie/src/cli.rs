//! The grammar of the command line: one definition for parsing, help, completions and the reference.

mod parser_tips;
mod similar;

use crate::command::Command;
use crate::context::Name;
use crate::env;
use crate::error::{EXIT_CODES, code};
use crate::output::Format;
use clap::builder::StyledStr;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use std::ffi::OsString;
use std::fmt::Write as _;

/// Log in to a Vigie server, get tokens, and work with metrics.
///
/// Start with `vigie login -a https://SERVER`; then `vigie iam oauth-tokens` shows the token of the session.
#[derive(Debug, Parser)]
#[command(
    name = "vigie",
    bin_name = "vigie",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// Form of the output: `text` for people, `json` for programs
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORMAT",
        display_order = 900
    )]
    pub(crate) output: Format,
    /// Print results and errors only
    #[arg(short, long, global = true, display_order = 901)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Parses the arguments (the program's name first).
    pub(crate) fn read(name: Name, arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut grammar = grammar(name);
        let arguments = version_flag(arguments);
        let matches = match grammar.try_get_matches_from_mut(arguments.clone()) {
            Ok(matches) => matches,
            Err(mut error) => {
                similar::suggest(&mut error, &grammar, &arguments);
                parser_tips::leave_out(&mut error);
                return Err(error);
            }
        };
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut grammar))
    }
}

/// The output format of a command line that does not parse.
pub(crate) fn format_of(arguments: &[OsString]) -> Format {
    let is_json = |value: &str| value.eq_ignore_ascii_case("json");
    let joined = |word: &OsString| {
        (word
            .to_str()
            .and_then(|word| word.strip_prefix("--output=")))
        .is_some_and(is_json)
    };
    let apart = |pair: &[OsString]| matches!(pair, [flag, value] if flag == "--output" && value.to_str().is_some_and(is_json));
    if arguments.iter().any(joined) || arguments.windows(2).any(apart) {
        Format::Json
    } else {
        Format::Text
    }
}

/// The grammar under the name the program was called by.
pub(crate) fn grammar(name: Name) -> clap::Command {
    let help = format!("{}\n{EXIT_CODES}", environment());
    let grammar = Cli::command()
        .name(name.text())
        .bin_name(name.text())
        .after_long_help(help.clone());
    match name {
        Name::Vigie => grammar.after_long_help(format!("{help}\n\n{}", code::help())),
        Name::Original(_) => renamed(grammar, name),
    }
}

/// The same grammar, with the program's current name in its texts.
fn renamed(command: clap::Command, name: Name) -> clap::Command {
    let ours = |text: Option<&StyledStr>| {
        text.map(|text| {
            text.to_string()
                .replace("vigie ", &format!("{} ", name.text()))
        })
    };
    let long_about = ours(command.get_long_about());
    let after_help = ours(command.get_after_help());
    let after_long_help = ours(command.get_after_long_help());
    let mut command = command;
    if let Some(text) = long_about {
        command = command.long_about(text);
    }
    if let Some(text) = after_help {
        command = command.after_help(text);
    }
    if let Some(text) = after_long_help {
        command = command.after_long_help(text);
    }
    command.mut_subcommands(|sub| renamed(sub, name))
}

/// The environment variables, as `--help` tells them.
fn environment() -> String {
    env::ALL
        .iter()
        .fold("Environment:\n".to_owned(), |mut text, variable| {
            let _ = writeln!(
                text,
                "  {}\n          {}",
                variable.names.join(", "),
                variable.effect
            );
            text
        })
}

/// `--version` and `-v` alone are the command `version`, as in the original.
fn version_flag(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if let [_, only] = arguments.as_mut_slice()
        && ["--version", "-V", "-v"].iter().any(|flag| *only == **flag)
    {
        *only = "version".into();
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn formats_in_any_letter_case() {
        for text in ["json", "JSON", "Json"] {
            let arguments = ["vigie", "regions", "--output", text].map(OsString::from);
            assert_eq!(
                Cli::read(Name::Vigie, arguments.to_vec()).unwrap().output,
                Format::Json
            );
        }
    }

    #[test]
    fn version_has_flags() {
        let arguments = ["bx", "--version"].map(OsString::from);
        let cli = Cli::read(Name::Original("bx"), arguments.to_vec()).unwrap();
        assert!(matches!(cli.command, Command::Version));
    }
}
