//! The connection to the mail server: encrypted as configured, or not made.

use crate::config::mail::{MailSettings, MailTls};
use crate::data_dir::private_files;
use anyhow::{Context, bail};
use lettre::Tokio1Executor;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use std::time::Duration;

/// Time limit for one mail.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Maximum characters of the mail server's answer in the log.
const SAID_MAX: usize = 500;

pub(super) type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Reads the files that the connection needs; connects to nothing yet.
///
/// # Errors
/// If a file cannot be read or has no usable contents, or if all users may read the password file.
pub(super) fn open(settings: &MailSettings) -> anyhow::Result<Smtp> {
    let host = settings.host.trim_matches(['[', ']']).to_owned();
    let tls = || -> anyhow::Result<TlsParameters> {
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(file) = &settings.ca_file {
            parameters = parameters.add_root_certificate(authority(file)?);
        }
        parameters
            .build_rustls()
            .context("cannot set up TLS to the mail server")
    };
    let tls = match settings.tls {
        MailTls::None => Tls::None,
        MailTls::StartTls => Tls::Required(tls()?),
        MailTls::Tls => Tls::Wrapper(tls()?),
    };
    let mut smtp = Smtp::builder_dangerous(host.clone())
        .port(settings.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some((user, file)) = &settings.login {
        let password = password(settings, file)?;
        smtp = smtp.credentials(Credentials::new(user.clone(), password));
    }
    Ok(smtp.build())
}

fn authority(file: &Path) -> anyhow::Result<Certificate> {
    let pem = std::fs::read(file)
        .with_context(|| format!("cannot read `mail.ca_file` {}", file.display()))?;
    let none = || {
        format!(
            "there is no certificate in `mail.ca_file` {}",
            file.display()
        )
    };
    // An empty file would silently add no authority.
    if CertificateDer::from_pem_slice(&pem).is_err() {
        bail!(
            "{}\nhint: it must be PEM, with `-----BEGIN CERTIFICATE-----`",
            none()
        );
    }
    Certificate::from_pem(&pem).with_context(none)
}

fn password(settings: &MailSettings, file: &Path) -> anyhow::Result<String> {
    let what = || format!("cannot use `mail.password_file` {}", file.display());
    private_files::check_no_link_inside(file, &settings.data).with_context(what)?;
    private_files::check_secret(file, settings.any_mode).with_context(what)?;
    let text = std::fs::read_to_string(file).with_context(what)?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        _ => bail!(
            "there is no password in `mail.password_file` {}\nhint: it is the file's first line",
            file.display()
        ),
    }
}

/// Why the mail server refused a mail, with a hint if a setting can fix it.
pub(super) fn reply_text(error: &smtp::Error) -> anyhow::Error {
    let text = one_line(&error.to_string());
    let hint = if text.contains("STARTTLS") {
        "; it must offer STARTTLS, or TLS from the first byte with `mail.tls = \"tls\"` and the port for that"
    } else if text.contains("certificate") {
        "; its certificate must be for the host in `mail.server`, by an authority that browsers know or that is in `mail.ca_file`"
    } else if error.is_tls() || text.contains("corrupt message") {
        "; see whether `mail.tls` and the port in `mail.server` belong together"
    } else {
        ""
    };
    anyhow::anyhow!("{text}{hint}")
}

/// The mail server's answer for the log: one line of bounded length.
fn one_line(text: &str) -> String {
    let plain = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    text.chars().take(SAID_MAX).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_mail_server_forges_no_line_of_the_log() {
        let line = one_line(&format!(
            "no\r\n2026 INFO forged\u{1b}[2J{}",
            "x".repeat(9999)
        ));
        assert!(line.starts_with("no  2026 INFO forged [2J") && line.len() == SAID_MAX);
    }
}
