//! `Strict-Transport-Security` (RFC 6797): browsers keep to HTTPS. Said only where HTTPS is what everybody is meant to use: a
//! browser applies it to every port of the host, so it would lock out what else runs there.

use crate::config::Settings;
use http::{HeaderValue, Uri};

/// The header's value, where it is to be sent.
///
/// Also over a connection without TLS: it may come from the proxy that ends TLS; a browser heeds the header over TLS alone.
pub(crate) fn value(settings: &Settings, public_url: &str) -> Option<HeaderValue> {
    let seconds = settings.hsts_seconds;
    if seconds == 0 || !is_https_on_443(public_url) {
        return None;
    }
    // Without `includeSubDomains`: other names of the domain are not ours to speak for.
    HeaderValue::from_str(&format!("max-age={seconds}")).ok()
}

fn is_https_on_443(public_url: &str) -> bool {
    let Ok(uri) = public_url.parse::<Uri>() else {
        return false;
    };
    let port = uri.port_u16().unwrap_or(443);
    uri.scheme_str() == Some("https") && port == 443
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_on_its_own_port() {
        for yes in ["https://vigie.example", "https://vigie.example:443"] {
            assert!(is_https_on_443(yes), "{yes}");
        }
        for no in [
            "http://vigie.example",
            "https://vigie.example:8443",
            "http://vigie.example:443",
            "",
        ] {
            assert!(!is_https_on_443(no), "{no}");
        }
    }
}
