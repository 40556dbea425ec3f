//! Packets as a sender makes them, for tests.

use super::part::{ENCRYPTION, SIGNATURE};
use super::tests::Known;
use super::*;

#[derive(Debug, Default, Clone)]
pub(super) struct Writer(pub(super) Vec<u8>);

#[derive(Debug, Clone, Copy)]
pub(super) enum TypedValue {
    Counter(u64),
    Gauge(f64),
    Derive(i64),
    Absolute(u64),
}

impl Writer {
    pub(super) fn part(mut self, kind: u16, body: &[u8]) -> Self {
        self.0.extend(kind.to_be_bytes());
        self.0
            .extend(u16::try_from(body.len() + 4).unwrap().to_be_bytes());
        self.0.extend(body);
        self
    }

    pub(super) fn text(self, kind: u16, text: &str) -> Self {
        self.part(kind, &[text.as_bytes(), &[0]].concat())
    }

    pub(super) fn number(self, kind: u16, number: u64) -> Self {
        self.part(kind, &number.to_be_bytes())
    }

    /// Host, plugin and its instance, type and its instance.
    pub(super) fn identity(self, texts: [&str; 5]) -> Self {
        let kinds = [0, 2, 3, 4, 5];
        kinds
            .into_iter()
            .zip(texts)
            .fold(self, |writer, (kind, text)| writer.text(kind, text))
    }

    pub(super) fn values(self, values: &[TypedValue]) -> Self {
        let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
        body.extend(values.iter().map(|value| match value {
            TypedValue::Counter(_) => 0,
            TypedValue::Gauge(_) => 1,
            TypedValue::Derive(_) => 2,
            TypedValue::Absolute(_) => 3,
        }));
        for value in values {
            body.extend(match value {
                TypedValue::Counter(value) | TypedValue::Absolute(value) => value.to_be_bytes(),
                TypedValue::Gauge(value) => value.to_le_bytes(),
                TypedValue::Derive(value) => value.to_be_bytes(),
            });
        }
        self.part(6, &body)
    }

    pub(super) fn signed(self, user: &str, password: &str) -> Self {
        let signed = [user.as_bytes(), &self.0].concat();
        let signature = Known.hmac_sha256(password.as_bytes(), &signed);
        let signature_part =
            Self::default().part(SIGNATURE, &[&signature, user.as_bytes()].concat());
        Self([signature_part.0, self.0].concat())
    }

    pub(super) fn encrypted(self, user: &str, password: &str) -> Self {
        let vector = [7; 16];
        let mut text = [Known.sha1(&self.0).as_slice(), &self.0].concat();
        let key = Known.sha256(password.as_bytes());
        assert!(Known.aes256_ofb(&key, vector, &mut text));
        let length = u16::try_from(user.len()).unwrap().to_be_bytes();
        Self::default().part(
            ENCRYPTION,
            &[&length, user.as_bytes(), &vector, &text].concat(),
        )
    }
}
