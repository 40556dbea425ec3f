//! Events for the function `events`.

use super::query::EventQuery;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::context::Stop;
use base::scope::Scope;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use query::source::{Event, Range};
use std::cell::RefCell;
use wire::event::{Choice, TagQuery};

/// The events that targets see. Reading them can fail in more ways than reading series, so the reason is kept.
pub(in crate::route) struct EventSource<'a> {
    reading: EventQuery<'a>,
    failed: RefCell<Option<Refusal>>,
}

impl<'a> EventSource<'a> {
    pub(in crate::route) fn new(app: &'a App, scope: &'a Scope, answer: &'a Answer) -> Self {
        Self {
            reading: EventQuery::of(app, scope, answer),
            failed: RefCell::default(),
        }
    }

    /// The events of a range with these tags; all of them where there is no tag. One that no event has narrows nothing.
    pub(in super::super) fn events(
        &self,
        tags: &[String],
        range: Range,
    ) -> Result<Vec<Event>, StoreError> {
        let range = TimeRange {
            from: Millis::from_secs(range.from),
            // What happens within the last second is after the end.
            until: Millis::from_secs(range.until),
        };
        let mut wanted = (!tags.is_empty()).then(|| TagQuery::new(tags.to_vec(), Choice::AllKnown));
        let found = self.reading.times(range, wanted.as_mut());
        let found = found.map_err(|refusal| {
            *self.failed.borrow_mut() = Some(refusal);
            StoreError::Stopped(Stop::Cancelled)
        })?;
        let event = |at: Millis| Event {
            when: at.secs(),
            tags: Vec::new(),
        };
        Ok(found.into_iter().map(event).collect())
    }

    /// Why events could not be read, if that is so.
    pub(in super::super) fn failure(&self) -> Option<Refusal> {
        self.failed.borrow_mut().take()
    }
}
