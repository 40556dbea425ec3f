//! `weightedAverage`.

use super::aggregate::aggregate_of;
use super::lists::two_lists;
use crate::function::{Function, FunctionGroup, Kind, optional, required};
use crate::functions::support::{key, paired, quotient};
use crate::series::Series;
use crate::value::Value;
use std::collections::{BTreeSet, HashMap};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["weightedAverage"],
    group: FunctionGroup::Combine,
    parameters: &[
        required("seriesListAvg", Kind::SeriesList),
        required("seriesListWeight", Kind::SeriesList),
        optional("nodes", Kind::NodeOrTag).multiple(),
    ],
    summary: "The mean of series, each weighed by the series that has the same nodes in another list.",
    example: "weightedAverage(shop.*.latency, shop.*.requests, 1)",
    is_aggregator: false,
    run: |call| {
        let nodes: Vec<Value> = call.arguments.from(2).into_iter().cloned().collect();
        let lists = two_lists(call)?;
        let mut places = HashMap::new();
        let mut pairs: Vec<(Option<Series>, Option<Series>)> = Vec::new();
        for (average, weight) in &lists {
            for (series, is_weight) in [(average, false), (weight, true)] {
                let index = *places.entry(key(series, &nodes)?).or_insert(pairs.len());
                if index == pairs.len() {
                    pairs.push((None, None));
                }
                match pairs.get_mut(index) {
                    Some((_, weight)) if is_weight => *weight = Some(series.clone()),
                    Some((average, _)) => *average = Some(series.clone()),
                    None => {}
                }
            }
        }
        let mut products = Vec::new();
        for pair in pairs {
            if let (Some(average), Some(weight)) = pair {
                let longest = average.values.len().max(weight.values.len());
                call.checkpoint(longest)?;
                call.reserve(longest.saturating_add((weight.name.len() + average.name.len()) / 2))?;
                let values = paired(&average.points(), &weight.points(), |a, b| a * b);
                let name = format!("product({},{})", weight.name, average.name);
                let span = (average.start, average.end, average.step);
                products.push(call.new_series(name, span, values));
            }
        }
        if products.is_empty() {
            return Ok(Vec::new().into());
        }
        let (averages, weights): (Vec<_>, Vec<_>) = lists.into_iter().unzip();
        let nodes: Vec<String> = nodes.iter().map(Value::to_text).collect();
        let name = format!(
            "weightedAverage({}, {}, {})",
            sorted_paths(&averages),
            sorted_paths(&weights),
            nodes.join(",")
        );
        let product = aggregate_of(call, products, "sum")?;
        let weight = aggregate_of(call, weights, "sum")?;
        call.reserve(product.values.len().max(weight.values.len()))?;
        let values = paired(&product.points(), &weight.points(), quotient);
        let span = (product.start, product.end, product.step);
        Ok(vec![call.new_series(name, span, values)].into())
    },
}];

fn sorted_paths(series: &[Series]) -> String {
    let paths: BTreeSet<&str> = series
        .iter()
        .map(|series| series.path_expression.as_str())
        .collect();
    paths.into_iter().collect::<Vec<_>>().join(",")
}
