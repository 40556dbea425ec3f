//! Which failures of TLS pass by themselves: those of the connection, and not those of a certificate, a file or a setting.

use rustls::{AlertDescription, Error as TlsError};
use std::error::Error;
use std::io;

/// Whether TLS fails with this server however often it is tried.
pub(crate) fn is_lasting(error: &sqlx::Error) -> bool {
    match error {
        // The library's own words: no TLS is offered, or a file is no certificate.
        sqlx::Error::Tls(inner) => match cause(&**inner) {
            Some(cause) => lasts(cause),
            None => !inner.is::<io::Error>(),
        },
        // A handshake that fails is one of the system's errors to the library.
        sqlx::Error::Io(error) => cause(error).is_some_and(lasts),
        _ => false,
    }
}

/// The TLS failure inside an I/O error.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e TlsError> {
    if let Some(cause) = error.downcast_ref() {
        return Some(cause);
    }
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    cause(inner)
}

const fn lasts(error: &TlsError) -> bool {
    match error {
        TlsError::InvalidCertificate(_)
        | TlsError::InvalidCertRevocationList(_)
        | TlsError::NoCertificatesPresented
        | TlsError::UnsupportedNameType
        | TlsError::NoApplicationProtocol
        | TlsError::InconsistentKeys(_)
        | TlsError::PeerIncompatible(_) => true,
        TlsError::AlertReceived(alert) => refuses(*alert),
        // Damaged or cut on the way, or a peer that is not itself.
        _ => false,
    }
}

/// Whether the server says that it will never have this client.
const fn refuses(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::HandshakeFailure
            | Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::ProtocolVersion
            | Alert::InsufficientSecurity
            | Alert::UnrecognisedName
            | Alert::NoApplicationProtocol
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CertificateError, PeerMisbehaved};

    /// As the library wraps what happens in a handshake.
    fn in_handshake(error: TlsError) -> sqlx::Error {
        sqlx::Error::Io(io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn a_certificate_or_a_setting_does_not_mend_itself_and_a_connection_may() {
        let lasting = [
            TlsError::InvalidCertificate(CertificateError::UnknownIssuer),
            TlsError::InvalidCertificate(CertificateError::NotValidForName),
            TlsError::InvalidCertificate(CertificateError::Expired),
            TlsError::NoCertificatesPresented,
            TlsError::AlertReceived(AlertDescription::UnknownCA),
            TlsError::AlertReceived(AlertDescription::CertificateRequired),
            TlsError::AlertReceived(AlertDescription::ProtocolVersion),
        ];
        for error in lasting {
            assert!(is_lasting(&in_handshake(error.clone())), "{error}");
            assert!(
                is_lasting(&sqlx::Error::Tls(error.clone().into())),
                "{error}"
            );
        }
        let passing = [
            TlsError::DecryptError,
            TlsError::PeerMisbehaved(PeerMisbehaved::IllegalMiddleboxChangeCipherSpec),
            TlsError::AlertReceived(AlertDescription::InternalError),
            TlsError::AlertReceived(AlertDescription::CloseNotify),
        ];
        for error in passing {
            assert!(!is_lasting(&in_handshake(error.clone())), "{error}");
            assert!(
                !is_lasting(&sqlx::Error::Tls(error.clone().into())),
                "{error}"
            );
        }
        assert!(is_lasting(&sqlx::Error::Tls("no TLS".into())));
        let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
        assert!(!is_lasting(&sqlx::Error::Io(cut())));
        assert!(!is_lasting(&sqlx::Error::Tls(cut().into())));
    }
}
