//! A store that never answers until it is released: for tests of what must go on all the same.

use base::context::Context;
use base::cursor::Taker;
use base::id::TenantId;
use base::sample::{Appended, Batch};
use base::scope::Scope;
use base::store::{
    Allowance, DeleteQuery, Deleted, Durability, FetchQuery, Figure, FindQuery, Node, SampleStore,
    StoreError, Usage,
};
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex};

#[derive(Debug, Default)]
struct State {
    released: bool,
    calls: u32,
}

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Stuck {
    state: Mutex<State>,
    changed: Condvar,
}

impl Stuck {
    /// Lets every call return.
    pub(crate) fn release(&self) {
        self.state.lock().unwrap().released = true;
        self.changed.notify_all();
    }

    /// How many calls came.
    pub(crate) fn calls(&self) -> u32 {
        self.state.lock().unwrap().calls
    }

    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        drop(
            self.changed
                .wait_while(state, |state| !state.released)
                .unwrap(),
        );
    }
}

impl SampleStore for Stuck {
    fn append_within(
        &self,
        _: &Scope,
        _: &Batch,
        _: Durability,
        _: Allowance,
    ) -> Result<Appended, StoreError> {
        self.wait();
        Err(StoreError::Closing)
    }

    fn find(&self, _: &Scope, _: &FindQuery<'_>, _: &Context) -> Result<Vec<Node>, StoreError> {
        self.wait();
        Err(StoreError::Closing)
    }

    fn read_all(
        &self,
        _: &Scope,
        _: &[FetchQuery<'_>],
        _: &Context,
        _: &mut Taker<'_>,
    ) -> Result<(), StoreError> {
        self.wait();
        Err(StoreError::Closing)
    }

    fn delete_begun(
        &self,
        _: &Scope,
        _: &DeleteQuery<'_>,
        _: &Context,
        _: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError> {
        self.wait();
        Err(StoreError::Closing)
    }

    fn usage(&self, _: TenantId) -> Result<Usage, StoreError> {
        self.wait();
        Err(StoreError::Closing)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.wait();
        Ok(())
    }

    fn health(&self) -> Result<(), StoreError> {
        self.wait();
        Ok(())
    }

    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }
}
