//! The server's side of the store: the operator's right to all of it, a thread for slow work, and the log of its events.

pub(crate) mod events;
pub(crate) mod operator_proof;
pub(crate) mod own_thread;
#[cfg(test)]
pub(crate) mod stuck_store;
#[cfg(test)]
pub(crate) mod test_store;
