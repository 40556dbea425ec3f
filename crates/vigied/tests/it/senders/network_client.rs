//! Debian's `collectd`, unmodified, with its plugin `network` as the guide configures it: signed, encrypted, and in clear.

use super::Listeners;
use super::network::with_user;
use crate::collectd_client::{self, Collectd, block};

/// Values that it measures under this name can be read.
fn sends(listeners: &Listeners, host: &str, level: &str, secret: &str) {
    let address = listeners.address("collectd.listen");
    let port = address.rsplit_once(':').unwrap().1;
    let block = block("network")
        .replace("vigie.example.org", "127.0.0.1")
        .replace("25826", port)
        .replace("\"Encrypt\"", &format!("\"{level}\""))
        .replace("SECRET", secret);
    Collectd::start(host, "1", &block).arrives(listeners);
}

#[test]
fn debians_collectd_sends_signed_encrypted_and_in_clear() {
    if !collectd_client::is_here("debians_collectd_sends_signed_encrypted_and_in_clear") {
        return;
    }
    let (listeners, secret, _) = with_user(&["--set", "collectd.security_level=sign"]);
    sends(&listeners, "signed.example.org", "Sign", &secret);
    sends(&listeners, "sealed.example.org", "Encrypt", &secret);
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    sends(&listeners, "clear.example.org", "None", "none");
}
