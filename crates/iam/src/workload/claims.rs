//! The claims of a compute resource's token: a JSON object that has no member twice, because readers differ on which of two counts.
//! Objects within a claim are not checked for it: of two members there, the last counts.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The claims.
#[derive(Debug)]
pub(super) struct Claims(pub(super) Value);

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Claims, A::Error> {
        let mut claims = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if claims.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Claims(Value::Object(claims)))
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_whose_members_are_there_once_is_read() {
        let read = |text: &str| {
            serde_json::from_str::<Claims>(text)
                .ok()
                .map(|claims| claims.0)
        };
        let whole = r#"{"aud":["a"],"n":{"x":1.5}}"#;
        assert_eq!(read(whole), Some(json!({"aud": ["a"], "n": {"x": 1.5}})));
        for text in [
            r#"{"aud":"a","aud":"b"}"#,
            r#"{"aud":"a","\u0061ud":"a"}"#,
            "[]",
            "1",
            "{",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
