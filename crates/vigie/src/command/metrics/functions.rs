//! `metrics functions`: the reference of the functions that targets may call. It is part of this program, and asks no server.

use crate::argument::Named;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped};
use query::function::{Default, Function, FunctionGroup, Parameter};
use query::table::{self, describe};
use std::collections::BTreeMap;

/// Show the functions that targets may call
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The functions are those of graphite-web 1.1.10. The list is part of this program; the server's own is at `/functions`.

Examples:
  vigie metrics functions
  vigie metrics functions movingAverage
  vigie metrics functions --group combine
  vigie metrics functions --output json")]
pub(crate) struct FunctionsArgs {
    /// A function, to see its parameters and an example
    #[arg(value_name = "NAME", add = Named::Functions)]
    name: Option<String>,
    /// Only the functions of this group
    #[arg(long, value_name = "GROUP", conflicts_with = "name")]
    group: Option<String>,
}

/// Shows one function, or all of them by group.
pub(crate) fn run(args: &FunctionsArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    match &args.name {
        Some(name) => {
            let function = table::find(name).ok_or_else(|| unknown(name))?;
            if output.is_json() {
                let described = describe::one(name).unwrap_or_default();
                return output.json_text(&format!("{}\n", describe::pretty(&described)));
            }
            output.text(&page(name, function))
        }
        None => {
            let group = args.group.as_deref().map(group_named).transpose()?;
            if output.is_json() {
                let described = describe::list(group.map(FunctionGroup::name), false);
                return output.json_text(&format!("{}\n", describe::pretty(&described)));
            }
            output.text(&list(group))?;
            output.note(
                "hint: `vigie metrics functions NAME` shows one with its parameters and an example",
            );
            Ok(())
        }
    }
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::new(
        Kind::NotFound,
        escaped!("there is no function `{}`", name.to_owned()),
    );
    match table::nearest(name) {
        Some(nearest) => failure.hint(escaped!(
            "did you mean `{}`? see `vigie metrics functions {}`",
            nearest,
            PrintableText::word(nearest)
        )),
        None => failure.hint("`vigie metrics functions` lists them"),
    }
}

fn group_named(text: &str) -> Result<FunctionGroup, Failure> {
    let same = |group: &FunctionGroup| {
        let plain = |text: &str| text.to_lowercase().replace([' ', '-', '_'], "");
        plain(group.name()) == plain(text)
    };
    let mut groups: Vec<FunctionGroup> = table::all().map(|function| function.group).collect();
    groups.sort_by_key(|group| group.name());
    groups.dedup();
    groups.iter().copied().find(same).ok_or_else(|| {
        let names: Vec<String> = groups
            .iter()
            .map(|group| format!("`{}`", group.name()))
            .collect();
        Failure::usage(escaped!("there is no group `{}`", text.to_owned()))
            .hint(format!("the groups are {}", names.join(", ")))
    })
}

/// Every function of a group, or of all groups.
fn list(group: Option<FunctionGroup>) -> PrintableText {
    let mut groups: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
    for function in
        table::all().filter(|function| group.is_none_or(|group| group == function.group))
    {
        groups
            .entry(function.group.name())
            .or_default()
            .push(function);
    }
    let width = table::all()
        .map(|function| usual_name(function).len())
        .max();
    let width = width.unwrap_or(0) + 3;
    let mut text = String::new();
    for (name, functions) in &mut groups {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{name}\n"));
        functions.sort_by_key(|function| usual_name(function).to_lowercase());
        for function in functions.iter() {
            let summary = first_sentence(function.summary);
            text.push_str(&format!("  {:width$}{summary}\n", usual_name(function)));
        }
    }
    PrintableText::lines(&text)
}

fn usual_name(function: &Function) -> &'static str {
    function.names.first().copied().unwrap_or_default()
}

fn first_sentence(text: &str) -> &str {
    let first = text.split_once(". ").map_or(text, |(first, _)| first);
    first.trim_end_matches('.')
}

/// One function, whole.
fn page(name: &str, function: &Function) -> PrintableText {
    let mut text = format!(
        "{}\n  {}\n",
        describe::signature(name, function),
        function.summary
    );
    let others: Vec<&str> = function
        .names
        .iter()
        .copied()
        .filter(|other| *other != name)
        .collect();
    if !others.is_empty() {
        text.push_str(&format!("  Also called {}.\n", others.join(", ")));
    }
    text.push_str(&format!("\nGroup: {}\n", function.group.name()));
    if !function.parameters.is_empty() {
        text.push_str("\nParameters:\n");
        let name = |parameter: &Parameter| match parameter.is_multiple {
            true => format!("*{}", parameter.name),
            false => parameter.name.to_owned(),
        };
        let names = function
            .parameters
            .iter()
            .map(|parameter| name(parameter).len());
        let kinds = function
            .parameters
            .iter()
            .map(|parameter| parameter.kind.name().len());
        let (names, kinds) = (names.max().unwrap_or(0) + 3, kinds.max().unwrap_or(0) + 3);
        for parameter in function.parameters {
            let line = format!(
                "  {:names$}{:kinds$}{}",
                name(parameter),
                parameter.kind.name(),
                about(parameter)
            );
            text.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    text.push_str(&format!(
        "\nExample:\n  vigie metrics get {}\n",
        quoted(function.example)
    ));
    PrintableText::lines(&text)
}

/// A target as one word of a shell, in the quotes that it does not have itself.
fn quoted(target: &str) -> String {
    if target.contains('\'') && !target.contains(['"', '$', '`', '\\', '!']) {
        return format!("\"{target}\"");
    }
    PrintableText::word(target).into_string()
}

fn about(parameter: &Parameter) -> String {
    let mut words = Vec::new();
    if parameter.is_required {
        words.push("required".to_owned());
    }
    match parameter.default {
        Default::None => {}
        Default::Integer(number) => words.push(format!("default {number}")),
        Default::Float(number) => words.push(format!("default {number}")),
        Default::Text(text) => words.push(format!("default '{text}'")),
        Default::Boolean(flag) => words.push(format!("default {flag}")),
    }
    if !parameter.options.is_empty() {
        words.push(format!("one of {}", parameter.options.join(", ")));
    } else if !parameter.suggestions.is_empty() {
        words.push(format!("for example {}", parameter.suggestions.join(", ")));
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_line_and_a_page() {
        let all = list(None).into_string();
        for function in table::all() {
            for name in function.names {
                let page = page(name, function).into_string();
                assert!(page.starts_with(&format!("{name}(")), "{page}");
                assert!(page.contains("vigie metrics get "), "{page}");
            }
            let line = format!("\n  {} ", usual_name(function));
            assert!(all.contains(&line), "{line}");
        }
        assert_eq!(
            all.lines().filter(|line| line.starts_with("  ")).count(),
            table::all().count()
        );
    }

    #[test]
    fn groups_are_found_however_they_are_written() {
        for text in ["Filter Data", "filter-data", "filterdata", "COMBINE"] {
            assert!(group_named(text).is_ok(), "{text}");
        }
        let refused = group_named("combin").unwrap_err();
        assert!(refused.hints[0].as_str().contains("`Combine`"));
    }

    #[test]
    fn a_slip_is_told_what_was_meant() {
        let failure = unknown("sumSerie");
        assert_eq!(failure.kind, Kind::NotFound);
        assert!(failure.hints[0].as_str().contains("`sumSeries`"));
        assert!(unknown("qwertyuiop").hints[0].as_str().contains("lists"));
    }
}
