//! Any bytes are a packet of collectd: every value is a sample or refused. Nothing is ever said to be protected, as nobody has a
//! password.

#![no_main]

use base::secret::Secret;
use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::Names;
use wire::ingest::collectd::network::{Cryptography, Protection, Protections, Rules, decode};
use wire::ingest::collectd::types::Types;

struct Nobody;

impl Cryptography for Nobody {
    fn password(&self, _: &str) -> Option<Secret<String>> {
        None
    }

    fn sha1(&self, _: &[u8]) -> [u8; 20] {
        [0; 20]
    }

    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }

    fn hmac_sha256(&self, _: &[u8], _: &[u8]) -> [u8; 32] {
        [0; 32]
    }

    fn aes256_ofb(&self, _: &[u8; 32], _: [u8; 16], _: &mut [u8]) -> bool {
        true
    }
}

fuzz_target!(|bytes: &[u8]| {
    let rules = Rules {
        types: &Types::default(),
        names: Names::default(),
        least: Protections::None,
    };
    if let Ok(read) = decode(bytes, rules, &Nobody, Millis(0)) {
        assert_eq!(read.received, read.batch.len() + read.rejects.len());
        assert!(read.received <= bytes.len() / 9 + 1);
        assert_eq!(read.protection, Protection::None);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Types::default().read(text);
    }
});
