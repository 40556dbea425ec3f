//! The bytes of the names of each domain: which of them, and which account, is near its limit.

use super::text::head;
use base::scope::Domain;
use base::store::SampleStore;
use iam::directory::Directory;
use std::fmt::Write;

const NAME: &str = "vigie_name_bytes";

/// Renders the bytes of the names of all domains. Asks the store.
pub(crate) fn render_all(store: &dyn SampleStore, directory: &Directory) -> String {
    let accounts = directory.accounts();
    let domains = accounts
        .iter()
        .flat_map(|account| directory.domains_in(account.id));
    render(store, directory, domains)
}

/// Renders those of these domains, as far as they have any and the store knows them. Asks the store.
pub(crate) fn render(
    store: &dyn SampleStore,
    directory: &Directory,
    domains: impl Iterator<Item = Domain>,
) -> String {
    let mut out = String::new();
    head(
        &mut out,
        NAME,
        "Bytes of the names of all series of a domain.",
        "gauge",
    );
    for domain in domains {
        let usage = directory
            .metering_of(domain)
            .and_then(|metering| store.usage(&metering).ok());
        let name_bytes = usage.map_or(0, |usage| usage.name_bytes);
        if let Some(account) = directory.account_of(domain)
            && name_bytes > 0
        {
            let _ = writeln!(
                out,
                "{NAME}{{account=\"{account}\",domain=\"{domain}\"}} {name_bytes}"
            );
        }
    }
    out
}
