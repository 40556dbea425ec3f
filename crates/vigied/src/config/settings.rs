//! The effective settings with their types; the one place that gives a key its type.

use super::machine;
use super::mail::MailSettings;
use super::memory::{MemoryBudget, OpenListeners};
use super::values::Values;
use super::{
    ConfigError, Format, Networks, OperationsAddress, Origins, PublicHosts, Resolved,
    SenderSettings,
};
use base::limit::{self, Limit};
use iam::directory::Plan;
use iam::token::keyring::SigningAlgorithm;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Certificate and key files.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The data folder, in which no link is followed.
    pub(crate) data: PathBuf,
    /// Skips the check of who may read the key file.
    pub(crate) any_mode: bool,
}

/// The header in which proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyHeader {
    Any,
    Forwarded,
    XForwardedFor,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// `tokens.…`: lifetimes of credentials.
#[derive(Debug, Clone)]
pub(crate) struct TokenSettings {
    pub(crate) stale_seconds_max: u32,
    pub(crate) access_token_seconds: u32,
    pub(crate) logging_token_seconds: u32,
    pub(crate) refresh_token_seconds: u32,
    /// How new signing keys sign.
    pub(crate) signing_algorithm: SigningAlgorithm,
    /// How long a signing key signs before it gets a successor; zero for ever.
    pub(crate) signing_key_days: u32,
    /// File of the key that encrypts the signing keys, unless it is in the data folder.
    pub(crate) encryption_key_file: Option<PathBuf>,
}

/// `storage.…`: how long samples are kept, and when they are written to disk.
#[derive(Debug, Clone)]
pub(crate) struct StorageSettings {
    pub(crate) retention_days: u32,
    pub(crate) deleted_seconds: u32,
    /// The plan of spaces without an instance; none for no limits.
    pub(crate) default_plan: Option<Plan>,
    pub(crate) future_minutes: u32,
    pub(crate) commit_interval_ms: u64,
    pub(crate) flush_samples: u64,
    pub(crate) directory_cache_bytes: u64,
    /// Bytes of the rules of domains that are kept compiled: a part of the budget for memory, and no setting.
    pub(crate) compiled_rules_bytes: u64,
    pub(crate) reserve_bytes: u64,
}

/// `invitations.…`.
#[derive(Debug, Clone)]
pub(crate) struct InvitationSettings {
    pub(crate) lifetime_hours: u32,
    pub(crate) show_code_to_inviter: bool,
}

/// All settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    data: PathBuf,
    listen: SocketAddr,
    /// Without a trailing slash.
    pub(crate) public_url: Option<String>,
    pub(crate) public_hosts: PublicHosts,
    pub(crate) origins: Origins,
    database: Option<String>,
    pub(crate) database_wait: Duration,
    tls: Option<TlsFiles>,
    pub(crate) hsts_seconds: u32,
    pub(crate) trusted_proxies: Networks,
    pub(crate) proxy_header: ProxyHeader,
    pub(crate) proxy_protocol: bool,
    allow_readable_secrets: bool,
    pub(crate) shutdown: Duration,
    pub(crate) tokens: TokenSettings,
    pub(crate) invitations: InvitationSettings,
    mail: Option<MailSettings>,
    workload_issuers_file: Option<PathBuf>,
    pub(crate) storage: StorageSettings,
    operations: OperationsAddress,
    pub(crate) senders: SenderSettings,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    limits: BTreeMap<&'static str, u64>,
}

impl Settings {
    /// Converts the resolved settings to their types, and checks rules that involve several settings.
    pub(crate) fn new(resolved: &[Resolved]) -> Result<Self, ConfigError> {
        let values = Values::new(resolved);
        let settings = Self::read(&values)?;
        let allow_plain = values.flag("tls.allow_plain_http_on_any_address")?;
        if let Some(key) = values.unread().first() {
            return Err(ConfigError::Value {
                layer: "settings".to_owned(),
                key: (*key).to_owned(),
                what: "is in the table of settings, and nothing reads it".to_owned(),
            });
        }
        settings.check(allow_plain)?;
        Ok(settings)
    }

