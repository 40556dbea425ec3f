//! The evaluation as functions see it: series of further targets, memory, and checks of the budget.

use super::{Evaluation, POINTS_PER_CHECK, bind};
use crate::error::{Error, Fault, column};
use crate::function::{Evaluator, FunctionCall};
use crate::series::Series;
use crate::source::Source;
use crate::table;
use crate::target::Expression;
use crate::value::Value;
use crate::window::Window;
use base::context::Resource;
use base::limit;
use std::collections::HashMap;
use std::time::Instant;

impl Evaluator for Evaluation<'_> {
    fn series_of_generated(
        &mut self,
        text: &str,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error> {
        if self.made_depth as u64 >= limit::MADE_TARGET_DEPTH.default {
            return Err(Error::Function {
                column: 1,
                function: text.to_owned(),
                argument: None,
                problem: format!(
                    "too many targets that functions make are inside one another, and `{}` is {}",
                    limit::MADE_TARGET_DEPTH.name,
                    limit::MADE_TARGET_DEPTH.default
                ),
                limit: Some(&limit::MADE_TARGET_DEPTH),
            });
        }
        self.made_depth += 1;
        let series = self.series_of_text(text, expression, window);
        self.made_depth -= 1;
        series
    }

    fn series_in(
        &mut self,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error> {
        let paths = self.paths(expression)?;
        self.read(paths, window.range())?;
        let outer = self.x_files_factor;
        let value = self.value(expression, window, None);
        self.x_files_factor = if window.is_requested {
            self.x_files_factor
        } else {
            outer
        };
        match value? {
            Value::Series(series) => Ok(series),
            other => Err(Error::Function {
                column: column(&self.text, expression.span.start),
                function: self
                    .text
                    .get(expression.span.clone())
                    .unwrap_or_default()
                    .to_owned(),
                argument: None,
                problem: format!("it must be series, not {}", other.kind()),
                limit: None,
            }),
        }
    }

    fn call_named(
        &mut self,
        name: &str,
        values: Vec<Value>,
        window: &Window,
    ) -> Result<Vec<Series>, Fault> {
        let function = table::find(name)
            .ok_or_else(|| Fault::argument(format!("there is no function `{name}`")))?;
        let value = (function.run)(&mut FunctionCall {
            arguments: bind(function, values, Vec::new())?,
            window: window.clone(),
            name,
            evaluation: self,
            expressions: &[],
        })?;
        match value {
            Value::Series(series) => Ok(series),
            other => Err(Fault::argument(format!("`{name}` gives {}", other.kind()))),
        }
    }

    fn reserve_early(&mut self, points: usize) -> Result<(), Error> {
        self.reserve(points)?;
        self.early = self.early.saturating_add(points);
        Ok(())
    }

    fn release_early(&mut self, points: usize) {
        let points = points.min(self.early);
        let bytes = (points as u64).saturating_mul(8).min(self.reserved);
        self.early -= points;
        self.reserved -= bytes;
        self.context.release(bytes);
    }

    fn spend(&mut self, points: usize) -> Result<(), Error> {
        self.context.spend(Resource::Steps, points as u64)?;
        self.checkpoint(points)
    }

    fn checkpoint(&mut self, points: usize) -> Result<(), Error> {
        self.unchecked = self.unchecked.saturating_add(points);
        if self.unchecked >= POINTS_PER_CHECK {
            self.unchecked = 0;
            self.context.check(Instant::now())?;
        }
        Ok(())
    }

    fn is_function(&self, name: &str) -> bool {
        table::find(name).is_some()
    }

    fn x_files_factor(&self) -> f64 {
        self.x_files_factor
    }

    fn set_x_files_factor(&mut self, share: f64) {
        self.x_files_factor = share;
    }

    fn stacks(&mut self) -> &mut HashMap<String, Vec<f64>> {
        &mut self.stacks
    }

    fn source(&self) -> &dyn Source {
        self.source
    }
}
