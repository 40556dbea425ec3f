//! The settings of mail, together.

use super::{ConfigError, Settings};
use std::net::IpAddr;
use std::path::PathBuf;

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailTls {
    /// Begun plain, then encrypted, or given up.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

/// Where mails are handed in.
#[derive(Debug, Clone)]
pub(crate) struct MailSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) from: String,
    pub(crate) tls: MailTls,
    pub(crate) ca_file: Option<PathBuf>,
    /// User, and the file with the password.
    pub(crate) login: Option<(String, PathBuf)>,
    /// Where links are not followed.
    pub(crate) data: PathBuf,
    /// Whether it is not asked who may read the password.
    pub(crate) any_mode: bool,
}

impl MailSettings {
    fn is_on_this_machine(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|own| own.is_loopback())
    }
}

impl Settings {
    /// Where mails are handed in; `None` when none are sent.
    pub(crate) fn mail(&self) -> Option<MailSettings> {
        let (host, port) = self.text("mail.server").rsplit_once(':')?;
        let file = |key| {
            Some(self.text(key))
                .filter(|text| !text.is_empty())
                .map(PathBuf::from)
        };
        Some(MailSettings {
            host: host.to_owned(),
            port: port.parse().ok()?,
            from: self.text("mail.from").to_owned(),
            tls: match self.text("mail.tls") {
                "none" => MailTls::None,
                "tls" => MailTls::Tls,
                _ => MailTls::StartTls,
            },
            ca_file: file("mail.ca_file"),
            login: file("mail.password_file").map(|file| (self.text("mail.user").to_owned(), file)),
            data: self.data().to_owned(),
            any_mode: self.allow_readable_secrets(),
        })
    }

    /// What no single setting shows.
    pub(super) fn check_mail(&self) -> Result<(), ConfigError> {
        let is_set = |key| !self.text(key).is_empty();
        let pairs = [
            ("mail.server", "mail.from"),
            ("mail.user", "mail.password_file"),
        ];
        if pairs
            .iter()
            .any(|(one, other)| is_set(one) != is_set(other))
        {
            return Err(ConfigError::HalfMail);
        }
        match self.mail() {
            Some(mail) if mail.tls == MailTls::None && !mail.is_on_this_machine() => {
                Err(ConfigError::PlainMail(mail.host))
            }
            _ => Ok(()),
        }
    }
}
