//! Failures without a reply: because of the server, the network or a proxy.

use crate::error::{Failure, Kind, code};
use crate::printable_text::PrintableText;
use crate::proxy::UsedProxy;
use std::io::ErrorKind;

/// The TLS library's error, unwrapped.
fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Whether the certificate is an authority used as a server: the library has no error kind for it.
fn is_its_own_authority(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(error)) => {
            format!("{error:?}").contains("CaUsedAsEndEntity")
        }
        _ => false,
    }
}

/// Why no answer came from `origin`, or from the proxy in between.
pub(super) fn failure(origin: &str, via: Option<&UsedProxy>, error: &ureq::Error) -> Failure {
    if let Some((via, what)) = via.and_then(|via| Some((via, of_proxy(error)?))) {
        let message = format!("`{origin}` cannot be reached: {} {what}", via.named());
        return match error {
            ureq::Error::ConnectProxyFailed(reason) if reason.contains("407") => {
                via.wants_a_password()
            }
            _ => Failure::new(Kind::Unreachable, message)
                .coded(code::PROXY)
                .hint(via.around()),
        };
    }
    let (what, code, hint) = match tls_error(error) {
        Some(rustls::Error::InvalidMessage(_)) => (
            "does not speak TLS".to_owned(),
            code::WRONG_PROTOCOL,
            "if it is a server without TLS, say so in its address: `http://HOST`",
        ),
        Some(error) if is_its_own_authority(error) => (
            "was not trusted: its certificate is its own authority (`openssl req -x509`), and not one that was named".to_owned(),
            code::UNTRUSTED_CERTIFICATE,
            "if it is your server's, name a copy of it in `VIGIE_CA_FILE` (the file of the server's `--tls-cert`), or log in with `--skip-ssl-validation` where that is safe",
        ),
        Some(error) => (
            format!("was not trusted: {error}"),
            code::UNTRUSTED_CERTIFICATE,
            "name its certificate authority in `VIGIE_CA_FILE`, or log in with `--skip-ssl-validation` where that is safe",
        ),
        None => unanswered(origin, error),
    };
    let way = via.map_or_else(String::new, |via| format!(", through {}", via.named()));
    Failure::new(Kind::Unreachable, format!("`{origin}` {what}{way}"))
        .coded(code)
        .hint(hint)
}

/// The failure of the proxy itself, if the connection to it failed.
fn of_proxy(error: &ureq::Error) -> Option<String> {
    Some(match error {
        error if is_unknown(error) => "is not known to the name service".to_owned(),
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            "did not answer in time".to_owned()
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "takes no connections".to_owned()
        }
        ureq::Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
            ) =>
        {
            format!("cannot be reached: {error}")
        }
        ureq::Error::ConnectProxyFailed(reason) => {
            format!(
                "refuses the connection: {}",
                PrintableText::untrusted(reason)
            )
        }
        _ => return None,
    })
}

/// Whether the host is unknown; the resolver's error has no kind of its own.
fn is_unknown(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        ureq::Error::Io(error) => error.to_string().contains("lookup address"),
        _ => false,
    }
}

/// All other failures without a reply.
fn unanswered(origin: &str, error: &ureq::Error) -> (String, &'static str, &'static str) {
    match error {
        ureq::Error::Timeout(_) => (
            "did not answer in time".to_owned(),
            code::TIMEOUT,
            "try again, or allow more time with `vigie config --http-timeout SECONDS`",
        ),
        error if is_unknown(error) => (
            "is not known to the name service".to_owned(),
            code::UNKNOWN_HOST,
            "check the address with `vigie api`",
        ),
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => (
            "takes no connections".to_owned(),
            code::CONNECTION_REFUSED,
            "is the server running? start it with `vigied serve`, or check the address with `vigie api`",
        ),
        ureq::Error::Protocol(_) if origin.starts_with("http://") => (
            "does not speak plain HTTP".to_owned(),
            code::WRONG_PROTOCOL,
            "if it is a server with TLS, say so in its address: `https://HOST`",
        ),
        other => (
            format!("cannot be reached: {other}"),
            code::UNREACHABLE,
            "check the address with `vigie api`",
        ),
    }
}
