//! Reads events for a query, page by page. While the database works, the query's turn is lent to others.

use super::super::request::GraphiteRequest;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::context::{Resource, Stop};
use base::limit;
use base::scope::Scope;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use iam::IamError;
use iam::manage::event::{Event, EventPosition, EventSummary, PAGE};
use std::time::Instant;
use wire::code;
use wire::event::TagQuery;

/// Bytes that an event takes beside its texts.
const EVENT_BYTES: u64 = 128;

/// The events that a query sees.
pub(super) struct EventQuery<'a> {
    app: &'a App,
    scope: &'a Scope,
    answer: &'a Answer,
}

impl<'a> EventQuery<'a> {
    pub(super) fn new(asked: &'a GraphiteRequest, answer: &'a Answer) -> Self {
        Self::of(&asked.app, &asked.scope, answer)
    }

    pub(super) const fn of(app: &'a App, scope: &'a Scope, answer: &'a Answer) -> Self {
        Self { app, scope, answer }
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, IamError>>) -> Result<T, Refusal> {
        let mut done = None;
        let waited = self.answer.wait_for(async { done = Some(work.await) });
        waited.map_err(StoreError::Stopped)?;
        let done = done.ok_or(StoreError::Stopped(Stop::Cancelled))?;
        Ok(done?)
    }

    fn charge(&self, events: usize) -> Result<(), Refusal> {
        let context = self.answer.context();
        let spent = context.spend(Resource::Steps, events as u64);
        let spent = spent.and_then(|()| context.check(Instant::now()));
        Ok(spent.map_err(StoreError::Stopped)?)
    }

    /// The event with this number.
    pub(super) fn one(&self, number: i64) -> Result<Option<Event>, Refusal> {
        self.wait(self.app.iam.event(self.scope, number))
    }

    /// Hands out the marks of a range, in order, until `take` has seen enough.
    fn marks(
        &self,
        range: TimeRange,
        mut take: impl FnMut(&EventSummary) -> bool,
    ) -> Result<(), Refusal> {
        let mut after = EventPosition::before(range.from);
        loop {
            let page = self.app.iam.event_marks(self.scope, after, range.until);
            let page = self.wait(page)?;
            self.charge(page.len())?;
            for mark in &page {
                after = mark.place;
                if !take(mark) {
                    return Ok(());
                }
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Those of the tags asked for that some event of the domain has.
    fn learn(&self, wanted: &mut TagQuery) -> Result<(), Refusal> {
        self.marks(TimeRange::ALL, |mark| {
            wanted.learn(&mark.tags);
            !wanted.knows_all()
        })
    }

    /// When the events of a range happened, in order: those wanted, or all.
    pub(super) fn times(
        &self,
        range: TimeRange,
        mut wanted: Option<&mut TagQuery>,
    ) -> Result<Vec<Millis>, Refusal> {
        if let Some(wanted) = &mut wanted {
            self.learn(wanted)?;
        }
        let mut found = Vec::new();
        self.marks(range, |mark| {
            if wanted.as_ref().is_none_or(|query| query.fits(&mark.tags)) {
                found.push(mark.place.at);
            }
            true
        })?;
        Ok(found)
    }

    /// The events of a range, in order: those wanted, or all.
    pub(super) fn all(
        &self,
        range: TimeRange,
        mut wanted: Option<&mut TagQuery>,
    ) -> Result<Vec<Event>, Refusal> {
        if let Some(wanted) = &mut wanted {
            self.learn(wanted)?;
        }
        let events_max = self.app.limits.events_per_answer;
        let mut found = Vec::new();
        let mut after = EventPosition::before(range.from);
        loop {
            let page = self.app.iam.events(self.scope, after, range.until);
            let page = self.wait(page)?;
            let length = page.len();
            self.charge(length)?;
            for event in page {
                after = event.mark.place;
                if wanted
                    .as_ref()
                    .is_some_and(|query| !query.fits(&event.mark.tags))
                {
                    continue;
                }
                if found.len() as u64 >= events_max {
                    return Err(too_many(events_max));
                }
                self.reserve(&event)?;
                found.push(event);
            }
            if length < PAGE {
                return Ok(found);
            }
        }
    }

    /// Counts the memory of an event.
    fn reserve(&self, event: &Event) -> Result<(), Refusal> {
        let texts = event.what.len() + event.mark.tags.len() + event.data.len();
        let reserved = self.answer.context().reserve(EVENT_BYTES + texts as u64);
        Ok(reserved.map_err(StoreError::Stopped)?)
    }
}

/// The refusal of an answer that would be too long.
fn too_many(events_max: u64) -> Refusal {
    let limit = &limit::EVENTS_PER_ANSWER;
    let message = format!("more events match than `{}` = {events_max}", limit.name);
    let problem = code::RESULT_TOO_LARGE.problem(message);
    Refusal(
        problem
            .hint("narrow it with `from`, `until` or `tags`")
            .limit(limit),
    )
}