    fn read(values: &Values<'_>) -> Result<Self, ConfigError> {
        let data = PathBuf::from(values.text("data")?);
        let allow_readable_secrets = values.flag("allow_readable_secrets")?;
        let seconds = |key| Ok::<_, ConfigError>(Duration::from_secs(values.parsed(key)?));
        let tls = match (values.file("tls.certificate")?, values.file("tls.key")?) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate,
                key,
                data: data.clone(),
                any_mode: allow_readable_secrets,
            }),
            _ => return Err(ConfigError::HalfTls),
        };
        let operations = values.text("operations.listen")?;
        let mut limits = BTreeMap::new();
        for limit in limit::ALL.iter().filter(|limit| limit.settable) {
            limits.insert(
                limit.name,
                values.parsed(&format!("limits.{}", limit.name))?,
            );
        }
        let memory = MemoryBudget::new(values.parsed("memory_bytes")?, machine::memory_bytes());
        let senders = SenderSettings::read(values, tls.is_some())?;
        let has_listener = |format| {
            senders
                .listeners
                .iter()
                .any(|listener| listener.format == format)
        };
        let listeners = OpenListeners {
            any: !senders.listeners.is_empty(),
            statsd: has_listener(Format::Statsd),
        };
        memory.clip(&mut limits, listeners);
        let public_url = values.optional("public_url")?;
        Ok(Self {
            senders,
            listen: values.parsed("listen")?,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            public_hosts: values.parsed("public_hosts")?,
            origins: values.parsed("cors.origins")?,
            database: values.optional("database")?.map(str::to_owned),
            database_wait: seconds("database_wait_seconds")?,
            tls,
            hsts_seconds: values.parsed("tls.hsts_seconds")?,
            trusted_proxies: values.parsed("trusted_proxies")?,
            proxy_header: values.choice(
                "proxy_header",
                &[
                    ("any", ProxyHeader::Any),
                    ("forwarded", ProxyHeader::Forwarded),
                    ("x-forwarded-for", ProxyHeader::XForwardedFor),
                ],
            )?,
            proxy_protocol: values.flag("proxy_protocol")?,
            allow_readable_secrets,
            shutdown: seconds("shutdown_seconds")?,
            tokens: TokenSettings {
                stale_seconds_max: values.parsed("tokens.stale_seconds_max")?,
                access_token_seconds: values.parsed("tokens.access_token_seconds")?,
                logging_token_seconds: values.parsed("tokens.logging_token_seconds")?,
                refresh_token_seconds: values.parsed("tokens.refresh_token_seconds")?,
                signing_algorithm: values.choice(
                    "tokens.signing_algorithm",
                    &[
                        ("rs256", SigningAlgorithm::Rs256),
                        ("es256", SigningAlgorithm::Es256),
                        ("eddsa", SigningAlgorithm::EdDsa),
                    ],
                )?,
                signing_key_days: values.parsed("tokens.signing_key_days")?,
                encryption_key_file: values.file("tokens.encryption_key_file")?,
            },
            invitations: InvitationSettings {
                lifetime_hours: values.parsed("invitations.lifetime_hours")?,
                show_code_to_inviter: values.flag("invitations.show_code_to_inviter")?,
            },
            mail: MailSettings::read(values, &data, allow_readable_secrets)?,
            workload_issuers_file: values.file("workloads.issuers_file")?,
            storage: StorageSettings {
                retention_days: values.parsed("storage.retention_days")?,
                deleted_seconds: values.parsed("storage.deleted_seconds")?,
                default_plan: values.choice(
                    "storage.default_plan",
                    &[
                        ("unlimited", None),
                        ("lite", Some(Plan::Lite)),
                        ("premium", Some(Plan::Premium)),
                    ],
                )?,
                future_minutes: values.parsed("storage.future_minutes")?,
                commit_interval_ms: values.parsed("storage.commit_interval_ms")?,
                flush_samples: values.parsed("storage.flush_samples")?,
                directory_cache_bytes: memory
                    .directories(values.parsed("storage.directory_cache_bytes")?),
                compiled_rules_bytes: memory.rules(),
                reserve_bytes: values.parsed("storage.reserve_bytes")?,
            },
            operations: OperationsAddress::read(operations, &data).ok_or_else(|| {
                ConfigError::Value {
                    layer: "settings".to_owned(),
                    key: "operations.listen".to_owned(),
                    what: format!("cannot be `{operations}`"),
                }
            })?,
            log_level: values.text("log.level")?.to_owned(),
            log_format: values.choice(
                "log.format",
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )?,
            limits,
            data,
        })
    }

    fn check(&self, allow_plain_on_any_address: bool) -> Result<(), ConfigError> {
        let is_plain_off_loopback =
            |address: SocketAddr| self.tls.is_none() && !address.ip().is_loopback();
        if is_plain_off_loopback(self.listen) && !allow_plain_on_any_address {
            return Err(ConfigError::PlainHttp(self.listen));
        }
        let is_named = self.public_url.is_some() || !self.public_hosts.0.is_empty();
        if self.mail.is_some() && !is_named && self.listen.ip().is_unspecified() {
            return Err(ConfigError::MailToNowhere);
        }
        let needed_by_http = self.proxy_protocol.then(|| "proxy_protocol".to_owned());
        if let Some(key) = needed_by_http.or_else(|| self.senders.needs_proxy())
            && self.trusted_proxies.is_empty()
        {
            return Err(ConfigError::NoProxies(key));
        }
        match self.operations {
            OperationsAddress::Address(address) if is_plain_off_loopback(address) => {
                Err(ConfigError::OpenOperations(address))
            }
            _ => Ok(()),
        }
    }

    /// The limit in force: the setting, or the fixed value.
    pub(crate) fn limit(&self, limit: Limit) -> u64 {
        self.limits
            .get(limit.name)
            .copied()
            .unwrap_or(limit.default)
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) const fn listen(&self) -> SocketAddr {
        self.listen
    }

    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        self.tls.clone()
    }

    /// Whether secrets may be readable by all users of the machine.
    pub(crate) const fn allow_readable_secrets(&self) -> bool {
        self.allow_readable_secrets
    }

    /// Where the operators' listener is.
    pub(crate) fn operations(&self) -> OperationsAddress {
        self.operations.clone()
    }

    /// The mail server; `None` if no mail is sent.
    pub(crate) fn mail(&self) -> Option<MailSettings> {
        self.mail.clone()
    }

    /// The file that names the issuers whose tokens workloads log in with; `None` if none can.
    pub(crate) fn workload_issuers_file(&self) -> Option<&Path> {
        self.workload_issuers_file.as_deref()
    }

    /// These settings with another database address.
    pub(crate) fn with_database(mut self, address: Option<String>) -> Self {
        self.database = address;
        self
    }

    /// The database address; `None` for the file in the data folder.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub(crate) fn body_bytes(&self) -> usize {
        usize::try_from(self.limit(limit::BODY_BYTES)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, resolve};
    use super::*;

    /// Fails for a setting that nothing reads, and for a reader without a setting.
    #[test]
    fn every_setting_has_its_type() {
        let resolved = resolve(&Layers::default()).unwrap();
        Settings::new(&resolved).unwrap();
    }

    #[test]
    fn a_setting_that_nothing_reads_is_an_error_and_no_silence() {
        let mut resolved = resolve(&Layers::default()).unwrap();
        let mut stray = resolved.first().unwrap().clone();
        stray.setting.key = "storage.forgotten".into();
        resolved.push(stray);
        let error = Settings::new(&resolved).unwrap_err().to_string();
        assert!(error.contains("`storage.forgotten`"), "{error}");
    }

    #[test]
    fn a_key_that_is_no_setting_is_an_error_and_no_zero() {
        let mut resolved = resolve(&Layers::default()).unwrap();
        resolved.retain(|entry| entry.setting.key != "storage.retention_days");
        let error = Settings::new(&resolved).unwrap_err().to_string();
        assert!(error.contains("`storage.retention_days`"), "{error}");
    }

    #[test]
    fn a_limit_is_what_is_set_or_what_stands_fast() {
        let mut resolved = resolve(&Layers::default()).unwrap();
        for entry in &mut resolved {
            if entry.setting.key == "limits.body_bytes" {
                entry.value = "77".to_owned();
            }
        }
        let settings = Settings::new(&resolved).unwrap();
        assert_eq!(settings.limit(limit::BODY_BYTES), 77);
        let fast = limit::ALL.iter().find(|limit| !limit.settable).unwrap();
        assert_eq!(settings.limit(*fast), fast.default);
    }
}
