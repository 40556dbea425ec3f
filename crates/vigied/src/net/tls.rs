//! TLS by certificate and key file, read again on SIGHUP without dropping a connection.

use crate::config::{Settings, TlsFiles};
use crate::data_dir::private_files;
use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

/// Why the certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("cannot read the certificate or key in {}: {what}", path.display())]
    File { path: PathBuf, what: String },
    #[error(transparent)]
    Secret(#[from] private_files::FileError),
    #[error("{} holds no certificate", path.display())]
    Empty { path: PathBuf },
    #[error("the certificate in {} and the key do not match: {source}", path.display())]
    Pair {
        path: PathBuf,
        #[source]
        source: rustls::Error,
    },
}

/// The configuration new connections use.
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files that the settings name, if they name any.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let loaded = settings.tls().map(Self::load).transpose();
        loaded.context("cannot use the files of `tls.certificate` and `tls.key`")
    }

    /// Reads the files.
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(Arc::new(read(&files)?));
        Ok(Self { files, current })
    }

    /// Reads the files again; keeps what it has when they are no good.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(read(&self.files)?);
        *self
            .current
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The current configuration, for a listener that speaks HTTP/1.1 alone.
    pub(crate) fn current_http1(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.current());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// The current configuration without ALPN, for connections of senders.
    pub(crate) fn current_without_protocols(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.current());
        config.alpn_protocols = Vec::new();
        Arc::new(config)
    }

    /// The configuration for new connections.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(
            &self
                .current
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    for file in [&files.certificate, &files.key] {
        private_files::check_no_link_inside(file, &files.data)?;
    }
    private_files::check_secret(&files.key, files.any_mode)?;
    let bad = |path: &PathBuf| {
        let path = path.clone();
        move |error: rustls::pki_types::pem::Error| TlsError::File {
            path,
            what: error.to_string(),
        }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(bad(&files.certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Empty {
            path: files.certificate.clone(),
        });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(bad(&files.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let pair = |source| TlsError::Pair {
        path: files.certificate.clone(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
