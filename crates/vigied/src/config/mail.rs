//! The settings for mail.

use super::ConfigError;
use super::values::Values;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Encryption of the connection to the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailTls {
    /// Starts plain and switches to TLS; fails if the server offers none.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// No encryption.
    None,
}

/// The mail server.
#[derive(Debug, Clone)]
pub(crate) struct MailSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) from: String,
    pub(crate) tls: MailTls,
    pub(crate) ca_file: Option<PathBuf>,
    /// User name, and the file with the password.
    pub(crate) login: Option<(String, PathBuf)>,
    /// The data folder, in which no link is followed.
    pub(crate) data: PathBuf,
    /// Skips the check of who may read the password file.
    pub(crate) any_mode: bool,
}

impl MailSettings {
    fn is_on_this_machine(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl MailSettings {
    /// `None` if no mail is sent.
    pub(super) fn read(
        values: &Values<'_>,
        data: &Path,
        any_mode: bool,
    ) -> Result<Option<Self>, ConfigError> {
        let tls = values.choice(
            "mail.tls",
            &[
                ("starttls", MailTls::StartTls),
                ("tls", MailTls::Tls),
                ("none", MailTls::None),
            ],
        )?;
        let ca_file = values.file("mail.ca_file")?;
        let login = match (
            values.optional("mail.user")?,
            values.file("mail.password_file")?,
        ) {
            (Some(user), Some(file)) => Some((user.to_owned(), file)),
            (None, None) => None,
            _ => return Err(ConfigError::HalfMail),
        };
        let (server, from) = match (
            values.optional("mail.server")?,
            values.optional("mail.from")?,
        ) {
            (Some(server), Some(from)) => (server, from.to_owned()),
            (None, None) => return Ok(None),
            _ => return Err(ConfigError::HalfMail),
        };
        let parts = server.rsplit_once(':');
        let Some((host, port)) = parts.and_then(|(host, port)| Some((host, port.parse().ok()?)))
        else {
            return Err(ConfigError::Value {
                layer: "settings".to_owned(),
                key: "mail.server".to_owned(),
                what: format!(
                    "must be HOST:PORT, not `{}`",
                    base::user_info::hidden(server)
                ),
            });
        };
        let mail = Self {
            host: host.to_owned(),
            port,
            from,
            tls,
            ca_file,
            login,
            data: data.to_owned(),
            any_mode,
        };
        if mail.tls == MailTls::None && !mail.is_on_this_machine() {
            return Err(ConfigError::PlainMail(mail.host));
        }
        Ok(Some(mail))
    }
}
