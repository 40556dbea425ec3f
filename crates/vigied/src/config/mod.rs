//! Settings: file < environment < flag, each error with its file, line and key.

pub(crate) mod check;
mod error;
mod file;
mod host;
mod layer;
mod least;
mod machine;
pub(crate) mod mail;
mod memory;
mod networks;
mod notation;
mod place;
mod public_hosts;
mod removed;
pub(crate) mod setting;
mod settings;
mod source;
mod values;
mod variables;

pub(crate) use error::ConfigError;
pub(crate) use host::Host;
pub(crate) use layer::{Layers, Resolved, read_file, read_file_of_folder, resolve};
pub(crate) use networks::Networks;
pub(crate) use place::Place;
pub(crate) use public_hosts::{PublicHost, PublicHosts};
pub(crate) use settings::{LogFormat, ProxyHeader, Settings, TlsFiles};
pub(crate) use source::Source;
pub(crate) use variables::{environment, strays};
