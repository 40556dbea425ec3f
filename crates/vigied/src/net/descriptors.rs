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
    let Some(mut now) = current else {
        return connections;
    };
    if now < needed {
        let wanted = needed.min(maximum.unwrap_or(u64::MAX));
        let limit = Rlimit {
            current: Some(wanted),
            maximum,
        };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            now = wanted;
        }
    }
    let fewer = connections_that_fit(now, connections);
    if fewer < connections {
        tracing::warn!(
            descriptors = now,
            needed,
            connections = fewer,
            hint = "raise the limit of open files (`ulimit -n`, `LimitNOFILE=` of systemd), or lower `limits.connections`",
            "too few file descriptors for `limits.{}` = {connections}",
            limit::CONNECTIONS.name,
        );
    }
    fewer
}

/// How many connections so many descriptors allow.
fn connections_that_fit(descriptors: u64, connections: u64) -> u64 {
    // Half of them at least, where they are very few.
    let room = descriptors.saturating_sub(OTHERS).max(descriptors / 2);
    connections.min(room.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_store() {
        for (descriptors, connections, can_be) in [
            (20_000, 4096, 4096),
            (4352, 4096, 4096),
            (1024, 4096, 768),
            (256, 4096, 128),
            (1, 4096, 1),
            (1024, 16, 16),
        ] {
            assert_eq!(
                connections_that_fit(descriptors, connections),
                can_be,
                "{descriptors}"
            );
        }
    }
}
