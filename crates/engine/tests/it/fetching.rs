//! Series read as a whole, which only tests want.

use base::context::Context;
use base::cursor;
use base::sample::Series;
use base::scope::Scope;
use base::store::{FetchQuery, SampleStore, StoreError};
use std::ops::ControlFlow;

pub(crate) trait Fetching: SampleStore {
    /// Hands out each series of one query as a whole.
    fn fetch_each(
        &self,
        scope: &Scope,
        query: &FetchQuery<'_>,
        context: &Context,
        take: &mut dyn FnMut(Series) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read_all(scope, std::slice::from_ref(query), context, &mut |own| {
            Ok(take(cursor::collect(own)?))
        })
    }

    /// The same, collected.
    fn fetch(
        &self,
        scope: &Scope,
        query: &FetchQuery<'_>,
        context: &Context,
    ) -> Result<Vec<Series>, StoreError> {
        let mut all = Vec::new();
        self.fetch_each(scope, query, context, &mut |series| {
            all.push(series);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

impl<S: SampleStore + ?Sized> Fetching for S {}
