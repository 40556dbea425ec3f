//! Which argument of a call a function complains of. What is wrong names it, in backticks: by its parameter, or as it is written.

use crate::error::column;
use crate::function::Function;
use crate::target::{Call, Expression, Kind};

/// The argument as it is written, and where it begins.
pub(super) fn argument(
    text: &str,
    call: &Call,
    function: &Function,
    problem: &str,
) -> Option<(usize, String)> {
    let named = problem.split('`').nth(1)?;
    let argument = by_parameter(call, function, named).or_else(|| by_value(call, named))?;
    let written = text.get(argument.span.clone())?;
    (!written.is_empty()).then(|| (column(text, argument.span.start), written.to_owned()))
}

fn by_parameter<'c>(call: &'c Call, function: &Function, named: &str) -> Option<&'c Expression> {
    let index = function
        .parameters
        .iter()
        .position(|parameter| parameter.name == named);
    let by_name = call.keywords.iter().find(|keyword| keyword.name == named);
    let by_place = index.and_then(|index| call.arguments.get(index));
    by_name.map(|keyword| &keyword.value).or(by_place)
}

/// The only argument that says this.
fn by_value<'c>(call: &'c Call, named: &str) -> Option<&'c Expression> {
    let by_name = call.keywords.iter().map(|keyword| &keyword.value);
    let all = call.arguments.iter().chain(by_name);
    let mut messages =
        all.filter(|argument| matches!(&argument.kind, Kind::Text(text) if text == named));
    let first = messages.next()?;
    messages.next().is_none().then_some(first)
}
