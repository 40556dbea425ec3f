//! The listeners for senders that do not use HTTP: their addresses, and what makes each safe there. None is open by default.

#[cfg(test)]
mod tests;

use super::values::Values;
use super::{Certificates, CollectdSettings, ConfigError, Sources, StatsdSettings, Users};
use std::net::SocketAddr;
use std::path::PathBuf;
use wire::ingest::collectd::network::Protections;

/// Where a listener may be without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithoutTls {
    /// On this machine.
    Loopback,
    /// Anywhere; then addresses alone identify, and no credential is asked for or taken.
    ByAddress,
    /// Anywhere, and credentials cross the network readable.
    InClear,
}

/// How a listener's bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp { tls: bool },
    Udp,
}

/// The format that a listener reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// Graphite's lines.
    Lines,
    /// Graphite's pickles.
    Pickle,
    /// statsd's lines.
    Statsd,
    /// Packets of collectd's plugin `network`.
    Collectd,
    /// The frames of port 9095, with Graphite's lines in them.
    Lumberjack,
}

/// A listener that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listener {
    /// The setting with its address.
    pub(crate) key: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) format: Format,
    pub(crate) transport: Transport,
    /// Whether credentials are taken: in `AUTH` lines, or in a login.
    pub(crate) takes_credentials: bool,
    /// Whether a key before a name is taken, where the space takes that.
    pub(crate) takes_keys: bool,
    /// Whether each connection begins with a PROXY header of a trusted proxy.
    pub(crate) is_behind_proxy: bool,
}

impl Listener {
    /// The identities that get in, in words.
    pub(crate) fn identity(&self, senders: &SenderSettings) -> String {
        if self.format == Format::Lumberjack {
            return "`2T` with the GUID of a space and an API key, or `2S` with a key for several spaces".to_owned();
        }
        let (sources, collectd) = (&senders.sources, &senders.collectd);
        let mut ways = Vec::new();
        if self.takes_credentials {
            ways.push("`AUTH iam TOKEN` or `AUTH apikey KEY` as the first line".to_owned());
        }
        if self.takes_keys {
            ways.push("`KEY.` before each name, where the space takes it".to_owned());
        }
        let users = |users: &Users| {
            let entries = users.entries();
            entries
                .map(|(name, key)| format!("{name} as {key}"))
                .collect::<Vec<_>>()
        };
        if self.format == Format::Collectd {
            let users = users(&collectd.users);
            if !users.is_empty() {
                ways.push(format!("signed or encrypted: {}", users.join(", ")));
            }
        }
        let is_by_address = self.format != Format::Collectd || collectd.least == Protections::None;
        let known: Vec<String> = sources
            .entries()
            .filter(|_| is_by_address)
            .map(|(network, key)| format!("{network} as {key}"))
            .collect();
        if !known.is_empty() {
            ways.push(known.join(", "));
        }
        if ways.is_empty() {
            let nobody = match (self.format == Format::Collectd, is_by_address) {
                (true, true) => "nobody: `collectd.users` and `senders.sources` are empty",
                (true, false) => "nobody: `collectd.users` is empty",
                (false, _) => "nobody: `senders.sources` is empty",
            };
            return nobody.to_owned();
        }
        ways.join("; ")
    }

    /// The transport, in a word.
    pub(crate) const fn transport(&self) -> &'static str {
        match (self.transport, self.is_behind_proxy) {
            (Transport::Udp, _) => "UDP",
            (Transport::Tcp { tls: true }, false) => "TCP, TLS",
            (Transport::Tcp { tls: false }, false) => "TCP",
            (Transport::Tcp { tls: true }, true) => "TCP, PROXY, TLS",
            (Transport::Tcp { tls: false }, true) => "TCP, PROXY",
        }
    }
}

/// The settings of all listeners.
#[derive(Debug, Clone)]
pub(crate) struct SenderSettings {
    pub(crate) sources: Sources,
    /// The authority of the certificates of senders.
    pub(crate) client_ca_file: Option<PathBuf>,
    pub(crate) certificates: Certificates,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) statsd: StatsdSettings,
    pub(crate) collectd: CollectdSettings,
}

