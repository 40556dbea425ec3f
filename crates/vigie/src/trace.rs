//! Dumps of HTTP traffic for debugging, with every secret removed.

use crate::env;
use crate::error::Failure;
use crate::links;
use crate::output;
use crate::printable_text::{PrintableText, escaped};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

const HIDDEN: &str = "[PRIVATE DATA HIDDEN]";
/// Bodies are shown up to here.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Form fields and JSON members whose values are secrets.
const SECRET_NAMES: &[&str] = &[
    "password",
    "current_password",
    "new_password",
    "one_time_password",
    "one_time_code",
    "passcode",
    "token",
    "access_token",
    "refresh_token",
    "delegated_refresh_token",
    "uaa_token",
    "uaa_refresh_token",
    "iam_token",
    "apikey",
    "api_key",
    "client_secret",
    "uaa_client_secret",
    "security_code",
];

/// Where dumps go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nowhere.
    Off,
    /// To standard error.
    Screen,
    /// To the end of a file.
    File(PathBuf),
}

impl Trace {
    /// Understands `true`, `false`, nothing, or a path.
    pub(crate) fn parse(text: &str) -> Self {
        match (text, env::switch(text)) {
            ("", _) | (_, Some(false)) => Self::Off,
            (_, Some(true)) => Self::Screen,
            (path, None) => Self::File(PathBuf::from(path)),
        }
    }

    /// Dumps a request.
    pub(crate) fn request(
        &self,
        first_line: &str,
        headers: &ureq::http::HeaderMap,
        body: &[u8],
    ) -> Result<(), Failure> {
        if *self == Self::Off {
            return Ok(());
        }
        self.write(&dump(
            &format!("REQUEST: [{}]", now()),
            first_line,
            headers,
            body,
        ))
    }

    /// Dumps a reply.
    pub(crate) fn reply(
        &self,
        first_line: &str,
        headers: &ureq::http::HeaderMap,
        body: &[u8],
        elapsed: Duration,
    ) -> Result<(), Failure> {
        if *self == Self::Off {
            return Ok(());
        }
        let title = format!("RESPONSE: [{}] Elapsed: {}ms", now(), elapsed.as_millis());
        self.write(&dump(&title, first_line, headers, body))
    }

    fn write(&self, text: &PrintableText) -> Result<(), Failure> {
        match self {
            Self::Off => Ok(()),
            Self::Screen => {
                output::to_stderr(text);
                Ok(())
            }
            Self::File(path) => {
                links::refuse_planted(path)?;
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .mode(0o600)
                    .open(path)
                    .and_then(|mut file| file.write_all(text.as_str().as_bytes()))
                    .map_err(|error| Failure::file("append to", path, &error))
            }
        }
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

fn dump(
    title: &str,
    first_line: &str,
    headers: &ureq::http::HeaderMap,
    body: &[u8],
) -> PrintableText {
    let mut text = escaped!("\n{}\n{}\n", title, first_line);
    for (name, value) in headers {
        let secret = matches!(
            name.as_str(),
            "authorization" | "iam-apikey" | "cookie" | "set-cookie"
        ) || name.as_str().starts_with("x-auth-");
        let value = if secret {
            HIDDEN.into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        text.push(&escaped!("{}: {}\n", name.as_str(), &*value));
    }
    text.push(&escaped!("\n{}\n", hide(body)));
    text
}

/// A body with its secrets hidden. A body that is neither JSON nor a form is shown as it is, because it has no named fields.
fn hide(body: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        hide_in(&mut value);
        return shorten(&value.to_string());
    }
    let text = String::from_utf8_lossy(body);
    if text.contains(char::is_whitespace) || !text.contains('=') {
        return shorten(&text);
    }
    let pairs: Vec<String> = text
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) => {
                format!("{name}={HIDDEN}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    shorten(&pairs.join("&"))
}

fn shorten(text: &str) -> String {
    let end = text.floor_char_boundary(BODY_BYTES_MAX);
    match text.get(..end) {
        Some(head) if end < text.len() => format!("{head}… ({} bytes in all)", text.len()),
        _ => text.to_owned(),
    }
}

fn hide_in(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let named = SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str());
                if named && member.as_str().is_some_and(|text| !text.is_empty()) {
                    *member = HIDDEN.into();
                } else {
                    hide_in(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_in),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderMap;

    #[test]
    fn no_secret_gets_through() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer s3cret".parse().unwrap());
        headers.insert("x-auth-user-token", "iam s3cret".parse().unwrap());
        headers.insert("iam-apikey", "s3cret".parse().unwrap());
        let bodies = [
            "grant_type=password&username=ada&password=s3cret&passcode=s3cret",
            r#"{"apikeys":[{"name":"ci","apikey":"s3cret"}],"access_token":"s3cret"}"#,
        ];
        for body in bodies {
            let text = dump("REQUEST", "POST /x", &headers, body.as_bytes()).into_string();
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains(HIDDEN));
        }
        assert!(hide(b"grant_type=password&username=ada").contains("username=ada"));
    }
}
