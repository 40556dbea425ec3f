//! The rules of a domain, for completion.

use super::conf::Conf;
use super::domain_rules::{PATH, confs};
use crate::client::Request;
use crate::error::Failure;
use crate::monitoring::Monitoring;

/// A rule: its name, and the pattern of the names that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownRule {
    pub(crate) name: String,
    pub(crate) pattern: String,
}

/// The rules about steps, then those about what several samples become. It asks once, and waits for nothing.
pub(crate) fn known_rules(monitoring: &Monitoring<'_>) -> Result<Vec<KnownRule>, Failure> {
    let reply = monitoring.attempt(Request::get(monitoring.url(PATH)))?;
    let (_, both) = confs(reply.parse("read the rules")?);
    let rules = both.iter().flat_map(Conf::rules);
    let known = rules.map(|rule| KnownRule {
        pattern: rule.get("pattern").unwrap_or_default().to_owned(),
        name: rule.name,
    });
    Ok(known.collect())
}
