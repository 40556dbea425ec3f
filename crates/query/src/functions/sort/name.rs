//! `sortByName`.

use crate::function::{Default, Function, FunctionGroup, Kind, optional, required};

/// The functions of this file.
pub(in crate::functions) const FUNCTIONS: &[Function] = &[Function {
    names: &["sortByName"],
    group: FunctionGroup::Sorting,
    parameters: &[
        required("seriesList", Kind::SeriesList),
        optional("natural", Kind::Boolean).or(Default::Boolean(false)),
        optional("reverse", Kind::Boolean).or(Default::Boolean(false)),
    ],
    summary: "Sorts the series by their names; `natural` puts web2 before web10.",
    example: "sortByName(servers.*.load, true)",
    is_aggregator: false,
    run: |call| {
        let is_natural = call.arguments.boolean_or(1, false);
        let is_reversed = call.arguments.boolean_or(2, false);
        let series = call.arguments.series(0)?;
        let names = series.iter().map(|series| series.name.len()).sum::<usize>();
        call.checkpoint(names)?;
        // Ten digits may stand for one.
        call.reserve(names.saturating_mul(if is_natural { 10 } else { 1 }) / 8)?;
        let mut keyed: Vec<(String, _)> = series
            .into_iter()
            .map(|series| {
                let key = if is_natural {
                    padded(&series.name)
                } else {
                    series.name.clone()
                };
                (key, series)
            })
            .collect();
        keyed.sort_by(|(one, _), (other, _)| {
            let order = one.cmp(other);
            if is_reversed { order.reverse() } else { order }
        });
        Ok(keyed
            .into_iter()
            .map(|(_, series)| series)
            .collect::<Vec<_>>()
            .into())
    },
}];

/// The name with ten digits for each number in it.
fn padded(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 16);
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, numbered) = rest.split_at(at);
        let end = numbered
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(numbered.len());
        let (digits, after) = numbered.split_at(end);
        out.push_str(before);
        out.push_str(&format!("{:0>10}", digits.trim_start_matches('0')));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = ["a10.b", "a2.b", "a02.a", "a", "a12345678901"];
        names.sort_by_key(|name| padded(name));
        assert_eq!(names, ["a", "a02.a", "a2.b", "a10.b", "a12345678901"]);
    }
}
