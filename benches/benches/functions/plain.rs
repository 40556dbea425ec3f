//! Each simple function as a plain loop over the columns: the measure of a function's cost
//! beside it.

use query::series::Values;

/// Columns in, columns out. Whoever calls it drops what comes out.
pub(crate) type Plain = fn(&[Values]) -> Vec<Vec<f64>>;

fn each(columns: &[Values], change: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    columns
        .iter()
        .map(|column| column.iter().map(|value| change(*value)).collect())
        .collect()
}

fn pairs(columns: &[Values], change: impl Fn(f64, f64) -> f64) -> Vec<Vec<f64>> {
    let one = |column: &Values| {
        let mut last = f64::NAN;
        let mut out = Vec::with_capacity(column.len());
        for value in column.iter() {
            out.push(change(last, *value));
            last = *value;
        }
        out
    };
    columns.iter().map(one).collect()
}

fn rows(columns: &[Values], start: f64, fold: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut out = vec![start; columns.first().map_or(0, |column| column.len())];
    for column in columns {
        for (slot, value) in out.iter_mut().zip(column.iter()) {
            if !value.is_nan() {
                *slot = fold(*slot, *value);
            }
        }
    }
    out
}

pub(crate) fn scale(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, |value| value * 2.5)
}

pub(crate) fn offset(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, |value| value + 10.0)
}

pub(crate) fn absolute(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, f64::abs)
}

pub(crate) fn invert(columns: &[Values]) -> Vec<Vec<f64>> {
    each(
        columns,
        |value| if value == 0.0 { f64::NAN } else { 1.0 / value },
    )
}

pub(crate) fn square_root(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, f64::sqrt)
}

pub(crate) fn fill(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, |value| if value.is_nan() { 0.0 } else { value })
}

pub(crate) fn is_there(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, |value| if value.is_nan() { 0.0 } else { 1.0 })
}

pub(crate) fn below(columns: &[Values]) -> Vec<Vec<f64>> {
    each(
        columns,
        |value| if value > 500.0 { f64::NAN } else { value },
    )
}

pub(crate) fn rounded(columns: &[Values]) -> Vec<Vec<f64>> {
    each(columns, |value| (value / 10.0 * 1e6).round() / 1e6)
}

pub(crate) fn copy(columns: &[Values]) -> Vec<Vec<f64>> {
    columns.iter().map(|column| column.to_vec()).collect()
}

pub(crate) fn to_zero(columns: &[Values]) -> Vec<Vec<f64>> {
    let one = |column: &Values| {
        let mut least = f64::INFINITY;
        for value in column.iter() {
            if *value < least {
                least = *value;
            }
        }
        column.iter().map(|value| value - least).collect()
    };
    columns.iter().map(one).collect()
}

pub(crate) fn derivative(columns: &[Values]) -> Vec<Vec<f64>> {
    pairs(columns, |last, value| value - last)
}

pub(crate) fn growth(columns: &[Values]) -> Vec<Vec<f64>> {
    pairs(columns, |last, value| {
        if value >= last {
            value - last
        } else {
            f64::NAN
        }
    })
}

pub(crate) fn per_second(columns: &[Values]) -> Vec<Vec<f64>> {
    pairs(columns, |last, value| {
        if value >= last {
            ((value - last) / 10.0 * 1e6).round() / 1e6
        } else {
            f64::NAN
        }
    })
}

pub(crate) fn integral(columns: &[Values]) -> Vec<Vec<f64>> {
    let one = |column: &Values| {
        let mut sum = 0.0;
        let add = |value: &f64| {
            if value.is_nan() {
                return *value;
            }
            sum += value;
            sum
        };
        column.iter().map(add).collect()
    };
    columns.iter().map(one).collect()
}

pub(crate) fn keep_last(columns: &[Values]) -> Vec<Vec<f64>> {
    let one = |column: &Values| {
        let mut last = f64::NAN;
        let keep = |value: &f64| {
            if !value.is_nan() {
                last = *value;
            }
            last
        };
        column.iter().map(keep).collect()
    };
    columns.iter().map(one).collect()
}

pub(crate) fn sum(columns: &[Values]) -> Vec<Vec<f64>> {
    vec![rows(columns, 0.0, |sum, value| sum + value)]
}

pub(crate) fn average(columns: &[Values]) -> Vec<Vec<f64>> {
    let sums = rows(columns, 0.0, |sum, value| sum + value);
    let counts = rows(columns, 0.0, |count, _| count + 1.0);
    let means = sums.iter().zip(counts).map(|(sum, count)| sum / count);
    vec![means.collect()]
}

pub(crate) fn least(columns: &[Values]) -> Vec<Vec<f64>> {
    vec![rows(columns, f64::INFINITY, f64::min)]
}

pub(crate) fn most(columns: &[Values]) -> Vec<Vec<f64>> {
    vec![rows(columns, f64::NEG_INFINITY, f64::max)]
}

pub(crate) fn range(columns: &[Values]) -> Vec<Vec<f64>> {
    let least = rows(columns, f64::INFINITY, f64::min);
    let most = rows(columns, f64::NEG_INFINITY, f64::max);
    vec![
        most.iter()
            .zip(least)
            .map(|(most, least)| most - least)
            .collect(),
    ]
}

pub(crate) fn product(columns: &[Values]) -> Vec<Vec<f64>> {
    vec![rows(columns, 1.0, |product, value| product * value)]
}

pub(crate) fn difference(columns: &[Values]) -> Vec<Vec<f64>> {
    vec![rows(columns, 0.0, |rest, value| rest - value)]
}

/// The mean of each column.
pub(crate) fn means(columns: &[Values]) -> Vec<Vec<f64>> {
    let one = |column: &Values| {
        let (mut sum, mut count) = (0.0, 0.0);
        for value in column.iter().filter(|value| !value.is_nan()) {
            sum += value;
            count += 1.0;
        }
        sum / count
    };
    vec![columns.iter().map(one).collect()]
}

/// The greatest of each column.
pub(crate) fn maxima(columns: &[Values]) -> Vec<Vec<f64>> {
    let one = |column: &Values| column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    vec![columns.iter().map(one).collect()]
}
