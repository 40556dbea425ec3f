//! `aliasByNode`, `aliasByTags`, `aliasByMetric` and `substr`: names made of parts of the old ones.

use super::name::renamed;
use crate::error::Fault;
use crate::function::{
    Default, Function, FunctionCall, FunctionGroup, Kind, Outcome, optional, required,
};
use crate::functions::support::{before, key};
use crate::value::Value;

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function {
        names: &["aliasByNode"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("nodes", Kind::NodeOrTag).multiple(),
        ],
        summary: "Names the series by some nodes of its path, or by tags.",
        example: "aliasByNode(servers.*.cpu.*.load, 1, -2)",
        is_aggregator: false,
        run: by_nodes,
    },
    Function {
        names: &["aliasByTags"],
        group: FunctionGroup::Alias,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            required("tags", Kind::NodeOrTag).multiple(),
        ],
        summary: "Names the series by some of its tags, or by nodes of its path.",
        example: "aliasByTags(seriesByTag('name=requests'), 'dc', 'host')",
        is_aggregator: false,
        run: by_nodes,
    },
    Function {
        names: &["aliasByMetric"],
        group: FunctionGroup::Alias,
        parameters: &[required("seriesList", Kind::SeriesList)],
        summary: "Names the series by the last node of its path.",
        example: "aliasByMetric(servers.*.load)",
        is_aggregator: false,
        run: |call| renamed(call, |series| Ok(cut(&series.name, -1, 0))),
    },
    Function {
        names: &["substr"],
        group: FunctionGroup::Special,
        parameters: &[
            required("seriesList", Kind::SeriesList),
            optional("start", Kind::Node).or(Default::Integer(0)),
            optional("stop", Kind::Node).or(Default::Integer(0)),
        ],
        summary: "Names the series by the nodes of its path from one position up to another; 0 is up to the end.",
        example: "substr(servers.*.cpu.0.load, 1, -1)",
        is_aggregator: false,
        run: |call| {
            let start = whole(call, 1)?;
            let stop = whole(call, 2)?;
            renamed(call, |series| Ok(cut(&series.name, start, stop)))
        },
    },
];

fn by_nodes(call: &mut FunctionCall<'_>) -> Outcome {
    let nodes: Vec<Value> = call.arguments.from(1).into_iter().cloned().collect();
    renamed(call, |series| key(series, &nodes))
}

/// The whole part of a number, 0 where it is missing.
fn whole(call: &FunctionCall<'_>, index: usize) -> Result<i64, Fault> {
    match call.arguments.given(index) {
        Some(Value::Float(float)) if float.is_finite() => Ok(float.trunc() as i64),
        Some(Value::Text(text)) => text
            .trim()
            .parse()
            .map_err(|_| Fault::argument(format!("a node must be a whole number, not `{text}`"))),
        _ => call.arguments.integer_or(index, 0),
    }
}

/// The nodes from `start` up to `stop` of the text in the innermost parentheses, as far as the first comma.
fn cut(name: &str, start: i64, stop: i64) -> String {
    let left = name.rfind('(').map_or(0, |at| at + 1);
    let right = name.find(')').unwrap_or(name.len());
    let inside = name.get(left..right).unwrap_or_default();
    let nodes: Vec<&str> = inside.split('.').collect();
    let first = before(nodes.len(), start);
    let end = if stop == 0 {
        nodes.len()
    } else {
        before(nodes.len(), stop)
    };
    let joined = nodes.get(first..end).unwrap_or_default().join(".");
    joined.split(',').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_part_of_a_path_is_cut_out() {
        for (name, start, stop, part) in [
            ("a.b.c", 1, 0, "b.c"),
            ("a.b.c", -1, 0, "c"),
            ("a.b.c", 0, -1, "a.b"),
            ("a.b.c", 2, 1, ""),
            ("a.b.c", 9, 0, ""),
            ("a.b.c", -9, 2, "a.b"),
            ("f(g(a.b.c,2),'x')", 1, 0, "b.c"),
            ("f(a.b,g(c.d))", 0, 0, "c.d"),
            (")x(a.b", 0, 0, ""),
            ("a,b.c", 0, 0, "a"),
            ("", -1, 0, ""),
        ] {
            assert_eq!(cut(name, start, stop), part, "{name} {start} {stop}");
        }
    }
}
