//! Senders that show a certificate: it must come from the operator's authority, and stands for the key that the operator has named
//! for it. What that key may do is asked of `iam` for every batch, as for a key that an address stands for.

use crate::config::{CertificateMark, Certificates};
use anyhow::Context;
use base::id::KeyId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;

/// The authority, and the key of each certificate.
#[derive(Debug)]
pub(crate) struct ClientCertificates {
    verifier: Arc<dyn ClientCertVerifier>,
    keys: Certificates,
}

impl ClientCertificates {
    /// Reads the authority's file.
    ///
    /// # Errors
    /// When it holds no certificate that can be an authority's.
    pub(crate) fn load(file: &Path, keys: Certificates) -> anyhow::Result<Self> {
        let what = || {
            format!(
                "cannot read the authority in {} (`senders.client_ca_file`)\nhint: name a PEM file with the certificates that sign your senders' ones",
                file.display()
            )
        };
        let mut roots = RootCertStore::empty();
        let all = CertificateDer::pem_file_iter(file).with_context(what)?;
        for own in all {
            roots.add(own.with_context(what)?).with_context(what)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        // Who shows none may still say otherwise who it is.
        let verifier = verifier
            .allow_unauthenticated()
            .build()
            .with_context(what)?;
        Ok(Self { verifier, keys })
    }

    /// The server's configuration, with which senders are asked for a certificate.
    ///
    /// # Errors
    /// When the library takes none of its own protocols.
    pub(super) fn ask(&self, config: &ServerConfig) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::clone(config.crypto_provider());
        Ok(ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::clone(&self.verifier))
            .with_cert_resolver(Arc::clone(&config.cert_resolver)))
    }

    /// The key that a certificate stands for, which the authority has signed.
    pub(super) fn key(&self, certificate: &CertificateDer<'_>) -> Option<KeyId> {
        let fingerprint = iam::entropy::sha256(certificate.as_ref());
        let parsed = ParsedCertificate::try_from(certificate).ok();
        let fits = |mark: &CertificateMark| match mark {
            CertificateMark::Fingerprint(own) => *own == fingerprint,
            CertificateMark::Name(own) => parsed.as_ref().is_some_and(|parsed| {
                let name = ServerName::try_from(own.as_str());
                name.is_ok_and(|name| rustls::client::verify_server_name(parsed, &name).is_ok())
            }),
        };
        let mut all = self.keys.entries();
        all.find(|own| fits(own.0)).map(|own| own.1)
    }

    /// Each entry and its key.
    pub(super) fn entries(&self) -> impl Iterator<Item = (KeyId, &str)> {
        self.keys.entries().map(|(_, key, text)| (key, text))
    }
}
