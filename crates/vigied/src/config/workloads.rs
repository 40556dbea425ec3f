//! The file of `workloads.issuers_file`: the issuers whose tokens workloads log in with, each a table `[[issuer]]` of a TOML file.

use iam::workload::{AccountOf, ClaimName, CrType, CrnOf};
use serde::Deserialize;
use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The most issuers of a file.
const ISSUERS_MAX: usize = 16;

/// The longest text of an entry.
const TEXT_BYTES_MAX: usize = 512;

/// The longest CRN, which is shown in tokens.
const CRN_BYTES_MAX: usize = 255;

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeysAt {
    /// In a file.
    File(PathBuf),
    /// At an address, whose certificate may be by authorities of their own.
    Url {
        url: String,
        ca_file: Option<PathBuf>,
    },
}

/// An issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerSettings {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) cr_type: CrType,
    pub(crate) account: AccountOf,
    pub(crate) crn: Option<CrnOf>,
    pub(crate) namespace: Option<ClaimName>,
    pub(crate) name: Option<ClaimName>,
    pub(crate) keys: KeysAt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    #[serde(default)]
    issuer: Vec<IssuerIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerIn {
    issuer: String,
    audience: String,
    cr_type: String,
    account: Option<String>,
    account_claim: Option<String>,
    crn: Option<String>,
    crn_claim: Option<String>,
    namespace_claim: Option<String>,
    name_claim: Option<String>,
    jwks_file: Option<PathBuf>,
    jwks_url: Option<String>,
    jwks_ca_file: Option<PathBuf>,
}

/// Reads the text of the file. One that names no issuer is no slip to be mended: from then on none is believed.
///
/// # Errors
/// Names the file, and the line or the issuer.
pub(crate) fn parse(path: &Path, text: &str) -> anyhow::Result<Vec<IssuerSettings>> {
    let file = path.display();
    let read: FileIn = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.unwrap_or_default().matches('\n').count() + 1;
        anyhow::anyhow!("{file}:{line}: {}", error.message())
    })?;
    let count = read.issuer.len();
    if count > ISSUERS_MAX {
        anyhow::bail!(
            "{file}: there are {count} tables `[[issuer]]`, and there may be {ISSUERS_MAX}"
        );
    }
    let mut all: Vec<IssuerSettings> = Vec::with_capacity(count);
    for (number, table) in (1..).zip(read.issuer) {
        let one =
            issuer(table).map_err(|what| anyhow::anyhow!("{file}: issuer {number}: {what}"))?;
        if all.iter().any(|known| known.issuer == one.issuer) {
            anyhow::bail!(
                "{file}: issuer {number}: `{}` is there already: a token must have one meaning",
                one.issuer
            );
        }
        all.push(one);
    }
    Ok(all)
}

fn issuer(entry: IssuerIn) -> Result<IssuerSettings, String> {
    let account = match (entry.account, entry.account_claim) {
        (Some(id), None) => AccountOf::Fixed(read("account", &id, "an account's id")?),
        (None, Some(claim)) => AccountOf::Claim(parsed("account_claim", &claim)?),
        _ => return Err("set one of `account` and `account_claim`".to_owned()),
    };
    let crn = match (entry.crn, entry.crn_claim) {
        (None, None) => None,
        (Some(crn), None) => Some(CrnOf::Fixed(checked_crn(crn)?)),
        (None, Some(claim)) => Some(CrnOf::Claim(parsed("crn_claim", &claim)?)),
        (Some(_), Some(_)) => return Err("set one of `crn` and `crn_claim`".to_owned()),
    };
    let claim = |key: &str, text: Option<String>| text.map(|text| parsed(key, &text)).transpose();
    Ok(IssuerSettings {
        issuer: visible("issuer", entry.issuer)?,
        audience: visible("audience", entry.audience)?,
        cr_type: parsed("cr_type", &entry.cr_type)?,
        account,
        crn,
        namespace: claim("namespace_claim", entry.namespace_claim)?,
        name: claim("name_claim", entry.name_claim)?,
        keys: match (entry.jwks_file, entry.jwks_url, entry.jwks_ca_file) {
            (Some(file), None, None) => KeysAt::File(file),
            (None, Some(url), ca_file) => KeysAt::Url {
                url: checked_url(url, ca_file.is_some())?,
                ca_file,
            },
            (Some(_), None, Some(_)) => {
                return Err("`jwks_ca_file` goes with `jwks_url`".to_owned());
            }
            _ => return Err("set one of `jwks_file` and `jwks_url`".to_owned()),
        },
    })
}

