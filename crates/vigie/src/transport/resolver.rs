//! Resolves names, and drops the unspecified address (`0.0.0.0`, `[::]`), which would connect to this machine. Some name services
//! return it for blocked names.

use std::net::SocketAddr;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

#[derive(Debug, Default)]
pub(super) struct OwnResolver(DefaultResolver);

impl Resolver for OwnResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| is_specified(address)) {
            kept.push(*address);
        }
        if kept.is_empty() {
            return Err(Error::HostNotFound);
        }
        Ok(kept)
    }
}

fn is_specified(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use ureq::Timeout;

    #[test]
    fn no_name_leads_to_the_address_of_all() {
        let resolved = |url: &str| {
            let uri: Uri = url.parse().unwrap();
            let timeout = NextTimeout {
                after: Duration::from_secs(30).into(),
                reason: Timeout::Resolve,
                ..NextTimeout::default()
            };
            OwnResolver::default().resolve(&uri, &Config::default(), timeout)
        };
        for url in [
            "http://0.0.0.0:1",
            "http://[::]:1",
            "http://0:1",
            "http://[::ffff:0.0.0.0]:1",
        ] {
            assert!(matches!(resolved(url), Err(Error::HostNotFound)), "{url}");
        }
        assert_eq!(resolved("http://127.0.0.1:1").unwrap().len(), 1);
    }
}
