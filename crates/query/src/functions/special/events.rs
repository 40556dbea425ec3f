//! `events`: events as a series.

use crate::error::Fault;
use crate::function::{Function, FunctionCall, FunctionGroup, Kind, Outcome, required};
use crate::series::Consolidation;
use crate::value::Value;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["events"],
    group: FunctionGroup::Special,
    parameters: &[required("tags", Kind::String).multiple()],
    summary: "How many events with all of the tags happened in each second; `*` stands for all events. Shown with \
              `drawAsInfinite`.",
    example: "events('deploy', 'production')",
    is_aggregator: false,
    run: events,
}];

fn events(call: &mut FunctionCall<'_>) -> Outcome {
    let mut tags = Vec::new();
    for value in call.arguments.from(0) {
        match value {
            Value::Text(text) => tags.push(text.clone()),
            other => {
                let kind = other.kind();
                return Err(Fault::argument(format!("a tag must be a text, not {kind}")));
            }
        }
    }
    let name = format!("events(\"{}\")", tags.join("\", \""));
    if tags == ["*"] {
        tags.clear();
    }
    let range = call.window.range();
    let count = range.until.saturating_sub(range.from).max(0);
    let seconds = usize::try_from(count).unwrap_or(usize::MAX);
    call.spend(seconds)?;
    call.reserve(seconds)?;
    let found = call
        .source()
        .events(&tags, range)
        .map_err(crate::error::Error::from)?;
    let mut values = vec![f64::NAN; seconds];
    for event in found {
        let index = usize::try_from(event.when.saturating_sub(range.from)).ok();
        if let Some(slot) = index.and_then(|index| values.get_mut(index)) {
            *slot = if slot.is_nan() { 1.0 } else { *slot + 1.0 };
        }
    }
    let mut series = call.new_series(name, (range.from, range.until, 1), values);
    series.consolidation = Consolidation::Sum;
    Ok(vec![series.whole(true)].into())
}
