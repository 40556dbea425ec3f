//! What the server adds to the store of samples: the operator's right to all of it, a thread for slow work, its events in the log.

pub(crate) mod aside;
pub(crate) mod events;
pub(crate) mod operator_proof;
#[cfg(test)]
pub(crate) mod stuck_store;
