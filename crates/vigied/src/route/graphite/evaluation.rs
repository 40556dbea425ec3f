//! The evaluation of targets over what a caller may read: for `/render` and `/v1/metrics`.

use super::events::EventSource;
use super::store_source::StoreSource;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::rules::{RulesError, RulesGuard};
use base::context::{Context, Reservation};
use base::error::Position;
use base::scope::Scope;
use base::store::StoreError;
use query::error::Error;
use query::evaluate::Evaluation;
use query::schema::Rules;
use query::series::Series;
use query::window::Window;
use std::collections::BTreeMap;
use wire::code;

/// The evaluation of targets.
pub(in crate::route) struct TargetEvaluation<'r> {
    pub(in crate::route) app: &'r App,
    pub(in crate::route) scope: &'r Scope,
    pub(in crate::route) context: &'r Context,
    pub(in crate::route) rules: &'r Rules,
    pub(in crate::route) happened: &'r EventSource<'r>,
    pub(in crate::route) window: &'r Window,
    /// Whether a path finds series with tags too, which are no part of its last element in Graphite.
    pub(in crate::route) has_tagged: bool,
    /// Values for variables of every template.
    pub(in crate::route) variables: BTreeMap<String, String>,
    /// The share of values that an aggregate needs.
    pub(in crate::route) x_files_factor: f64,
}

impl TargetEvaluation<'_> {
    /// The series of each target, in order, and their memory.
    pub(in crate::route) fn series<'c>(
        &self,
        context: &'c Context,
        targets: &[&str],
    ) -> Result<(Vec<Vec<Series>>, Reservation<'c>), Refusal> {
        let stored = self.stored();
        let mut evaluation = Evaluation::new(&stored, context)
            .with_variables(self.variables.clone())
            .with_x_files_factor(self.x_files_factor);
        let series = evaluation.targets(targets, self.window);
        let series = series.map_err(|(place, error)| {
            let failure = self.happened.failure();
            failure.unwrap_or_else(|| refused(targets, place, error))
        })?;
        let reservation = evaluation.into_held(context, series.iter().flatten());
        Ok((series, reservation))
    }

    /// The series that they read.
    pub(in crate::route) fn stored(&self) -> StoreSource<'_> {
        StoreSource {
            store: &*self.app.store,
            scope: self.scope,
            context: self.context,
            rules: self.rules,
            happened: Some(self.happened),
            now: self.window.now,
            has_tagged: self.has_tagged,
        }
    }
}

/// The rules of the domain, followed by one that gives every name the domain's resolution.
pub(in crate::route) fn rules<'c>(
    app: &App,
    scope: &Scope,
    context: &'c Context,
) -> Result<RulesGuard<'c>, Refusal> {
    let domain = scope.domain();
    let step = app.iam.resolution_seconds(domain);
    app.rules
        .compiled(context, app.iam.rules(domain), step)
        .map_err(|error| match error {
            RulesError::Stopped(stop) => StoreError::Stopped(stop).into(),
            RulesError::Unreadable(error) => {
                // They were parsed when they were set.
                tracing::error!(%error, "stored rules cannot be read");
                Refusal(code::INTERNAL.problem("the rules of the domain cannot be read"))
            }
        })
}

/// The refusal of a target, with its place where it is in the target's own text.
pub(in crate::route) fn refused(targets: &[&str], place: usize, error: Error) -> Refusal {
    let target = targets.get(place).copied().unwrap_or_default();
    let position = error
        .place(target)
        .and_then(|(column, length)| Position::new(place.saturating_add(1), column, length));
    if let Error::Store(error) = error {
        return error.into();
    }
    let limit = error.limit();
    let target = wire::excerpt::beginning(target);
    let message = format!("`{target}`: {error}");
    let problem = code::TARGET_MALFORMED.problem(message).field("target");
    let problem = problem.position(position);
    Refusal(match limit {
        Some(limit) => problem.limit(limit),
        None => problem,
    })
}
