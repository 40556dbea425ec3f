//! Credentials and scopes as headers carry them.
//!
//! People paste tokens: with `Bearer` left in, twice, in quotes, with a line end at the back. What was meant is still
//! understood, and said to have been mended ([`Repair`]). What is ambiguous is refused with a sentence that says what
//! is expected, and no error or `Debug` repeats the credential.

use crate::secret::SecretText;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The kind of a credential, as its sender names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// An IAM access token: `iam`.
    Iam,
    /// An API key: `apikey`, or `api` as some pages of the original's documentation have it.
    ApiKey,
    /// A UAA access token: `uaa`.
    Uaa,
}

/// Something that was mended in a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Repair {
    /// The word `Bearer` was left in.
    BearerRemoved = 1,
    /// It stood in quotes.
    QuotesRemoved = 2,
    /// Blanks or line ends stood around it.
    WhitespaceTrimmed = 4,
}

impl Repair {
    /// Every repair.
    pub const ALL: [Self; 3] = [
        Self::BearerRemoved,
        Self::QuotesRemoved,
        Self::WhitespaceTrimmed,
    ];

    /// The word for headers and metric labels.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BearerRemoved => "bearer-removed",
            Self::QuotesRemoved => "quotes-removed",
            Self::WhitespaceTrimmed => "whitespace-trimmed",
        }
    }
}

/// A set of [`Repair`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repairs(u8);

impl Repairs {
    fn add(&mut self, repair: Repair) {
        self.0 |= repair as u8;
    }

    /// Whether `repair` was made.
    #[must_use]
    pub const fn contains(self, repair: Repair) -> bool {
        self.0 & repair as u8 != 0
    }

    /// Whether nothing needed mending.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The repairs made.
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        Repair::ALL
            .into_iter()
            .filter(move |repair| self.contains(*repair))
    }

    /// The value of the reply header `X-Vigie-Credential-Notice`.
    #[must_use]
    pub fn header_value(self) -> String {
        self.iter().map(Repair::word).collect::<Vec<_>>().join(", ")
    }
}

/// A credential out of a header, borrowed from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The kind named; `None` when `Bearer` stood in its place, as in `Authorization`.
    pub kind: Option<CredentialKind>,
    /// The credential itself, visible ASCII without blanks.
    pub text: &'a str,
    /// The repairs made to it.
    pub repairs: Repairs,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("kind", &self.kind)
            .field("text", &"<hidden>")
            .field("repairs", &self.repairs)
            .finish()
    }
}

/// Why a header holds no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// An empty header.
    #[error("the header is empty, expected `<kind> <credential>`")]
    Empty,
    /// One word only.
    #[error(
        "the credential's kind is missing, expected `iam`, `apikey` or `uaa`, a blank, and the credential"
    )]
    KindMissing,
    /// A word that is no kind; short and harmless ones are named.
    #[error("{kind} is not a kind of credential, expected `iam`, `apikey` or `uaa`")]
    KindUnknown {
        /// The word in backticks, or a description of it.
        kind: String,
    },
    /// A kind and nothing after it.
    #[error("the credential after the kind is missing")]
    CredentialMissing,
    /// Blanks or control characters inside, or anything but ASCII.
    #[error("the credential holds a character that no token or key holds")]
    Characters,
    /// `Authorization` of another scheme than the one asked for.
    #[error("the header `Authorization` is not `{expected} …`")]
    Scheme {
        /// `Bearer` or `Basic`.
        expected: &'static str,
    },
    /// Not base64 of `user:password`.
    #[error("the header `Authorization: Basic` is not base64 of `name:password`")]
    BasicMalformed,
    /// A name that says of no credential what it is; it may be a credential itself.
    #[error("the name in `Authorization: Basic` is not `apikey`, `iam` or `token`")]
    BasicName,
}

