//! The call of a function: its arguments and its context.

use super::arguments::Arguments;
use super::evaluator::Evaluator;
use crate::error::{Error, Fault};
use crate::series::Series;
use crate::target::{Expression, parse};
use crate::value::Value;
use crate::window::Window;

/// One call: the arguments, the window, and the evaluation for what needs more.
pub struct FunctionCall<'c> {
    /// The arguments.
    pub arguments: Arguments,
    /// Which time is asked for.
    pub window: Window,
    /// The name that it was called by.
    pub name: &'c str,
    pub(crate) evaluation: &'c mut dyn Evaluator,
    pub(crate) expressions: &'c [Expression],
}

impl std::fmt::Debug for FunctionCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionCall")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl FunctionCall<'_> {
    /// Evaluates the argument at a place again, over another window. Variables of a template have no values there, as in
    /// graphite-web.
    ///
    /// # Errors
    /// The evaluation's error.
    pub(crate) fn evaluate_again(
        &mut self,
        index: usize,
        window: &Window,
    ) -> Result<Vec<Series>, Fault> {
        let expression = self.expressions.get(index);
        let expression =
            expression.ok_or_else(|| Fault::argument("it cannot be called without an argument"))?;
        Ok(self.evaluation.series_in(expression, window)?)
    }

    /// Evaluates a target that the function has made up.
    ///
    /// # Errors
    /// The evaluation's error.
    pub(crate) fn evaluate_text(
        &mut self,
        text: &str,
        window: &Window,
    ) -> Result<Vec<Series>, Fault> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let expression = parse(text)?;
        Ok(self
            .evaluation
            .series_of_generated(text, &expression, window)?)
    }

    /// Does work whose say about shares and stacks ends with it.
    ///
    /// # Errors
    /// The error of `work`.
    pub fn isolated<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let share = self.x_files_factor();
        let has_stacks = !self.evaluation.stacks().is_empty();
        let done = work(self);
        self.set_x_files_factor(share);
        if !has_stacks {
            self.evaluation.stacks().clear();
        }
        done
    }

    /// The running sums of a stack.
    pub fn stack(&mut self, name: String) -> &mut Vec<f64> {
        self.evaluation.stacks().entry(name).or_default()
    }

    /// Whether there is a function of that name.
    #[must_use]
    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.evaluation.is_function(name)
    }

    /// Calls another function of the table on series.
    ///
    /// # Errors
    /// The error of that function.
    pub fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Vec<Series>, Fault> {
        let window = self.window.clone();
        self.evaluation.call_named(name, arguments, &window)
    }

    /// Says that so many points are about to be looked at or made. To be called before work that grows beyond the points of
    /// the arguments.
    ///
    /// # Errors
    /// When the time is over or the budget used up.
    pub fn spend(&mut self, points: usize) -> Result<(), Fault> {
        Ok(self.evaluation.spend(points)?)
    }

    /// Reserves memory for so many points of the result; a text counts as one point for each eight bytes. To be called before they
    /// are allocated. What is not reserved here is reserved when the result is there.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn reserve(&mut self, points: usize) -> Result<(), Fault> {
        Ok(self.evaluation.reserve_early(points)?)
    }

    /// Does work that needs memory for so many points until it is done, beside its result.
    ///
    /// # Errors
    /// When there is no room for them, and what the work says.
    pub(crate) fn with_scratch<T>(
        &mut self,
        points: usize,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.evaluation.reserve_early(points)?;
        let done = work(self);
        self.evaluation.release_early(points);
        done
    }

    /// Says that so many points are about to be looked at, which no budget counts, and checks the deadline and the client.
    ///
    /// # Errors
    /// When the time is over or the client gone.
    pub(crate) fn checkpoint(&mut self, points: usize) -> Result<(), Fault> {
        Ok(self.evaluation.checkpoint(points)?)
    }

    /// The share of values that must be there, where neither the call nor a function inside it says otherwise.
    #[must_use]
    pub fn x_files_factor(&self) -> f64 {
        self.evaluation.x_files_factor()
    }

    /// Says what that share is for the functions around this one.
    pub(crate) fn set_x_files_factor(&mut self, share: f64) {
        self.evaluation.set_x_files_factor(share);
    }

    /// Where series and events are read.
    #[must_use]
    pub fn source(&self) -> &dyn crate::source::Source {
        self.evaluation.source()
    }

    /// Series that were computed begin with the share of values that the request says.
    #[must_use]
    pub fn new_series(
        &self,
        name: impl Into<String>,
        span: (i64, i64, i64),
        values: Vec<f64>,
    ) -> Series {
        let mut series = Series::new(name, span, values);
        series.x_files_factor = self.evaluation.x_files_factor();
        series
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.at(1, "", |_| None)
    }
}
