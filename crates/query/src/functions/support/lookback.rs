//! Reads more time than was asked for, for functions that look back.

use crate::error::Fault;
use crate::function::FunctionCall;
use crate::series::Series;

/// The first instant of the calendar; nothing can be asked for before it.
pub(crate) const EARLIEST: i64 = -62_135_596_800;

/// The last.
const LATEST: i64 = 253_402_300_799;

/// The series of the first argument from some seconds earlier on. `series` are those of the window asked for.
pub(crate) fn with_lookback(
    call: &mut FunctionCall<'_>,
    series: &[Series],
    seconds: i64,
) -> Result<Vec<Series>, Fault> {
    let from = call.window.from.checked_sub(seconds);
    let from = from.filter(|from| (EARLIEST..=LATEST).contains(from));
    let from = from.ok_or_else(|| {
        Fault::argument(format!(
            "{seconds} seconds before the beginning there is no time"
        ))
    })?;
    from_instant(call, series, from)
}

/// The series of the first argument from another instant on.
pub(crate) fn from_instant(
    call: &mut FunctionCall<'_>,
    series: &[Series],
    from: i64,
) -> Result<Vec<Series>, Fault> {
    let longer = call.window.from.saturating_sub(from).max(0);
    for series in series {
        call.spend(usize::try_from(longer / series.step.max(1)).unwrap_or(usize::MAX))?;
    }
    let window = call.window.between(from, call.window.until);
    call.evaluate_again(0, &window)
}
