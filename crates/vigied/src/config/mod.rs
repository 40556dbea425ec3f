//! Settings: file < environment < flag, each error with its file, line and key.

mod certificates;
pub(crate) mod check;
mod doors;
mod error;
mod file;
mod host;
mod layer;
mod machine;
pub(crate) mod mail;
mod memory;
mod minimum;
mod networks;
pub(crate) mod notation;
mod operations_address;
mod origins;
mod public_hosts;
mod removed;
pub(crate) mod setting;
mod settings;
mod source;
mod sources;
mod values;
mod variables;

pub(crate) use certificates::{CertificateMark, Certificates};
pub(crate) use doors::{Door, Format, SenderSettings, Transport};
pub(crate) use error::ConfigError;
pub(crate) use host::Host;
pub(crate) use layer::{Layers, Resolved, read_file, read_file_of_folder, resolve};
#[cfg(test)]
pub(crate) use minimum::least_of;
pub(crate) use networks::Networks;
pub(crate) use operations_address::OperationsAddress;
pub(crate) use origins::Origins;
pub(crate) use public_hosts::{PublicHost, PublicHosts};
pub(crate) use settings::{LogFormat, ProxyHeader, Settings, TlsFiles};
pub(crate) use source::Source;
pub(crate) use sources::Sources;
pub(crate) use variables::{environment, unknown_variables};
