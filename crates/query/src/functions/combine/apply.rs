//! `applyByNode`.

use crate::bounded;
use crate::error::Fault;
use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::before;
use base::limit;
use std::collections::BTreeSet;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["applyByNode"],
    group: FunctionGroup::Combine,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        required("nodeNum", Kind::Node),
        required("templateFunction", Kind::String),
        optional("newName", Kind::String),
    ],
    summary: "Evaluates a target for each beginning that the names have up to a node: `%` in it stands for the beginning.",
    example: "applyByNode(servers.*.disk.used, 1, 'asPercent(%.disk.used, %.disk.size)', '% disk')",
    is_aggregator: false,
    run: |call| {
        let series = call.arguments.series(0)?;
        let new_name = call.arguments.text_or(3, "")?.to_owned();
        if call.arguments.given(2).is_none() {
            return Err(Fault::argument("`templateFunction` is missing: a target"));
        }
        let Some((start, stop)) = series.last().map(|series| (series.start, series.end)) else {
            return Ok(Vec::new().into());
        };
        let end = call.arguments.integer(1)?.saturating_add(1);
        let template = call.arguments.text(2)?.to_owned();
        let most = usize::try_from(limit::TARGET_BYTES.default).unwrap_or(usize::MAX);
        let mut prefixes = BTreeSet::new();
        for series in &series {
            call.checkpoint(series.name.len())?;
            call.reserve(series.name.len() / 8)?;
            let nodes: Vec<&str> = series.name.split('.').collect();
            let kept = nodes.get(..before(nodes.len(), end)).unwrap_or_default();
            prefixes.insert(kept.join("."));
        }
        let window = call.window.clone();
        call.isolated(|call| {
            let mut results = Vec::new();
            for prefix in prefixes {
                let target = bounded::replaced(&template, "%", &prefix, most);
                let target = target.map_err(Fault::too_long)?;
                let name = bounded::replaced(&new_name, "%", &prefix, most);
                let name = name.map_err(|bytes| {
                    Fault::argument(format!(
                        "`newName` would have {bytes} bytes, and the most is {most}"
                    ))
                })?;
                for mut series in call.evaluate_text(&target, &window)? {
                    call.reserve(series.weight())?;
                    call.reserve((name.len() + prefix.len()) / 8)?;
                    if !new_name.is_empty() {
                        series.name.clone_from(&name);
                    }
                    series.path_expression.clone_from(&prefix);
                    (series.start, series.end) = (start, stop);
                    results.push(series);
                }
            }
            Ok(results.into())
        })
    },
}];
