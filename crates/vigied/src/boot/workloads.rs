//! The issuers whose tokens workloads log in with: the file that names them, and the reading of their keys, from a file or by HTTPS.
//!
//! The address is the operator's, and nothing else is asked: no redirect is followed, no proxy of the environment is used, and the
//! answer is bounded in size and time. It runs on a thread that may block.

use crate::config::Settings;
use crate::config::workloads::{IssuerSettings, KeysAt, parse};
use crate::data_dir::private_files;
use anyhow::Context;
use base::id::AccountId;
use iam::workload::{AccountOf, KeyFetch, KeySet, WorkloadIssuer};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The largest set of keys, certificate file or file of issuers. An issuer's keys have some kilobytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// How long the keys of an issuer may take to come, from the look-up of the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a file of the operator's, which must be one: who could change it could make themselves any workload.
#[derive(Debug, Clone)]
struct TrustedFile {
    path: PathBuf,
    /// The data folder, in which no link is followed.
    data: PathBuf,
    /// Skips the check of who may change the file.
    any_mode: bool,
}

impl TrustedFile {
    fn of(settings: &Settings, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            data: settings.data().to_owned(),
            any_mode: settings.allow_readable_secrets(),
        }
    }

    fn read(&self) -> anyhow::Result<Vec<u8>> {
        let path = self.path.display();
        private_files::check_no_link_inside(&self.path, &self.data)?;
        let cannot = || format!("cannot read `{path}`");
        let found = self.path.metadata().with_context(cannot)?;
        if !found.is_file() {
            anyhow::bail!("`{path}` is not a file");
        }
        if found.mode() & 0o002 != 0 && !self.any_mode {
            anyhow::bail!("`{path}` may be changed by everybody on this machine");
        }
        let mut bytes = Vec::new();
        let file = File::open(&self.path).with_context(cannot)?;
        let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        match read.with_context(cannot)? as u64 > FILE_BYTES_MAX {
            true => anyhow::bail!("`{path}` has more than {FILE_BYTES_MAX} bytes"),
            false => Ok(bytes),
        }
    }
}

/// An error with its causes, on one line.
fn on_one_line(error: &anyhow::Error) -> String {
    base::error_chain::on_one_line(error.as_ref())
}

/// Keys in a file.
#[derive(Debug)]
struct FileOfKeys(TrustedFile);

impl KeyFetch for FileOfKeys {
    fn fetch(&self) -> Result<Vec<u8>, String> {
        self.0.read().map_err(|error| on_one_line(&error))
    }
}

/// Keys at an address.
#[derive(Debug)]
struct AddressOfKeys {
    url: String,
    authorities: Option<TrustedFile>,
}

impl AddressOfKeys {
    fn roots(&self) -> anyhow::Result<RootCerts> {
        let Some(file) = &self.authorities else {
            return Ok(RootCerts::WebPki);
        };
        let pem = file.read()?;
        let certificates = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let certificates: Vec<Certificate<'static>> = certificates.collect();
        // An empty list would trust nobody, and say only that the certificate is unknown.
        if certificates.is_empty() {
            anyhow::bail!("there is no certificate in `{}`", file.path.display());
        }
        Ok(RootCerts::from(certificates))
    }

    fn ask(&self) -> anyhow::Result<Vec<u8>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(self.roots()?)
            .build();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("vigied/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .tls_config(tls)
            .build()
            .into();
        let mut answer = agent.get(&self.url).call()?;
        let status = answer.status();
        if status != ureq::http::StatusCode::OK {
            anyhow::bail!("the answer is {}, not 200", status.as_u16());
        }
        let body = answer.body_mut().with_config().limit(FILE_BYTES_MAX);
        Ok(body.read_to_vec()?)
    }
}

impl KeyFetch for AddressOfKeys {
    fn fetch(&self) -> Result<Vec<u8>, String> {
        let asked = self.ask();
        asked.map_err(|error| format!("`{}`: {}", self.url, on_one_line(&error)))
    }

