//! Lines that nothing was measured for.

use crate::error::Fault;
use crate::function::FunctionCall;
use crate::series::Series;

/// Three points of the same value: at the beginning, in the middle and at the end of the window.
///
/// # Errors
/// When the window has no middle.
pub(crate) fn constant_line(
    call: &FunctionCall<'_, '_>,
    value: f64,
    shown: &str,
) -> Result<Series, Fault> {
    let (start, end) = (call.window.from, call.window.until);
    let step = end.saturating_sub(start) / 2;
    if step <= 0 {
        return Err(Fault::argument(
            "a line needs a window of at least two seconds",
        ));
    }
    let mut line = call.new_series(shown, (start, end, step), vec![value; 3]);
    line.path_expression = format!("constantLine({shown})");
    Ok(line)
}
