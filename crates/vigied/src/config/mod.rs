//! Settings: file < environment < flag, each error with its file, line and key.

pub(crate) mod check;
mod file;
mod forms;
mod host;
mod layer;
pub(crate) mod mail;
mod networks;
mod public_hosts;
pub(crate) mod setting;
mod variables;

pub(crate) use layer::{Layers, Resolved, Source, read_file, read_file_of_folder, resolve};
pub(crate) use variables::{environment, strays};

use crate::operations::Place;
use crate::own_address::OwnAddress;
use crate::private_files::FileError;
pub(crate) use host::Host;
pub(crate) use networks::Networks;
pub(crate) use public_hosts::{PublicHost, PublicHosts};

use base::limit::{self, Limit};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{}:{line}: {}{what}", path.display(), if key.is_empty() { String::new() } else { format!("`{key}` ") })]
    File {
        path: PathBuf,
        line: usize,
        key: String,
        what: String,
    },
    #[error("{layer}: `{key}` {what}")]
    Value {
        layer: String,
        key: String,
        what: String,
    },
    #[error("environment: {0}")]
    Variable(String),
    #[error("cannot read the settings file {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Planted(#[from] FileError),
    #[error("`tls.certificate` and `tls.key` go together: set both or neither")]
    HalfTls,
    #[error(
        "`proxy_protocol = true` needs to know whose headers to believe\nhint: name the proxies in `trusted_proxies`, for example `trusted_proxies = \"10.0.0.7, 10.1.0.0/16\"`"
    )]
    NoProxies,
    #[error(
        "{0} is not a loopback address, and without TLS tokens would cross the network readable\nhint: set `tls.certificate` and `tls.key`, or say `tls.allow_plain_http_on_any_address = true`"
    )]
    PlainHttp(SocketAddr),
    #[error(
        "{0} is not a loopback address, and without TLS the operators' token would cross the network readable\nhint: set `tls.certificate` and `tls.key`, or leave `operations.listen` empty for a Unix socket in the data folder"
    )]
    OpenOperations(SocketAddr),
    #[error(
        "`mail.server` and `mail.from` go together, and so do `mail.user` and `mail.password_file`: set both or neither"
    )]
    HalfMail,
    #[error(
        "mails with links are to be sent (`mail.server`), and nobody has said where they lead to: `listen` is every address of this machine\nhint: set `public_url` to the address that people reach the server under"
    )]
    MailToNowhere,
    #[error(
        "`mail.tls = \"none\"` would send codes readable to `{0}`\nhint: set `mail.tls` to `starttls` or `tls`; `none` is for a mail server on this machine"
    )]
    PlainMail(String),
}

impl ConfigError {
    fn at(source: &Source, key: &str, what: String) -> Self {
        match source {
            Source::File { path, line } => Self::File {
                path: path.clone(),
                line: *line,
                key: key.to_owned(),
                what,
            },
            other => Self::Value {
                layer: other.to_string(),
                key: key.to_owned(),
                what,
            },
        }
    }
}

/// Certificate and key files.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Where links are not followed.
    pub(crate) data: PathBuf,
    /// Whether it is not asked who may read the key.
    pub(crate) any_mode: bool,
}

/// The effective settings, typed.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    resolved: Vec<(String, String)>,
}

impl Settings {
    /// Types the resolved settings and checks what no single setting shows.
    pub(crate) fn new(resolved: &[Resolved]) -> Result<Self, ConfigError> {
        let settings = Self {
            resolved: resolved
                .iter()
                .map(|r| (r.setting.key.clone().into_owned(), r.value.clone()))
                .collect(),
        };
        if settings.text("tls.certificate").is_empty() != settings.text("tls.key").is_empty() {
            return Err(ConfigError::HalfTls);
        }
        settings.check_mail()?;
        let listen = settings.listen();
        if settings.tls().is_none()
            && !listen.ip().is_loopback()
            && settings.text("tls.allow_plain_http_on_any_address") != "true"
        {
            return Err(ConfigError::PlainHttp(listen));
        }
        if settings.mail().is_some() && OwnAddress::new(&settings, listen).is_unknown() {
            return Err(ConfigError::MailToNowhere);
        }
        if settings.text("proxy_protocol") == "true" && settings.trusted_proxies().is_empty() {
            return Err(ConfigError::NoProxies);
        }
        if let Place::Address(address) = settings.operations()
            && settings.tls().is_none()
            && !address.ip().is_loopback()
        {
            return Err(ConfigError::OpenOperations(address));
        }
        Ok(settings)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.resolved
            .iter()
            .find(|(own, _)| own == key)
            .map_or("", |(_, value)| value)
    }

    /// A number; `resolve` has checked that it is one.
    pub(crate) fn number(&self, key: &str) -> u64 {
        self.text(key).parse().unwrap_or_default()
    }

    /// The limit in force: what is set, or what stands fast.
    pub(crate) fn limit(&self, limit: Limit) -> u64 {
        if !limit.settable {
            return limit.default;
        }
        self.number(&format!("limits.{}", limit.name))
    }

    pub(crate) fn data(&self) -> &Path {
        Path::new(self.text("data"))
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.text("listen")
            .parse()
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = (self.text("tls.certificate"), self.text("tls.key"));
        if certificate.is_empty() {
            return None;
        }
        Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
            data: self.data().to_owned(),
            any_mode: self.allow_readable_secrets(),
        })
    }

    /// Whether secrets may be readable by everybody on the machine.
    pub(crate) fn allow_readable_secrets(&self) -> bool {
        self.text("allow_readable_secrets") == "true"
    }

    /// Where the operators' listener is; `resolve` has checked that it is a place.
    pub(crate) fn operations(&self) -> Place {
        let data = self.data();
        let text = self.text("operations.listen");
        Place::read(text, data).unwrap_or_else(|| Place::Socket(data.join(text)))
    }

    /// What else than `public_url` the server is known by; `resolve` has checked that it can be read.
    pub(crate) fn public_hosts(&self) -> PublicHosts {
        self.text("public_hosts").parse().unwrap_or_default()
    }

    /// The proxies whose word on the client's address is believed; `resolve` has checked that they can be read.
    pub(crate) fn trusted_proxies(&self) -> Networks {
        self.text("trusted_proxies").parse().unwrap_or_default()
    }

    /// `None` for the database file in the data folder.
    /// The file of the key that the signing keys are encrypted under, where it is not in the data folder.
    pub(crate) fn encryption_key(&self) -> Option<&Path> {
        Some(self.text("tokens.encryption_key_file"))
            .filter(|text| !text.is_empty())
            .map(Path::new)
    }

    pub(crate) fn database(&self) -> Option<&str> {
        Some(self.text("database")).filter(|text| !text.is_empty())
    }

    pub(crate) fn body_bytes(&self) -> usize {
        usize::try_from(self.limit(limit::BODY_BYTES)).unwrap_or(usize::MAX)
    }
}