/// Reads `X-Auth-User-Token`: `<kind> <credential>`.
///
/// # Errors
/// [`CredentialError`] says what is missing.
pub fn user_token(header: &[u8]) -> Result<Credential<'_>, CredentialError> {
    let mut repairs = Repairs::default();
    let text = strip(as_ascii(header)?, &mut repairs);
    if text.is_empty() {
        return Err(CredentialError::Empty);
    }
    let (word, rest) = split_word(text);
    let Some(kind) = kind_of(word) else {
        // The whole of what the command line prints after its label: the token itself says which kind it is.
        if word.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
            repairs.add(Repair::BearerRemoved);
            return credential(None, rest, repairs);
        }
        if rest.is_empty() {
            return Err(CredentialError::KindMissing);
        }
        return Err(CredentialError::KindUnknown {
            kind: if word.len() <= 12 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                format!("`{word}`")
            } else {
                "the first word".to_owned()
            },
        });
    };
    credential(Some(kind), rest, repairs)
}

/// Reads `Authorization: Bearer <token>`; the scheme may be written in any case.
///
/// # Errors
/// [`CredentialError`] says what is missing.
pub fn authorization(header: &[u8]) -> Result<Credential<'_>, CredentialError> {
    let mut repairs = Repairs::default();
    let text = strip(as_ascii(header)?, &mut repairs);
    if text.is_empty() {
        return Err(CredentialError::Empty);
    }
    let (word, rest) = split_word(text);
    if !word.eq_ignore_ascii_case("bearer") {
        return Err(CredentialError::Scheme { expected: "Bearer" });
    }
    credential(None, rest, repairs)
}

/// The user name and password of `Authorization: Basic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic {
    /// The user name or client id.
    pub user: String,
    /// The password or client secret; may be empty.
    pub password: SecretText,
}

/// Reads `Authorization: Basic <base64>`.
///
/// # Errors
/// [`CredentialError::Scheme`] for another scheme, [`CredentialError::BasicMalformed`] for a broken value.
pub fn basic(header: &[u8]) -> Result<Basic, CredentialError> {
    let text = as_ascii(header)?.trim();
    let (word, rest) = split_word(text);
    if !word.eq_ignore_ascii_case("basic") {
        return Err(CredentialError::Scheme { expected: "Basic" });
    }
    let decoded = STANDARD
        .decode(rest.trim())
        .map_err(|_| CredentialError::BasicMalformed)?;
    let decoded = String::from_utf8(decoded).map_err(|_| CredentialError::BasicMalformed)?;
    let decoded = base::secret::Secret::new(decoded);
    let (user, password) = decoded
        .expose()
        .split_once(':')
        .ok_or(CredentialError::BasicMalformed)?;
    Ok(Basic {
        user: user.to_owned(),
        password: SecretText::new(password),
    })
}

/// The value of `Authorization` for a user name and password.
#[must_use]
pub fn encode_basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(crate) fn kind_of(word: &str) -> Option<CredentialKind> {
    [
        ("iam", CredentialKind::Iam),
        ("apikey", CredentialKind::ApiKey),
        ("api", CredentialKind::ApiKey),
        ("uaa", CredentialKind::Uaa),
    ]
    .into_iter()
    .find(|(name, _)| word.eq_ignore_ascii_case(name))
    .map(|(_, kind)| kind)
}

pub(crate) fn as_ascii(text: &[u8]) -> Result<&str, CredentialError> {
    std::str::from_utf8(text)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or(CredentialError::Characters)
}

pub(crate) fn credential(
    kind: Option<CredentialKind>,
    rest: &str,
    mut repairs: Repairs,
) -> Result<Credential<'_>, CredentialError> {
    // One blank parts the two; more is a slip.
    let mut text = strip(rest, &mut repairs);
    for _ in 0..2 {
        if let Some(after) = behind_bearer(text) {
            repairs.add(Repair::BearerRemoved);
            text = strip(after, &mut repairs);
        }
    }
    if text.is_empty() {
        return Err(CredentialError::CredentialMissing);
    }
    // No early end: a token of a kilobyte is looked at sixteen bytes at a time.
    let is_clean = text
        .bytes()
        .fold(true, |clean, byte| clean & byte.is_ascii_graphic());
    if !is_clean {
        return Err(CredentialError::Characters);
    }
    Ok(Credential {
        kind,
        text,
        repairs,
    })
}