    fn place(&self) -> Option<String> {
        let authorities = self.authorities.as_ref();
        let authorities =
            authorities.map_or_else(String::new, |file| file.path.display().to_string());
        Some(format!("{} {authorities}", self.url))
    }
}

fn named(settings: &Settings) -> anyhow::Result<Vec<IssuerSettings>> {
    let Some(path) = settings.workload_issuers_file() else {
        return Ok(Vec::new());
    };
    let what = "cannot use `workloads.issuers_file`";
    let text = TrustedFile::of(settings, path).read().context(what)?;
    let text = String::from_utf8(text).context(what)?;
    parse(path, &text)
}

fn keys(settings: &Settings, at: &KeysAt) -> Arc<dyn KeyFetch> {
    match at {
        KeysAt::File(path) => Arc::new(FileOfKeys(TrustedFile::of(settings, path))),
        KeysAt::Url { url, ca_file } => Arc::new(AddressOfKeys {
            url: url.clone(),
            authorities: (ca_file.as_deref()).map(|path| TrustedFile::of(settings, path)),
        }),
    }
}

/// The issuers that the settings name.
///
/// # Errors
/// When the file that names them cannot be used. Their keys are read when the first token comes.
pub(crate) fn issuers(settings: &Settings) -> anyhow::Result<Vec<WorkloadIssuer>> {
    let all = named(settings)?
        .into_iter()
        .map(|issuer_settings| WorkloadIssuer {
            keys: keys(settings, &issuer_settings.keys),
            issuer: issuer_settings.issuer,
            audience: issuer_settings.audience,
            cr_type: issuer_settings.cr_type,
            account: issuer_settings.account,
            crn: issuer_settings.crn,
            namespace: issuer_settings.namespace,
            name: issuer_settings.name,
        });
    Ok(all.collect())
}

/// The issuers whose workloads are all of one account, with its id.
///
/// # Errors
/// As [`issuers`].
pub(crate) fn fixed_accounts(settings: &Settings) -> anyhow::Result<Vec<(String, AccountId)>> {
    let all = named(settings)?.into_iter();
    let fixed = all.filter_map(|issuer| match issuer.account {
        AccountOf::Fixed(account) => Some((issuer.issuer, account)),
        AccountOf::Claim(_) => None,
    });
    Ok(fixed.collect())
}

/// A sentence for each file of keys or certificates that cannot be used, and for a file without any issuer: for
/// `vigied config check`, which asks no other machine.
///
/// # Errors
/// As [`issuers`].
pub(crate) fn complaints(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    let all = named(settings)?;
    if let Some(path) = settings.workload_issuers_file().filter(|_| all.is_empty()) {
        complaints.push(format!(
            "no workload gets in: `workloads.issuers_file` {} names no issuer",
            path.display()
        ));
    }
    for issuer in all {
        let read = match &issuer.keys {
            KeysAt::File(_) => keys(settings, &issuer.keys).fetch().and_then(|text| {
                let read = KeySet::read(&text);
                read.map(drop).map_err(|error| error.to_string())
            }),
            KeysAt::Url { ca_file, url } => {
                let authorities = ca_file.as_deref();
                let address = AddressOfKeys {
                    url: url.clone(),
                    authorities: authorities.map(|path| TrustedFile::of(settings, path)),
                };
                let roots = address.roots().map(drop);
                roots.map_err(|error| on_one_line(&error))
            }
        };
        if let Err(why) = read {
            let at = match &issuer.keys {
                KeysAt::File(path) => format!("`jwks_file` {}", path.display()),
                KeysAt::Url { .. } => "`jwks_ca_file`".to_owned(),
            };
            complaints.push(format!(
                "no workload of the issuer `{}` gets in: {at} cannot be used: {why}",
                issuer.issuer
            ));
        }
    }
    Ok(complaints)
}
