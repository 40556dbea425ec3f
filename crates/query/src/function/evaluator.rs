//! The interface by which functions use the evaluation that calls them.

use crate::error::{Error, Fault};
use crate::series::Series;
use crate::source::Source;
use crate::target::Expression;
use crate::value::Value;
use crate::window::Window;
use std::collections::HashMap;

/// The evaluation of a target, as functions see it.
pub trait Evaluator {
    /// The series of an expression over a window.
    ///
    /// # Errors
    /// The evaluation's error.
    fn series_in(&mut self, expression: &Expression, window: &Window)
    -> Result<Vec<Series>, Error>;

    /// The series of a target that a function has made up.
    ///
    /// # Errors
    /// The evaluation's error.
    fn series_of_generated(
        &mut self,
        text: &str,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error>;

    /// Whether there is a function of that name.
    fn is_function(&self, name: &str) -> bool;

    /// Calls a function with values.
    ///
    /// # Errors
    /// The function's error.
    fn call_named(
        &mut self,
        name: &str,
        values: Vec<Value>,
        window: &Window,
    ) -> Result<Vec<Series>, Fault>;

    /// Reserves memory for so many points of the result, before they are there; it counts once.
    ///
    /// # Errors
    /// When there is no room for them.
    fn reserve_early(&mut self, points: usize) -> Result<(), Error>;

    /// Gives such memory back.
    fn release_early(&mut self, points: usize);

    /// Checks the deadline, and whether the client is still there, once so many points of work have been done since the last check.
    ///
    /// # Errors
    /// When the time is over or the client gone.
    fn checkpoint(&mut self, points: usize) -> Result<(), Error>;

    /// Spends steps for points, and checks the deadline now and then.
    ///
    /// # Errors
    /// When the time is over or the budget used up.
    fn spend(&mut self, points: usize) -> Result<(), Error>;

    /// The share of values that must be there for an aggregate.
    fn x_files_factor(&self) -> f64;

    /// Says what that share is from here on.
    fn set_x_files_factor(&mut self, share: f64);

    /// The sums of stacked series, by the name of their stack.
    fn stacks(&mut self) -> &mut HashMap<String, Vec<f64>>;

    /// Where series and events are read.
    fn source(&self) -> &dyn Source;
}
