//! The arguments for the agent's listeners.

use crate::duration;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use agent::{ListenerError, ListenerSettings, Listeners};
use base::limit::STATSD_IDLE_SECONDS;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use wire::ingest::statsd::Settings;

/// The listeners, and how statsd's values are summed up.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Old senders")]
pub(super) struct ListenerArgs {
    /// Take Graphite's lines here, by TCP and UDP, and send them as this agent; for example `127.0.0.1:2003`
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with_all = ["once", "readings", "print"])]
    listen_graphite: Option<SocketAddr>,
    /// Take statsd's lines here, by TCP and UDP, and send their sums as this agent; for example `127.0.0.1:8125`
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with_all = ["once", "readings", "print"])]
    listen_statsd: Option<SocketAddr>,
    /// Also listen on addresses that other machines reach: whoever does sends under this agent's identity
    #[arg(long)]
    allow_remote_senders: bool,
    /// statsd: the time between two flushes
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    statsd_flush: Duration,
    /// statsd: percentiles of timers, parted by commas; a negative one is of the highest values
    #[arg(
        long,
        value_name = "PERCENT",
        default_value = "90",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    statsd_percentiles: Vec<f64>,
    /// statsd: the newer names, such as `stats.counters.NAME.rate` in place of `stats.NAME`
    #[arg(long)]
    statsd_newer_names: bool,
    /// statsd: forget what was not seen since the last flush, in place of 0, or of the last value for gauges
    #[arg(long)]
    statsd_delete_idle: bool,
}

impl ListenerArgs {
    /// Whether there is to be any listener.
    pub(super) const fn is_empty(&self) -> bool {
        self.listen_graphite.is_none() && self.listen_statsd.is_none()
    }

    /// Refuses an address that other machines reach, unless that is said.
    pub(super) fn check(&self) -> Result<(), Failure> {
        for address in [self.listen_graphite, self.listen_statsd]
            .into_iter()
            .flatten()
        {
            if !is_loopback(address) && !self.allow_remote_senders {
                return Err(Failure::usage(format!(
                    "`{address}` can be reached from other machines, and whoever reaches it would send under this agent's identity"
                ))
                .hint("listen on loopback, as `127.0.0.1:2003`, or mean it with `--allow-remote-senders`"));
            }
        }
        Ok(())
    }

    /// Takes the addresses.
    pub(super) fn bind(&self) -> Result<Listeners, Failure> {
        self.check()?;
        let sums = Settings {
            flush_interval_ms: u64::try_from(self.statsd_flush.as_millis()).unwrap_or(u64::MAX),
            percentiles: self.statsd_percentiles.clone(),
            legacy_namespace: !self.statsd_newer_names,
            idle_flushes: idle_flushes(self.statsd_flush),
            ..Settings::default()
        };
        let wanted = ListenerSettings {
            graphite: self.listen_graphite,
            statsd: self.listen_statsd,
            sums: match self.statsd_delete_idle {
                true => sums.deleting_idle(),
                false => sums,
            },
        };
        Listeners::bind(&wanted).map_err(|error| failure(&error))
    }

    /// Whether an address can be reached from other machines.
    pub(super) fn is_remote(address: SocketAddr) -> bool {
        !is_loopback(address)
    }
}

/// For how many flushes a sum without new values is kept: as long as by a server.
fn idle_flushes(flush: Duration) -> u32 {
    let flushes = STATSD_IDLE_SECONDS.default.div_ceil(flush.as_secs().max(1));
    u32::try_from(flushes).unwrap_or(u32::MAX)
}

/// An error of listeners, in words.
pub(super) fn failure(error: &ListenerError) -> Failure {
    match error {
        ListenerError::Address { address, source } => {
            Failure::failed(format!("cannot listen on `{address}`: {source}"))
                .hint("end what listens there, or choose another address")
        }
        ListenerError::Sums(error) => Failure::usage(escaped!("statsd: {}", error.to_string())),
        ListenerError::Thread(error) => Failure::failed(escaped!(
            "cannot serve senders: {}",
            PrintableText::from(error.to_string())
        )),
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// An address with its port. A name other than that of this machine would need a resolver, and may be another's tomorrow.
fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok());
    if let Some(port) = local {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse()
        .map_err(|_| format!("`{text}` is not an address with a port such as `127.0.0.1:2003`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_comes_of_is_kept_for_a_day_however_often_it_is_flushed() {
        for (seconds, flushes) in [(0, 86_400), (1, 86_400), (10, 8640), (100_000, 1)] {
            let flush = Duration::from_secs(seconds);
            assert_eq!(idle_flushes(flush), flushes, "{seconds}");
        }
    }

    #[test]
    fn addresses_have_a_port_and_some_are_loopback() {
        for (text, is_local) in [
            ("127.0.0.1:2003", true),
            ("localhost:2003", true),
            ("127.1.2.3:1", true),
            ("[::1]:8125", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("0.0.0.0:2003", false),
            ("[::]:2003", false),
            ("10.0.0.1:2003", false),
            ("[::ffff:10.0.0.1]:1", false),
        ] {
            assert_eq!(is_loopback(address(text).unwrap()), is_local, "{text}");
        }
        for wrong in [
            "",
            "2003",
            "127.0.0.1",
            "web1:2003",
            "localhost:x",
            "127.0.0.1:70000",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
