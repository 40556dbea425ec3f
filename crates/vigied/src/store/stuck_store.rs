//! A store that does not answer until released, for tests of what must work regardless.

use base::context::Context;
use base::sample::{Appended, Batch};
use base::scope::{Metering, Operator, Scope};
use base::store::{
    Allowance, DeleteQuery, Deleted, Durability, FetchQuery, Figure, FindQuery, Node, Outage,
    PartsVisitor, SampleStore, StoreError, Unavailable, Usage,
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

    /// Number of calls so far.
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

fn ended() -> StoreError {
    Unavailable::new(Outage::ReadOnly, "a store of a test").into()
}

impl SampleStore for Stuck {
    fn append_with_allowance(
        &self,
        _: &Scope,
        _: &Batch,
        _: Durability,
        _: Allowance,
    ) -> Result<Appended, StoreError> {
        self.wait();
        Err(ended())
    }

    fn find(&self, _: &Scope, _: &FindQuery<'_>, _: &Context) -> Result<Vec<Node>, StoreError> {
        self.wait();
        Err(ended())
    }

    fn read_parts(
        &self,
        _: &Scope,
        _: &[FetchQuery<'_>],
        _: &Context,
        _: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError> {
        self.wait();
        Err(ended())
    }

    fn delete_with_hook(
        &self,
        _: &Scope,
        _: &DeleteQuery<'_>,
        _: &Context,
        _: &mut dyn FnMut(&Deleted) -> ControlFlow<()>,
    ) -> Result<Option<Deleted>, StoreError> {
        self.wait();
        Err(ended())
    }

    fn usage(&self, _: &Metering) -> Result<Usage, StoreError> {
        self.wait();
        Err(ended())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.wait();
        Ok(())
    }

    fn health(&self) -> Result<(), StoreError> {
        self.wait();
        Ok(())
    }

    fn figures(&self, _: &Operator) -> Vec<Figure> {
        Vec::new()
    }
}