fn parsed<T: FromStr<Err: Display>>(key: &str, text: &str) -> Result<T, String> {
    let read = text.parse::<T>();
    read.map_err(|what| format!("`{key}` {what}"))
}

fn read<T: FromStr>(key: &str, text: &str, expected: &str) -> Result<T, String> {
    let read = text.parse::<T>();
    read.map_err(|_| format!("`{key}` must be {expected}"))
}

/// A text that can be shown on one line.
fn visible(key: &str, text: String) -> Result<String, String> {
    let is_visible = !text.chars().any(base::invisible::is_invisible);
    match !text.is_empty() && text.len() <= TEXT_BYTES_MAX && is_visible {
        true => Ok(text),
        false => Err(format!(
            "`{key}` must be a text of 1 to {TEXT_BYTES_MAX} bytes, without invisible characters"
        )),
    }
}

fn checked_crn(crn: String) -> Result<String, String> {
    let crn = visible("crn", crn)?;
    match crn.starts_with("crn:") && crn.len() <= CRN_BYTES_MAX {
        true => Ok(crn),
        false => Err(format!(
            "`crn` must begin with `crn:` and have at most {CRN_BYTES_MAX} bytes"
        )),
    }
}

/// Keys that somebody on the way could replace would let them in as any workload.
fn checked_url(url: String, has_authority: bool) -> Result<String, String> {
    let url = visible("jwks_url", url)?;
    let wrong = || {
        "`jwks_url` must be `https://HOST[:PORT]/PATH` without a user, or `http://` with an address of this machine"
            .to_owned()
    };
    let parts: http::Uri = url.parse().map_err(|_| wrong())?;
    let (Some(host), Some(authority)) = (parts.host(), parts.authority()) else {
        return Err(wrong());
    };
    let bare = host.trim_matches(['[', ']']);
    let is_here = bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match parts.scheme_str() {
        _ if authority.as_str().contains('@') => Err(wrong()),
        Some("https") => Ok(url),
        Some("http") if is_here && has_authority => {
            Err("`jwks_ca_file` goes with `https://`".to_owned())
        }
        Some("http") if is_here => Ok(url),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

    fn file(lines: &[&str]) -> Result<Vec<IssuerSettings>, String> {
        let base = [
            "[[issuer]]",
            "issuer = \"https://cluster.example\"",
            "audience = \"vigie\"",
            "cr_type = \"IKS_SA\"",
        ];
        let text = [&base[..], lines].concat().join("\n");
        parse(Path::new("issuers.toml"), &text).map_err(|error| error.to_string())
    }

    fn account() -> String {
        format!("account = \"{ACCOUNT}\"")
    }

    #[test]
    fn an_issuer_is_read_with_what_its_claims_mean() {
        let all = file(&[
            &account(),
            "crn = \"crn:v1:x\"",
            "namespace_claim = \"/kubernetes.io/namespace\"",
            "name_claim = \"sub\"",
            "jwks_url = \"https://cluster.example/openid/v1/jwks\"",
            "jwks_ca_file = \"ca.pem\"",
            "[[issuer]]",
            "issuer = \"b\"",
            "audience = \"vigie\"",
            "cr_type = \"VSI\"",
            "account_claim = \"account\"",
            "crn_claim = \"crn\"",
            "jwks_file = \"keys.json\"",
        ])
        .unwrap();
        let [first, second] = all.as_slice() else {
            panic!("{all:?}");
        };
        assert_eq!(first.account, AccountOf::Fixed(ACCOUNT.parse().unwrap()));
        assert_eq!(first.crn, Some(CrnOf::Fixed("crn:v1:x".to_owned())));
        let keys = KeysAt::Url {
            url: "https://cluster.example/openid/v1/jwks".to_owned(),
            ca_file: Some("ca.pem".into()),
        };
        assert_eq!(first.keys, keys);
        assert_eq!(second.account, AccountOf::Claim("account".parse().unwrap()));
        assert_eq!(second.cr_type, CrType::Vsi);
        assert_eq!(second.keys, KeysAt::File("keys.json".into()));
        assert_eq!((&second.namespace, &second.name), (&None, &None));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        let account = account();
        let keys = "jwks_file = \"keys.json\"";
        for (lines, expected) in [
            (
                vec![keys],
                "issuer 1: set one of `account` and `account_claim`",
            ),
            (
                vec![&*account, "account_claim = \"a\"", keys],
                "issuer 1: set one of `account` and `account_claim`",
            ),
            (
                vec!["account = \"x\"", keys],
                "`account` must be an account's id",
            ),
            (
                vec!["account_claim = \"\"", keys],
                "`account_claim` must be the name of a claim",
            ),
            (vec![&*account], "set one of `jwks_file` and `jwks_url`"),
            (
                vec![&*account, keys, "jwks_url = \"https://a/b\""],
                "set one of `jwks_file` and `jwks_url`",
            ),
            (
                vec![&*account, keys, "jwks_ca_file = \"c\""],
                "`jwks_ca_file` goes with `jwks_url`",
            ),
            (
                vec![
                    &*account,
                    "jwks_url = \"http://127.0.0.1/k\"",
                    "jwks_ca_file = \"c\"",
                ],
                "`jwks_ca_file` goes with `https://`",
            ),
            (
                vec![&*account, keys, "crn = \"x\""],
                "`crn` must begin with `crn:`",
            ),
            (
                vec![&*account, keys, "crn = \"crn:x\"", "crn_claim = \"a\""],
                "set one of `crn` and `crn_claim`",
            ),
            (
                vec![&*account, keys, "name_claim = \"/a~2\""],
                "`name_claim` must be a JSON Pointer",
            ),
            (
                vec![&*account, keys, "secret = \"a\""],
                "unknown field `secret`",
            ),
            (vec![&*account, keys, "name_claim = 1"], "issuers.toml:"),
            (
                vec![
                    &*account,
                    keys,
                    "[[issuer]]",
                    "issuer = \"https://cluster.example\"",
                    "audience = \"b\"",
                    "cr_type = \"CE\"",
                    &*account,
                    keys,
                ],
                "issuer 2: `https://cluster.example` is there already",
            ),
        ] {
            let refused = file(&lines).unwrap_err();
            assert!(refused.contains(expected), "{lines:?}: {refused}");
        }
        let table = [
            "[[issuer]]",
            "issuer = \"a\"",
            "audience = \"b\"",
            "cr_type = \"CE\"",
            &*account,
            keys,
            "",
        ];
        let many = table.join("\n").repeat(17);
        let refused = parse(Path::new("f"), &many).unwrap_err().to_string();
        assert!(refused.contains("there are 17 tables"), "{refused}");
        for text in ["", "# none"] {
            assert!(parse(Path::new("f"), text).unwrap().is_empty(), "{text}");
        }
        let other = file(&[&*account, keys]).map(|all| all.len());
        assert_eq!(other, Ok(1));
    }

    #[test]
    fn keys_come_over_a_way_that_nobody_can_change() {
        let account = account();
        for (url, is_taken) in [
            ("https://cluster.example/keys", true),
            ("https://cluster.example:6443/keys?a=b", true),
            ("http://127.0.0.1:8001/keys", true),
            ("http://[::1]:8001/keys", true),
            ("http://localhost/keys", true),
            ("http://cluster.example/keys", false),
            ("http://127.0.0.1.example/keys", false),
            ("http://u:p@127.0.0.1/keys", false),
            ("https://u:p@cluster.example/keys", false),
            ("file:///etc/passwd", false),
            ("/keys", false),
            ("", false),
        ] {
            let line = format!("jwks_url = \"{url}\"");
            assert_eq!(file(&[&account, &line]).is_ok(), is_taken, "{url}");
        }
    }
}
