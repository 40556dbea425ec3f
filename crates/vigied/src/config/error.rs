//! Why a setting cannot be used: its key, where it was set, and what is wrong.

use super::source::Source;
use crate::data_dir::private_files::FileError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The form of a database's address, in place of its value in messages: it has an `@`, and no password.
const DATABASE_FORM: &str = "`postgres://USER@HOST/NAME`";

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
    /// The command line alone is wrong.
    #[error("flag {flag}: `{key}` {what}")]
    Flag {
        flag: String,
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
        "`{0} = true` needs `trusted_proxies`\nhint: name the proxies in `trusted_proxies`, for example `trusted_proxies = \"10.0.0.7, 10.1.0.0/16\"`"
    )]
    NoProxies(String),
    #[error(
        "{0} is not a loopback address, and without TLS tokens would cross the network readable\nhint: set `tls.certificate` and `tls.key`, or `tls.allow_plain_http_on_any_address = true`"
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
        "`mail.server` is set, and the links in mails have no address: `public_url` is empty, and `listen` is every address of this machine\nhint: set `public_url` to the address that people reach the server under"
    )]
    MailToNowhere,
    #[error(
        "`mail.tls = \"none\"` would send codes readable to `{0}`\nhint: set `mail.tls` to `starttls` or `tls`; `none` is for a mail server on this machine"
    )]
    PlainMail(String),
}

impl ConfigError {
    /// Of a setting. A value that `what` repeats loses its password.
    pub(super) fn at(source: &Source, key: &str, what: String) -> Self {
        let what = match what.contains(DATABASE_FORM) {
            true => what,
            false => base::user_info::hidden(&what).into_owned(),
        };
        match source {
            Source::File { path, line } => Self::File {
                path: path.clone(),
                line: *line,
                key: key.to_owned(),
                what,
            },
            Source::Flag(flag) => Self::Flag {
                flag: flag.clone(),
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

#[cfg(test)]
mod tests {
    use super::super::layer::{Layers, resolve};

    #[test]
    fn regression_7_no_password_of_an_address_is_repeated() {
        for (name, value) in [
            ("VIGIE_PUBLIC_URL", "http://u:secretpw@h"),
            ("VIGIE_PUBLIC_HOSTS", "http://u:secretpw@h"),
            ("VIGIE_CORS_ORIGINS", "https://a, https://u:secretpw@h"),
            ("VIGIE_MAIL_SERVER", "u:secretpw@mail.example.org:587"),
            ("VIGIE_OPERATIONS_LISTEN", "u:secretpw@127.0.0.1:1"),
            ("VIGIE_LISTEN", "http://u:secretpw@127.0.0.1:1"),
            ("VIGIE_DATABASE", "pg://u:secretpw@h/db"),
        ] {
            let layers = Layers {
                environment: [(name.to_owned(), value.to_owned())].into(),
                ..Layers::default()
            };
            let message = resolve(&layers).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{name}: {message}");
        }
    }
}
