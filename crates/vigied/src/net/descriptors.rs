//! File descriptors: each connection takes one, and the shell's usual limit is lower than `connections`.

use base::limit;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for the store (which keeps 128 segments open, and opens files and folders to write them), the databases, the log, and
/// connections that are accepted before another has given way to them.
const OTHERS: u64 = 512;

/// The connections that the settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connections {
    /// Connections of clients.
    pub(crate) clients: u64,
    /// Connections of senders; zero if no listener is open.
    pub(crate) senders: u64,
    /// Connections of operators.
    pub(crate) operators: u64,
}

impl Connections {
    const fn all(self) -> u64 {
        let most = self.clients.saturating_add(self.senders);
        most.saturating_add(self.operators)
    }

    /// Fewer of clients and of senders, each by the same part, where only so many fit in all. Those of operators stay: they are
    /// few, and needed most where something is short.
    fn scaled_to(self, fit: u64) -> Self {
        if fit >= self.all() {
            return self;
        }
        let room = u128::from(fit.saturating_sub(self.operators).max(1));
        let most = u128::from(self.clients.saturating_add(self.senders).max(1));
        let part = |wanted: u64| {
            let fewer = u64::try_from(u128::from(wanted) * room / most).unwrap_or(wanted);
            fewer.max(wanted.min(1)).min(wanted)
        };
        Self {
            clients: part(self.clients),
            senders: part(self.senders),
            operators: self.operators,
        }
    }
}

/// Raises the process's own limit to what all connections need, as far as the system allows; returns how many there can be.
pub(crate) fn raise(wanted: Connections) -> Connections {
    let fit = raise_for(wanted.all());
    let fewer = wanted.scaled_to(fit);
    if fewer != wanted {
        tracing::warn!(
            connections = fewer.clients,
            sender_connections = fewer.senders,
            hint = "raise the limit of open files (`ulimit -n`, `LimitNOFILE=` of systemd), or lower `limits.connections` and `limits.sender_connections`",
            "too few file descriptors for `limits.{}` = {} and `limits.{}` = {}",
            limit::CONNECTIONS.name,
            wanted.clients,
            limit::SENDER_CONNECTIONS.name,
            wanted.senders,
        );
    }
    fewer
}

/// Raises the limit for so many connections; returns how many there can be.
fn raise_for(connections: u64) -> u64 {
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
    connections_that_fit(now, connections)
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

    /// Those of senders were not counted, and took what the store needs.
    #[test]
    fn clients_and_senders_give_up_the_same_part() {
        let wanted = Connections {
            clients: 4096,
            senders: 512,
            operators: 32,
        };
        assert_eq!(wanted.all(), 4640);
        assert_eq!(wanted.scaled_to(4640), wanted);
        let fewer = wanted.scaled_to(32 + 2304);
        assert_eq!((fewer.clients, fewer.senders), (2048, 256));
        let least = wanted.scaled_to(1);
        assert_eq!((least.clients, least.senders), (1, 1));
        let without = Connections {
            senders: 0,
            ..wanted
        };
        assert_eq!(without.scaled_to(1).senders, 0);
    }

    #[test]
    fn connections_leave_descriptors_for_the_store() {
        for (descriptors, connections, can_be) in [
            (20_000, 4096, 4096),
            (4608, 4096, 4096),
            (1024, 4096, 512),
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
