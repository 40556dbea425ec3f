//! Senders that present a certificate: the operator's authority must have issued it, and the operator maps it to a key. For every
//! batch `iam` decides what that key may do, as for a key that an address is mapped to.

use crate::config::{CertificateMark, Certificates, SenderSettings};
use anyhow::Context;
use base::id::KeyId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The authority, which is read again on SIGHUP, and the key of each certificate.
#[derive(Debug)]
pub(crate) struct ClientCertificates {
    file: PathBuf,
    current: RwLock<Arc<dyn ClientCertVerifier>>,
    keys: Certificates,
}

impl ClientCertificates {
    /// Reads the authority's file, if the settings name one.
    ///
    /// # Errors
    /// When it holds no certificate that can be an authority's.
    pub(crate) fn of(settings: &SenderSettings) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(file) = settings.client_ca_file.clone() else {
            return Ok(None);
        };
        let verifier = read(&file).with_context(|| {
            let what = unreadable(&file);
            format!(
                "{what}\nhint: name a PEM file with the certificates that sign your senders' ones"
            )
        })?;
        let current = RwLock::new(verifier);
        let keys = settings.certificates.clone();
        Ok(Some(Arc::new(Self {
            file,
            current,
            keys,
        })))
    }

    /// Reads the file again; keeps what it has when that is no good. Connected senders stay.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let fresh = read(&self.file).with_context(|| unreadable(&self.file))?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The server's configuration, with which senders are asked for a certificate.
    ///
    /// # Errors
    /// When the library takes none of its own protocols.
    pub(super) fn ask(&self, config: &ServerConfig) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::clone(config.crypto_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(self.verifier())
            .with_cert_resolver(Arc::clone(&config.cert_resolver)))
    }

    /// The key that a certificate is mapped to; the authority has signed the certificate.
    pub(super) fn key(&self, certificate: &CertificateDer<'_>) -> Option<KeyId> {
        let fingerprint = iam::entropy::sha256(certificate.as_ref());
        let parsed = ParsedCertificate::try_from(certificate).ok();
        let matches = |mark: &CertificateMark| match mark {
            CertificateMark::Fingerprint(known) => *known == fingerprint,
            CertificateMark::Name(pattern) => parsed.as_ref().is_some_and(|parsed| {
                let name = ServerName::try_from(pattern.as_str());
                name.is_ok_and(|name| rustls::client::verify_server_name(parsed, &name).is_ok())
            }),
        };
        let mut all = self.keys.entries();
        all.find(|entry| matches(entry.0)).map(|entry| entry.1)
    }

    /// Each entry and its key.
    pub(super) fn entries(&self) -> impl Iterator<Item = (KeyId, &str)> {
        self.keys.entries().map(|(_, key, text)| (key, text))
    }
}

fn unreadable(file: &Path) -> String {
    format!(
        "cannot read the authority in {} (`senders.client_ca_file`)",
        file.display()
    )
}

fn read(file: &Path) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    // Who shows none may still say otherwise who it is.
    Ok(verifier.allow_unauthenticated().build()?)
}
