//! Flags that name settings, which many commands have.

use clap::Args;
use std::path::PathBuf;

/// Flags that name settings; what is not given here comes from the environment or the file.
#[derive(Debug, Args, Default)]
pub(crate) struct SettingArgs {
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The settings file [default: `vigie.toml` in the data folder, if there].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The address to serve on: `8080` means this machine only, `:8080` every address, and port 0 any free port.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// The address clients reach the server under.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Keep identity and configuration in this PostgreSQL database.
    #[arg(long, value_name = "postgres://…")]
    pub(crate) database: Option<String>,
    /// File with the certificate chain (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<String>,
    /// File with the private key (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<String>,
    /// Serve without TLS on any address: tokens then cross the network readable.
    #[arg(long)]
    pub(crate) allow_plain_http_on_any_address: bool,
    /// Log level: `error`, `warn`, `info`, `debug`, or a filter.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// `text` or `json`.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// Set any setting, for example `--set tokens.access_token_seconds=900`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "must be KEY=VALUE".to_owned())
}

impl SettingArgs {
    /// The flags that were given, as (key, flag, value).
    pub(crate) fn flags(&self) -> Vec<(String, String, String)> {
        let data = self
            .data
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let allow = self
            .allow_plain_http_on_any_address
            .then(|| "true".to_owned());
        let named = [
            ("data", "--data", &data),
            ("listen", "--listen", &self.listen),
            ("public_url", "--public-url", &self.public_url),
            ("database", "--database", &self.database),
            ("tls.certificate", "--tls-cert", &self.tls_cert),
            ("tls.key", "--tls-key", &self.tls_key),
            (
                "tls.allow_plain_http_on_any_address",
                "--allow-plain-http-on-any-address",
                &allow,
            ),
            ("log.level", "--log-level", &self.log_level),
            ("log.format", "--log-format", &self.log_format),
        ];
        let named = named.into_iter().filter_map(|(key, flag, value)| {
            value
                .as_ref()
                .map(|value| (key.to_owned(), flag.to_owned(), value.clone()))
        });
        let set = self
            .set
            .iter()
            .map(|(key, value)| (key.clone(), format!("--set {key}"), value.clone()));
        named.chain(set).collect()
    }
}

/// Where the identity database is; what is not given here comes from the environment or the file.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The settings file [default: `vigie.toml` in the data folder, if there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The PostgreSQL database that keeps identity and configuration, if one does.
    #[arg(long, value_name = "postgres://…")]
    database: Option<String>,
}

impl DatabaseArgs {
    /// The same as flags of the server.
    pub(crate) fn settings(&self) -> SettingArgs {
        SettingArgs {
            data: self.data.clone(),
            config: self.config.clone(),
            database: self.database.clone(),
            ..SettingArgs::default()
        }
    }
}
