//! Failures with keys: their files, and cryptography.

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A key file cannot be read or created.
    #[error("cannot {action} the key file {path}")]
    File {
        /// For example `read`.
        action: &'static str,
        /// The path of the file.
        path: String,
        /// The operating system's message.
        #[source]
        source: std::io::Error,
    },
    /// Every signing key was retired, and none has been made in their place yet.
    #[error("there is no signing key in service")]
    NoSigningKey,
    /// Cryptography failed; nothing was issued.
    #[error("cannot {0}")]
    Crypto(&'static str),
}