impl SenderSettings {
    pub(super) fn read(values: &Values<'_>, has_certificate: bool) -> Result<Self, ConfigError> {
        let mut listeners = Vec::new();
        let mut add = |key: &'static str, tls, without: WithoutTls, format: Format| {
            let table = key.split('.').next().unwrap_or_default();
            let is_behind_proxy = values.flag(&format!("{table}.proxy_protocol"))?;
            let Some(address) = address(values, key)? else {
                return Ok(());
            };
            let switch = |on: bool| match (format, on) {
                (Format::Lumberjack, true) => "lumberjack.without_tls = \"never\"".to_owned(),
                (Format::Lumberjack, false) => {
                    "lumberjack.without_tls = \"loopback_only\"".to_owned()
                }
                _ => format!("{table}.tls = {on}"),
            };
            if tls && !has_certificate {
                return Err(refused(
                    key,
                    &format!(
                        "needs `tls.certificate` and `tls.key`; a listener on a loopback address may do without TLS, with `{}`",
                        switch(false)
                    ),
                ));
            }
            let is_open = !tls && !address.ip().is_loopback();
            if is_open && without == WithoutTls::Loopback {
                return Err(refused(
                    key,
                    &format!(
                        "{address} is not a loopback address, and without TLS everything would cross the network readable; switch TLS on (`{}`), or say in words which risk you take (`{table}.without_tls`)",
                        switch(true)
                    ),
                ));
            }
            listeners.push(Listener {
                key,
                address,
                format,
                transport: Transport::Tcp { tls },
                takes_credentials: matches!(format, Format::Lines | Format::Lumberjack)
                    && (!is_open || without == WithoutTls::InClear),
                takes_keys: matches!(format, Format::Lines | Format::Statsd)
                    && (!is_open || without == WithoutTls::InClear),
                is_behind_proxy,
            });
            Ok(())
        };
        let words = [
            ("loopback_only", WithoutTls::Loopback),
            (
                "any_address_identified_by_source_alone",
                WithoutTls::ByAddress,
            ),
            ("any_address_with_credentials_in_clear", WithoutTls::InClear),
        ];
        let without = values.choice("graphite.without_tls", &words)?;
        add(
            "graphite.listen",
            values.flag("graphite.tls")?,
            without,
            Format::Lines,
        )?;
        let without = values.choice("pickle.without_tls", &words)?;
        add(
            "pickle.listen",
            values.flag("pickle.tls")?,
            without,
            Format::Pickle,
        )?;
        let lumberjack_words = [
            ("never", None),
            ("loopback_only", Some(WithoutTls::Loopback)),
            (
                "any_address_with_credentials_in_clear",
                Some(WithoutTls::InClear),
            ),
        ];
        let without = values.choice("lumberjack.without_tls", &lumberjack_words)?;
        add(
            "lumberjack.listen",
            without.is_none(),
            without.unwrap_or(WithoutTls::Loopback),
            Format::Lumberjack,
        )?;
        let without = values.choice("statsd.without_tls", &words)?;
        add(
            "statsd.listen",
            values.flag("statsd.tls")?,
            without,
            Format::Statsd,
        )?;
        let collectd = CollectdSettings::read(values)?;
        for (key, allowed, without, format) in [
            (
                "graphite.udp_listen",
                "graphite.allow_udp_on_any_address",
                "graphite.without_tls",
                Format::Lines,
            ),
            (
                "statsd.udp_listen",
                "statsd.allow_udp_on_any_address",
                "statsd.without_tls",
                Format::Statsd,
            ),
        ] {
            let is_allowed = values.flag(allowed)?;
            let in_clear = values.choice(without, &words)? == WithoutTls::InClear;
            if let Some(address) = udp_address(values, key, allowed, is_allowed)? {
                listeners.push(Listener {
                    key,
                    address,
                    format,
                    transport: Transport::Udp,
                    takes_credentials: false,
                    takes_keys: address.ip().is_loopback() || in_clear,
                    is_behind_proxy: false,
                });
            }
        }
        let (key, allowed) = ("collectd.listen", "collectd.allow_clear_on_any_address");
        let is_allowed = values.flag(allowed)? || collectd.least > Protections::None;
        if let Some(address) = udp_address(values, key, allowed, is_allowed)? {
            listeners.push(Listener {
                key,
                address,
                format: Format::Collectd,
                transport: Transport::Udp,
                takes_credentials: false,
                takes_keys: false,
                is_behind_proxy: false,
            });
        }
        let client_ca_file = values.file("senders.client_ca_file")?;
        let certificates: Certificates = values.parsed("senders.certificates")?;
        if certificates.is_empty() != client_ca_file.is_none() {
            return Err(refused(
                "senders.certificates",
                "and `senders.client_ca_file` are set together: a certificate counts if that authority has signed it, and its sender acts with the key that is named for it",
            ));
        }
        Ok(Self {
            sources: values.parsed("senders.sources")?,
            client_ca_file,
            certificates,
            listeners,
            statsd: StatsdSettings::read(values)?,
            collectd,
        })
    }

    /// The setting of a listener that needs a trusted proxy, if there is one.
    pub(super) fn needs_proxy(&self) -> Option<String> {
        let mut listeners = self.listeners.iter();
        let listener = listeners.find(|listener| listener.is_behind_proxy)?;
        let table = listener.key.split('.').next().unwrap_or_default();
        Some(format!("{table}.proxy_protocol"))
    }

    /// The identities that get in by a listener, in words.
    pub(crate) fn identity(&self, listener: &Listener) -> String {
        let others = listener.identity(self);
        if listener.transport != (Transport::Tcp { tls: true }) || self.certificates.is_empty() {
            return others;
        }
        let all: Vec<String> = self
            .certificates
            .entries()
            .map(|(_, key, text)| format!("certificate {text} as {key}"))
            .collect();
        format!("{}; {others}", all.join(", "))
    }
}

fn address(values: &Values<'_>, key: &str) -> Result<Option<SocketAddr>, ConfigError> {
    match values.optional(key)? {
        None => Ok(None),
        Some(_) => values.parsed(key).map(Some),
    }
}

/// The address of a listener by UDP, which off this machine needs the risk said.
fn udp_address(
    values: &Values<'_>,
    key: &str,
    allowed: &str,
    is_allowed: bool,
) -> Result<Option<SocketAddr>, ConfigError> {
    let address = address(values, key)?;
    match address.filter(|address| !address.ip().is_loopback() && !is_allowed) {
        None => Ok(address),
        Some(address) => Err(refused(
            key,
            &format!(
                "{address} is not a loopback address, and anybody can write any sender's address into a datagram; set `{allowed} = true` if your network does not let them"
            ),
        )),
    }
}

fn refused(key: &str, what: &str) -> ConfigError {
    ConfigError::Value {
        layer: "settings".to_owned(),
        key: key.to_owned(),
        what: what.to_owned(),
    }
}