/// The text after the word `Bearer` in any case and one blank, or nothing where it stands alone. Looks at the beginning
/// only.
fn behind_bearer(text: &str) -> Option<&str> {
    const WORD: &str = "bearer";
    let word = text.get(..WORD.len())?;
    let rest = text.get(WORD.len()..)?;
    let rest = match rest.strip_prefix([' ', '\t']) {
        None if !rest.is_empty() => return None,
        rest => rest.unwrap_or_default(),
    };
    word.eq_ignore_ascii_case(WORD).then_some(rest)
}

/// Cuts a word and the one blank after it.
pub(crate) fn split_word(text: &str) -> (&str, &str) {
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

/// Takes blanks, line ends (also spelled out, `\n`) and pairs of quotes from around `text`.
pub(crate) fn strip<'a>(text: &'a str, repairs: &mut Repairs) -> &'a str {
    let mut text = text;
    loop {
        let mut inner = text.trim_matches(|c: char| c.is_ascii_whitespace());
        for line_end in ["\\n", "\\r"] {
            inner = inner.strip_suffix(line_end).unwrap_or(inner);
        }
        if inner.len() != text.len() {
            repairs.add(Repair::WhitespaceTrimmed);
            text = inner;
            continue;
        }
        let unquoted = ['"', '\'']
            .into_iter()
            .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
        match unquoted {
            Some(unquoted) => {
                repairs.add(Repair::QuotesRemoved);
                text = unquoted;
            }
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjB9.c2ln";

    #[test]
    fn the_documented_form_needs_no_repair() {
        for (word, kind) in [
            ("iam", CredentialKind::Iam),
            ("apikey", CredentialKind::ApiKey),
            ("api", CredentialKind::ApiKey),
            ("uaa", CredentialKind::Uaa),
            ("IAM", CredentialKind::Iam),
        ] {
            let header = format!("{word} {TOKEN}");
            let read = user_token(header.as_bytes()).unwrap();
            assert_eq!((read.kind, read.text), (Some(kind), TOKEN));
            assert!(read.repairs.is_empty());
        }
    }

    #[test]
    fn what_people_paste_is_understood_and_said() {
        use Repair::{BearerRemoved, QuotesRemoved, WhitespaceTrimmed};
        let cases: [(String, &[Repair]); 12] = [
            (format!("iam Bearer {TOKEN}"), &[BearerRemoved]),
            (format!("iam bearer {TOKEN}"), &[BearerRemoved]),
            (format!("iam Bearer Bearer {TOKEN}"), &[BearerRemoved]),
            (
                format!("iam BEARER  {TOKEN}"),
                &[BearerRemoved, WhitespaceTrimmed],
            ),
            (format!("iam \"{TOKEN}\""), &[QuotesRemoved]),
            (format!("iam '{TOKEN}'"), &[QuotesRemoved]),
            (format!("\"iam {TOKEN}\""), &[QuotesRemoved]),
            (
                format!("iam \"Bearer {TOKEN}\""),
                &[BearerRemoved, QuotesRemoved],
            ),
            (format!("iam {TOKEN}\r\n"), &[WhitespaceTrimmed]),
            (format!("iam {TOKEN}\\n"), &[WhitespaceTrimmed]),
            (format!("iam {TOKEN}\\r\\n"), &[WhitespaceTrimmed]),
            (
                format!("  iam   Bearer  '{TOKEN}\\n' "),
                &[BearerRemoved, QuotesRemoved, WhitespaceTrimmed],
            ),
        ];
        for (header, repairs) in cases {
            let read = user_token(header.as_bytes()).unwrap();
            assert_eq!(read.text, TOKEN, "{header:?}");
            assert_eq!(
                read.repairs.iter().collect::<Vec<_>>(),
                repairs,
                "{header:?}"
            );
        }
    }

    #[test]
    fn the_notice_is_a_list_of_words() {
        let read = user_token(b"iam Bearer \"x\"").unwrap();
        assert_eq!(
            read.repairs.header_value(),
            "bearer-removed, quotes-removed"
        );
    }

    #[test]
    fn authorization_takes_a_bearer_token() {
        let header = format!("bearer {TOKEN}");
        let read = authorization(header.as_bytes()).unwrap();
        assert_eq!((read.kind, read.text), (None, TOKEN));
        assert!(read.repairs.is_empty());
        let twice = format!("Bearer Bearer {TOKEN}");
        assert!(
            authorization(twice.as_bytes())
                .unwrap()
                .repairs
                .contains(Repair::BearerRemoved)
        );
        assert_eq!(
            authorization(TOKEN.as_bytes()),
            Err(CredentialError::Scheme { expected: "Bearer" })
        );
    }

    #[test]
    fn what_is_missing_is_named_and_no_secret_is() {
        assert_eq!(user_token(b""), Err(CredentialError::Empty));
        assert_eq!(user_token(b"\"\""), Err(CredentialError::Empty));
        assert_eq!(
            user_token(TOKEN.as_bytes()),
            Err(CredentialError::KindMissing)
        );
        assert_eq!(user_token(b"Bearer"), Err(CredentialError::KindMissing));
        let whole = user_token(b"Bearer  bearer x\r\n").unwrap();
        assert_eq!((whole.kind, whole.text), (None, "x"));
        assert!(whole.repairs.contains(Repair::BearerRemoved));
        assert_eq!(user_token(b"iam"), Err(CredentialError::CredentialMissing));
        assert_eq!(
            user_token(b"iam Bearer "),
            Err(CredentialError::CredentialMissing)
        );
        assert_eq!(user_token(b"iam a b"), Err(CredentialError::Characters));
        assert_eq!(
            user_token("iam é".as_bytes()),
            Err(CredentialError::Characters)
        );
        let error = user_token(b"basic x").unwrap_err();
        assert!(error.to_string().starts_with("`basic` is not"));
        let error = user_token(b"vgk_0123456789 x").unwrap_err();
        assert!(!error.to_string().contains("vgk"));
        assert!(!format!("{:?}", user_token(b"iam sesame").unwrap()).contains("sesame"));
    }

    #[test]
    fn basic_reads_the_clients_of_the_time() {
        let bx = basic(b"Basic Yng6Yng=").unwrap();
        assert_eq!((bx.user.as_str(), bx.password.expose()), ("bx", "bx"));
        let cf = basic(b"basic Y2Y6").unwrap();
        assert_eq!((cf.user.as_str(), cf.password.expose()), ("cf", ""));
        assert_eq!(basic(b"Basic !"), Err(CredentialError::BasicMalformed));
        assert_eq!(basic(b"Basic Yng="), Err(CredentialError::BasicMalformed));
        assert_eq!(
            basic(b"Bearer x"),
            Err(CredentialError::Scheme { expected: "Basic" })
        );
        assert_eq!(encode_basic("bx", "bx"), "Basic Yng6Yng=");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(header: Vec<u8>) {
            let _ = user_token(&header);
            let _ = authorization(&header);
            let _ = basic(&header);
        }

        #[test]
        fn what_is_read_is_clean(header in "(iam|apikey|uaa)? {0,2}(Bearer )?[\"' ]{0,2}[a-z.\\\\\r\n]{0,6}[\"' ]{0,2}") {
            if let Ok(read) = user_token(header.as_bytes()) {
                prop_assert!(!read.text.is_empty());
                prop_assert!(read.text.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
