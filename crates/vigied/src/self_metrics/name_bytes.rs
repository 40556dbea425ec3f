//! The bytes of the names of each domain: which of them, and which account, is near its limit. They are those of domains to which something
//! was sent since the start, as the counters are: the store is not asked about thousands of others each time.

use super::text::head;
use base::scope::Domain;
use base::store::SampleStore;
use iam::directory::Directory;
use std::fmt::Write;

const NAME: &str = "vigie_name_bytes";

/// Renders those of these domains, with their accounts. Asks the store.
pub(crate) fn render_with_accounts(
    store: &dyn SampleStore,
    directory: &Directory,
    domains: &[Domain],
) -> String {
    rendered(store, directory, domains, |domain| {
        let account = directory.account_of(domain)?;
        Some(format!("account=\"{account}\",domain=\"{domain}\""))
    })
}

/// Renders those of these domains for a caller who may see no more than these. Asks the store.
pub(crate) fn render(store: &dyn SampleStore, directory: &Directory, domains: &[Domain]) -> String {
    rendered(store, directory, domains, |domain| {
        Some(format!("domain=\"{domain}\""))
    })
}

fn rendered(
    store: &dyn SampleStore,
    directory: &Directory,
    domains: &[Domain],
    labels: impl Fn(Domain) -> Option<String>,
) -> String {
    let mut out = String::new();
    let help = "Bytes of the names of all series of a domain.";
    head(&mut out, NAME, help, "gauge");
    for domain in domains.iter().copied() {
        let metering = directory.metering_of(domain);
        let usage = metering.and_then(|metering| store.usage(&metering).ok());
        let name_bytes = usage.map_or(0, |usage| usage.name_bytes);
        if name_bytes > 0
            && let Some(labels) = labels(domain)
        {
            let _ = writeln!(out, "{NAME}{{{labels}}} {name_bytes}");
        }
    }
    out
}
