//! Stores of tests: each answers what its test is about, and refuses the rest.

use base::context::Context;
use base::id::TenantId;
use base::sample::{Appended, Batch};
use base::scope::{Metering, Operator, Scope};
use base::store::{
    DeleteQuery, Deleted, Durability, FetchQuery, Figure, FindQuery, Node, Outage, PartsVisitor,
    SampleStore, SeriesAllowance, StoreError, Unavailable, Usage,
};
use std::fmt::Debug;
use std::ops::{ControlFlow, Deref};

/// The answers of a test's store.
pub(crate) trait Answers: Debug + Send + Sync {
    /// Before every call.
    fn on_call(&self) {}

    /// To a query.
    fn on_read(
        &self,
        _queries: &[FetchQuery<'_>],
        _visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError> {
        Err(refused())
    }

    /// To a deletion.
    fn on_delete(&self, _scope: &Scope) -> Result<Option<Deleted>, StoreError> {
        Err(refused())
    }

    /// Whether what was done is on stable storage.
    fn on_commit(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// To the question what is stored.
    fn on_usage(&self, _metering: &Metering) -> Result<Usage, StoreError> {
        Err(refused())
    }
}

/// The refusal of what a test does not need.
pub(crate) fn refused() -> StoreError {
    Unavailable::new(Outage::ReadOnly, "a store of a test").into()
}

/// A store with these answers.
#[derive(Debug, Default)]
pub(crate) struct TestStore<A>(A);

impl<A> Deref for TestStore<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.0
    }
}

impl<A: Answers> SampleStore for TestStore<A> {
    fn append_with_quota(
        &self,
        _: &Scope,
        _: &Batch,
        _: Durability,
        _: &dyn SeriesAllowance,
    ) -> Result<Appended, StoreError> {
        self.on_call();
        Err(refused())
    }

    fn find(&self, _: &Scope, _: &FindQuery<'_>, _: &Context) -> Result<Vec<Node>, StoreError> {
        self.on_call();
        Err(refused())
    }

    fn read_parts(
        &self,
        _: &Scope,
        queries: &[FetchQuery<'_>],
        _: &Context,
        visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError> {
        self.on_call();
        self.on_read(queries, visit)
    }

    fn delete_with_hook(
        &self,
        scope: &Scope,
        _: &DeleteQuery<'_>,
        _: &Context,
        _: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError> {
        self.on_call();
        self.on_delete(scope)
    }

    fn tenants(&self) -> Vec<TenantId> {
        Vec::new()
    }

    fn usage(&self, metering: &Metering) -> Result<Usage, StoreError> {
        self.on_call();
        self.on_usage(metering)
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.on_call();
        self.on_commit()
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.on_call();
        Ok(())
    }

    fn health(&self) -> Result<(), StoreError> {
        self.on_call();
        Ok(())
    }

    fn figures(&self, _: &Operator) -> Vec<Figure> {
        Vec::new()
    }
}
