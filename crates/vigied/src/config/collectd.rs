//! The typed settings of collectd's `network` listener.

use super::ConfigError;
use super::users::Users;
use super::values::Values;
use std::path::PathBuf;
use std::time::Duration;
use wire::ingest::collectd::network::Protections;

/// How collectd's packets are read.
#[derive(Debug, Clone)]
pub(crate) struct CollectdSettings {
    pub(crate) least: Protections,
    pub(crate) users: Users,
    pub(crate) replay: Duration,
    pub(crate) types: Vec<PathBuf>,
}

impl CollectdSettings {
    pub(super) fn read(values: &Values<'_>) -> Result<Self, ConfigError> {
        let levels = [
            ("none", Protections::None),
            ("sign", Protections::Signed),
            ("encrypt", Protections::Encrypted),
        ];
        let files = values.optional("collectd.types_db")?.unwrap_or_default();
        let files = files.split(',').map(str::trim);
        Ok(Self {
            least: values.choice("collectd.security_level", &levels)?,
            users: values.parsed("collectd.users")?,
            replay: Duration::from_secs(values.parsed("collectd.replay_seconds")?),
            types: files
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
                .collect(),
        })
    }
}
