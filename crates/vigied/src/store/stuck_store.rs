//! A store that does not answer until released, for tests of what must work regardless.

use super::test_store::{Answers, TestStore};
use std::sync::{Condvar, Mutex};

#[derive(Debug, Default)]
struct State {
    released: bool,
    calls: u32,
}

/// The store.
pub(crate) type Stuck = TestStore<BlockingStore>;

/// Waits at every call.
#[derive(Debug, Default)]
pub(crate) struct BlockingStore {
    state: Mutex<State>,
    changed: Condvar,
}

impl BlockingStore {
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

impl Answers for BlockingStore {
    fn on_call(&self) {
        self.wait();
    }
}
