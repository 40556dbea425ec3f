//! The entry in the audit of the sessions that gave way to a new one.

use crate::audit::{Action, Credential, Entry};
use base::id::SessionId;
use base::principal::Principal;

/// The one entry for all sessions that gave way to what the principal did; none without any. It names a single one, and counts more.
pub(crate) fn of(
    principal: Principal,
    credential: Credential,
    displaced: &[SessionId],
) -> Option<Entry> {
    let entry =
        Entry::by_principal(principal, credential, Action::SessionEnded).with("why", "gave_way");
    match displaced {
        [] => None,
        [one] => Some(entry.on(one)),
        more => Some(entry.on(principal).with("sessions", more.len())),
    }
}
