//! File descriptors: each connection takes one, and the shell's usual limit is lower than `connections`.

use base::limit;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the store, the databases and the log need beside the connections.
const OTHERS: u64 = 256;

/// Raises the process's own limit to what `connections` needs, as far as the system allows; returns how many connections
/// there can be.
pub(crate) fn raise(connections: u64) -> u64 {
    let needed = connections.saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (Some(current), most) = (current, maximum.unwrap_or(u64::MAX)) else {
        return connections;
    };
    if current >= needed {
        return connections;
    }
    let wanted = Rlimit {
        current: Some(needed.min(most)),
        maximum,
    };
    let now = match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => needed.min(most),
        Err(_) => current,
    };
    if now >= needed {
        return connections;
    }
    let fewer = now.saturating_sub(OTHERS).max(now / 2).max(1);
    tracing::warn!(
        descriptors = now,
        needed,
        connections = fewer,
        hint = "raise the limit of open files (`ulimit -n`, `LimitNOFILE=` of systemd), or lower `limits.connections`",
        "too few file descriptors for `{}` = {connections}",
        limit::CONNECTIONS.name,
    );
    fewer
}
