//! The value of `senders.certificates`: which key speaks for senders that show a certificate, by its fingerprint or by a name that
//! it is valid for: `sha256:HEX=ApiKey-…, web7.example.org=ApiKey-…`.

use super::key_list::KeyList;
use base::id::KeyId;
use std::str::FromStr;

const LIST: KeyList = KeyList {
    form: "must be entries like `sha256:HEX=ApiKey-GUID` or `web7.example.org=ApiKey-GUID`",
    entries_max: 256,
};

/// How a fingerprint begins.
const FINGERPRINT: &str = "sha256:";

/// The mark by which a certificate is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CertificateMark {
    /// SHA-256 of the certificate itself.
    Fingerprint([u8; 32]),
    /// A DNS name or IP address that it is valid for.
    Name(String),
}

/// Certificates, and the key of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Certificates(Vec<(CertificateMark, KeyId, String)>);

impl Certificates {
    /// Each mark, as it was written too, and its key; fingerprints first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&CertificateMark, KeyId, &str)> {
        self.0
            .iter()
            .map(|(mark, key, text)| (mark, *key, text.as_str()))
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Certificates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = LIST.read(text, |written| {
            mark(written).ok_or_else(|| {
                format!(
                    "{}: `{}` is neither 64 hexadecimal digits after `{FINGERPRINT}` nor a name",
                    LIST.form,
                    wire::excerpt::beginning(written)
                )
            })
        })?;
        // A fingerprint says more than a name, which several certificates may have.
        all.sort_by_key(|entry| matches!(entry.0, CertificateMark::Name(_)));
        Ok(Self(all))
    }
}

fn mark(text: &str) -> Option<CertificateMark> {
    let Some(digits) = text.strip_prefix(FINGERPRINT) else {
        let is_name = rustls::pki_types::ServerName::try_from(text).is_ok();
        return is_name.then(|| CertificateMark::Name(text.to_ascii_lowercase()));
    };
    // As `openssl x509 -fingerprint` writes it, too.
    let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b':').collect();
    let mut fingerprint = [0; 32];
    if digits.len() != 2 * fingerprint.len() {
        return None;
    }
    for (byte, pair) in fingerprint.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        let is_hex = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_hex)?;
    }
    Some(CertificateMark::Fingerprint(fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ApiKey-01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn fingerprints_and_names_are_read_and_nothing_else() {
        let digits = "0a".repeat(32);
        let colons = vec!["0A"; 32].join(":");
        for text in [&digits, &colons] {
            let all: Certificates = format!("Web7.example.org={ONE}, sha256:{text} = {ONE}")
                .parse()
                .unwrap();
            let marks: Vec<_> = all.entries().map(|entry| entry.0.clone()).collect();
            let name = CertificateMark::Name("web7.example.org".to_owned());
            assert_eq!(marks, [CertificateMark::Fingerprint([10; 32]), name]);
        }
        assert!("".parse::<Certificates>().unwrap().is_empty());
        for (text, expected) in [
            (
                "web7=vgk_secret".to_owned(),
                "the id of a key (not its text)",
            ),
            ("vgk_secret".to_owned(), "must be entries like"),
            (format!("sha256:0a={ONE}"), "64 hexadecimal digits"),
            (
                format!("sha256:{}={ONE}", "+a".repeat(32)),
                "64 hexadecimal digits",
            ),
            (format!("web 7={ONE}"), "nor a name"),
            (format!("web7={ONE}, WEB7={ONE}"), "must name `WEB7` once"),
        ] {
            let error = text.parse::<Certificates>().unwrap_err();
            assert!(
                error.contains(expected) && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
