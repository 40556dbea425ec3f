//! Every error code of the monitoring interface: one table, the source of the reference and of the server's answers.
//!
//! `BXNMSRI01E` and `BXNMS0122E` are the original service's; the rest are ours in its pattern, by area: `RI` identity,
//! `MT` metrics, `SV` server. A code keeps its meaning for good; one that is no longer answered is not given again.

use base::error::{Kind, Problem};
use std::borrow::Cow;

/// One error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code, for example `BXNMSRI01E`.
    pub code: &'static str,
    /// The kind of failure.
    pub kind: Kind,
    /// Its meaning, in one sentence.
    pub meaning: &'static str,
}

impl Code {
    /// A problem with this code.
    pub fn problem(&self, message: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new(self.kind, self.code, message)
    }
}

macro_rules! codes {
    ($($constant:ident = $code:literal, $kind:ident, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $meaning, ".")]
            pub const $constant: Code = Code { code: $code, kind: Kind::$kind, meaning: $meaning };
        )*
        /// Every code, in the order of the reference.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    TOKEN_EXPIRED = "BXNMSRI01E", Unauthenticated, "the token has expired";
    TOKEN_MALFORMED = "BXNMSRI02E", Unauthenticated, "the credential is not a well-formed token";
    TOKEN_ISSUER = "BXNMSRI03E", Unauthenticated, "the token comes from another issuer";
    TOKEN_NOT_YET = "BXNMSRI04E", Unauthenticated, "the token is not valid yet";
    TOKEN_SIGNATURE = "BXNMSRI05E", Unauthenticated, "the token's signature, key or algorithm is not accepted";
    TOKEN_ACCOUNT = "BXNMSRI06E", Unauthenticated, "the token is for another account";
    TOKEN_REVOKED = "BXNMSRI07E", Unauthenticated, "the token was revoked: its key was deleted or disabled, its session logged out, or its user removed from the account";
    CREDENTIAL_MISSING = "BXNMSRI08E", Unauthenticated, "the request carries no credential";
    CREDENTIAL_KIND = "BXNMSRI09E", Unauthenticated, "the credential's kind is not one of `iam`, `apikey`, `uaa`";
    KEY_UNKNOWN = "BXNMSRI10E", Unauthenticated, "the API key is not known, or not whole";
    SCOPE_MALFORMED = "BXNMSRI11E", Invalid, "the scope, in the header `X-Auth-Scope-Id` or in the path after `/graphite`, is not `s-`, `o-` or `a-` and a GUID";
    SCOPE_REQUIRED = "BXNMSRI12E", Invalid, "a `uaa` credential needs the header `X-Auth-Scope-Id`";
    DOMAIN_NOT_FOUND = "BXNMSRI13E", NotFound, "the domain does not exist, or the caller has no role in it and no access policy in force for it, by themselves or by an access group";
    RIGHT_MISSING = "BXNMSRI14E", Forbidden, "the caller's roles in the domain do not allow this";
    UAA_ACCOUNT = "BXNMSRI15E", Forbidden, "a `uaa` credential is not accepted for an account domain";
    TOKEN_KIND = "BXNMSRI16E", Unauthenticated, "a token of this server was sent as the other kind, `iam` for `uaa` or `uaa` for `iam`";
    KEY_REACH = "BXNMSRI17E", Forbidden, "the API key was made for another domain alone";
    KEY_METRICS_ONLY = "BXNMSRI18E", Forbidden, "the API key or instance token is for metrics alone, and this is not about metrics";
    KEY_SENDS_ALONE = "BXNMSRI19E", Forbidden, "the API key was made to send alone, and this is not sending";
    CROSS_SITE = "BXNMSRI20E", Forbidden, "a browser sent the request for a page of another site, with a password that it keeps";
    ADDRESS_NOT_ALLOWED = "BXNMSRI21E", Forbidden, "the account lets no credential in from the address that the request came from";
    PROFILE_WITHDRAWN = "BXNMSRI22E", Unauthenticated, "the token of a trusted profile is refused: the profile is not for its holder any more, by none of its identities and rules";
    INSTANCE_WITHDRAWN = "BXNMSRI23E", Unauthenticated, "the token of an instance is refused: no authorization lets the instance act";
    CREDENTIALS_INVALID = "BXNMS0122E", Unauthenticated, "the user name or password is not right";
    BODY_MALFORMED = "BXNMSMT01E", Invalid, "the body is not a JSON array of samples";
    NOTHING_STORED = "BXNMSMT02E", Invalid, "every sample of the body was rejected";
    PARTLY_STORED = "BXNMSMT31E", Invalid, "some lines or fields of a write in InfluxDB's form were stored, and some were rejected";
    TARGET_MISSING = "BXNMSMT03E", Invalid, "the query has no `target`";
    TARGETS_TOO_MANY = "BXNMSMT04E", Invalid, "the query has more targets than `targets_per_query`, or than `targets_per_render` in `/render`";
    TARGET_MALFORMED = "BXNMSMT05E", Invalid, "a `target` cannot be parsed";
    TIME_MALFORMED = "BXNMSMT07E", Invalid, "`from` or `until` cannot be parsed";
    RANGE_EMPTY = "BXNMSMT08E", Invalid, "`from` and `until` are the same instant, or those of a deletion run backwards";
    QUERY_MALFORMED = "BXNMSMT09E", Invalid, "`query` is not a pattern";
    QUERY_MISSING = "BXNMSMT10E", Invalid, "a deletion, or a search for nodes, has no `query`";
    PARAMETER_INVALID = "BXNMSMT11E", Invalid, "a parameter or field has a value that is not accepted";
    RESULT_TOO_LARGE = "BXNMSMT12E", Invalid, "the answer would hold more series, samples, entries or bytes, or take more steps, than the limit";
    FUNCTION_UNKNOWN = "BXNMSMT13E", NotFound, "there is no function of that name for targets";
    EVENT_MALFORMED = "BXNMSMT21E", Invalid, "the body is not an event, or a part of it is not accepted";
    EVENT_UNKNOWN = "BXNMSMT22E", NotFound, "the domain has no event of that number";
    EVENTS_FULL = "BXNMSMT23E", Busy, "the account makes new events too fast";
    NOT_IN_PLAN = "BXNMSMT24E", Forbidden, "the plan of the space does not allow this";
    ROUTE_UNKNOWN = "BXNMSSV01E", NotFound, "there is no such route";
    METHOD_UNKNOWN = "BXNMSSV02E", Method, "the route does not know this method";
    BODY_TOO_LARGE = "BXNMSSV03E", TooLarge, "the body is larger than the route takes, or needs more of a limit than one request can ever have: the error names the limit";
    HEADERS_TOO_LARGE = "BXNMSSV04E", HeadersTooLarge, "the headers are larger than `header_bytes`";
    TIMEOUT = "BXNMSSV05E", Timeout, "the request took longer than `request_seconds`, or its body came too slowly";
    TOO_BUSY = "BXNMSSV06E", Busy, "the server has no place for the request at the moment, or none for its account or address: the error names the limit";
    INTERNAL = "BXNMSSV07E", Internal, "the server failed; the fault is not in the request";
    UNAVAILABLE = "BXNMSSV08E", Unavailable, "the store, or the identity database, takes no requests at the moment";
    OUTCOME_UNKNOWN = "BXNMSSV12E", Internal, "the identity database did not say, or not in time, whether it made the change: it may have been made, so look before you send it again";
    ACCOUNT_LIMIT = "BXNMSSV10E", Busy, "the account keeps as many samples or bytes as it may, or makes new series too fast";
    DISK_FULL = "BXNMSSV11E", Unavailable, "the server's disk is full, or has less free space than `storage.reserve_bytes`: it is retried, and writing resumes by itself";
    REQUEST_MALFORMED = "BXNMSSV09E", Invalid, "the request's query string, encoding or headers cannot be read";
}

/// The meaning of 503 where others are told 429.
const LATER: &str = "the same as with 429, sent to senders of InfluxDB 1 (`/write`), which drop what is refused with any status of 400 to 499";

/// Codes of [`ALL`] that come with another status as well: what they mean then.
pub const OTHER_STATUSES: &[(Code, Kind, &str)] = &[
    (
        KEY_UNKNOWN,
        Kind::Busy,
        "the API key is not known, and too many wrong ones come from your network: wait for `Retry-After` seconds",
    ),
    (KEY_UNKNOWN, Kind::Unavailable, LATER),
    (
        EVENTS_FULL,
        Kind::Conflict,
        "the domain or its account keeps as many events as it may: delete some",
    ),
    (TOO_BUSY, Kind::Unavailable, LATER),
    (ACCOUNT_LIMIT, Kind::Unavailable, LATER),
    (
        TIMEOUT,
        Kind::Unavailable,
        "the work of the request took longer than `request_seconds`, or was cancelled",
    ),
];

/// Whether the reference has this code or word with this status, in a table of the interface that `words` belong to.
#[must_use]
pub fn is_listed(words: &[Word], code: &str, kind: Kind) -> bool {
    let status = kind.status().to_string();
    let with_status = |entry: &Word| {
        entry.word == code && entry.status.split(", ").any(|listed| listed == status)
    };
    find(code).is_some_and(|error_code| error_code.kind == kind)
        || OTHER_STATUSES
            .iter()
            .any(|(error_code, other, _)| error_code.code == code && *other == kind)
        || words.iter().any(with_status)
}

/// A word by which the identity interfaces refuse: the original's, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word, for example `BXNIM0415E` or `invalid_grant`.
    pub word: &'static str,
    /// The statuses it comes with.
    pub status: &'static str,
    /// Its meaning, in one sentence.
    pub meaning: &'static str,
}

const fn word(word: &'static str, status: &'static str, meaning: &'static str) -> Word {
    Word {
        word,
        status,
        meaning,
    }
}

/// The values of `errorCode` of the token service (`/identity`, `/oidc`), beside the codes of [`ALL`].
pub const TOKEN_SERVICE: &[Word] = &[
    word(
        "BXNIM0060E",
        "405",
        "the path does not answer to this method",
    ),
    word(
        "BXNIM0106E",
        "400, 429, 503",
        "a property has a value that is not accepted, the form cannot be read, or a token that is shown as a proof is no good; with 429: too many wrong ones come from your network; with 503: the keys of the issuer of a compute resource's token cannot be read now",
    ),
    word("BXNIM0109E", "400", "a property is missing or empty"),
    word("BXNIM0113E", "400", "a property is no CRN"),
    word(
        "BXNIM0141E",
        "400",
        "the user is not a member of the account asked for",
    ),
    word(
        "BXNIM0308E",
        "401, 429",
        "the grant needs a client and none came, or the client is unknown: send `bx:bx` as Basic or as `client_id` and `client_secret`, or with `client_credentials` a service ID and one of its API keys; with 429: too many wrong keys come from your network",
    ),
    word(
        "BXNIM0407E",
        "400, 429",
        "the refresh token is unknown, used too often, of an ended session or of another client; with 429: too many wrong ones come from your network",
    ),
    word("BXNIM0408E", "400", "the refresh token has expired"),
    word(
        "BXNIM0415E",
        "400, 429",
        "the API key is unknown, disabled or expired; with 429: too many wrong ones come from your network",
    ),
    word(
        "BXNIM0439E",
        "400",
        "the session was not used for as long as an account allows; ten minutes after its last token expired, this may be forgotten, and is `BXNIM0407E`",
    ),
    word(
        "BXNIM0513E",
        "403",
        "the trusted profile does not exist, or is not for whoever asks for its token: a user, a service ID or a compute resource; or no authorization lets the service act as the CRN",
    ),
    word(
        "BXNIM0602E",
        "400, 429",
        "user name, password or passcode is wrong; with 429: it was so too often, or too many logins wait for each other, whatever they show (the message says which): wait for `Retry-After` seconds",
    ),
    word(
        "unsupported_token_type",
        "400, 429",
        "the token is of no session that could end: disable or delete its API key; with 429: too many wrong ones come from your network",
    ),
    word(
        "insufficient_permissions",
        "403",
        "the caller's role does not allow it, or a service or profile asks for a UAA token, which is for users",
    ),
];

/// The values of `message_code` of the identity interface (`/v1/apikeys`, `/v2/accounts`, `/v2/users`).
pub const IDENTITY: &[Word] = &[
    word(
        "invalid_parameter",
        "400",
        "a field, parameter or header is missing or wrong",
    ),
    word(
        "insufficient_permissions",
        "403",
        "the caller sees it and may not change it",
    ),
    word(
        "wrong_account",
        "403",
        "it is of another of the caller's accounts than the one the credential is for",
    ),
    word(
        "not_found",
        "404, 429",
        "it does not exist, or the caller may not see it; with 429: too many ids that no session has come from your network",
    ),
    word(
        "conflict",
        "409",
        "the name is taken, it has changed since its tag was read, or something depends on it",
    ),
    word(
        "policy_conflict_error",
        "409",
        "another access policy in force gives the subject the same roles in the same place: the message names it",
    ),
    word(
        "role_conflict_error",
        "409",
        "another role has the name or the display name",
    ),
    word(
        "locked",
        "409",
        "the API key, service ID or resource instance is locked: unlock it first",
    ),
    word(
        "limit_exceeded",
        "409",
        "there are as many as the limit named allows: delete some, or, where it is a limit of the account, let the operator raise it",
    ),
    word(
        "invalid_code",
        "400",
        "the one-time code is wrong for the address, used up, expired, or replaced by a newer one",
    ),
    word(
        "address_unproven",
        "403",
        "the caller began with a code that somebody else has seen, and has to prove the address first",
    ),
    word(
        "too_many_requests",
        "429",
        "a limit by time is used up: wait for `Retry-After` seconds, or as long as the message says; where no place is free, it is the `code`, and the `message_code` is `BXNMSSV06E`",
    ),
];

/// The values of `error` of the UAA (`/oauth`).
pub const UAA: &[Word] = &[
    word(
        "invalid_request",
        "400",
        "a field is missing, given twice or of a second factor, or the form cannot be read",
    ),
    word("unsupported_grant_type", "400", "the grant is not served"),
    word(
        "insufficient_permissions",
        "403",
        "the caller's role does not allow it, or a service or profile asks for a UAA token, which is for users",
    ),
    word(
        "unsupported_token_type",
        "400, 429",
        "the credential is of no session that could end; with 429: too many wrong ones come from your network",
    ),
    word(
        "invalid_grant",
        "401, 429",
        "the password, passcode, API key or refresh token is no good; with 429: too many wrong ones come from your network",
    ),
    word(
        "invalid_token",
        "401, 429",
        "the IAM token to be exchanged is no good; with 429: too many wrong ones come from your network",
    ),
    word(
        "unauthorized",
        "401",
        "the client is unknown, or the caller is: send Basic `cf:`, or a token",
    ),
    word(
        "temporarily_unavailable",
        "429, 503",
        "too many failed logins, or the server is busy: send again later",
    ),
];

/// Words of the audit beside the codes of answers.
const AUDIT: &[(&str, &str)] = &[
    ("wrong_password", "the password is not right"),
    (
        "login_failures_per_address",
        "too many wrong passwords were tried for this address",
    ),
    (
        "login_failures_per_source",
        "too many wrong passwords came from this network",
    ),
    (
        "cr_token_issuer",
        "the token's issuer is none that `workloads.issuers_file` names",
    ),
    ("cr_token_malformed", "what was sent is no token"),
    (
        "cr_token_signature",
        "the token's signature is not by a key of its issuer",
    ),
    (
        "cr_token_audience",
        "the token was made for another service: its `aud` is not the issuer's `audience` in `workloads.issuers_file`",
    ),
    ("cr_token_expired", "the token has expired"),
    (
        "cr_token_not_yet_valid",
        "the token is not valid yet: the clocks of its issuer and this server disagree",
    ),
    (
        "cr_token_claim",
        "a claim that `workloads.issuers_file` names is missing in the token, or no text of at most 255 bytes",
    ),
    (
        "profile_unknown",
        "no such trusted profile is in the account of the compute resource",
    ),
    (
        "profile_in_other_account",
        "the account asked for is not that of the trusted profile",
    ),
    (
        "profile_not_for_workload",
        "no link and no rule of the trusted profile is for the compute resource",
    ),
];

/// The meaning of a code or word of any of the interfaces, in one sentence.
#[must_use]
pub fn meaning(code: &str) -> Option<&'static str> {
    let words = [TOKEN_SERVICE, IDENTITY, UAA];
    let word = || words.into_iter().flatten().find(|word| word.word == code);
    let entered = || AUDIT.iter().find(|(known, _)| *known == code);
    find(code)
        .map(|entry| entry.meaning)
        .or_else(|| word().map(|entry| entry.meaning))
        .or_else(|| entered().map(|(_, meaning)| *meaning))
}

/// The meaning of the code that a refusal was entered with in the audit. Whoever has to wait is refused with the same code, for what has
/// come before: that is not entered as a refusal of what they show.
#[must_use]
pub fn meaning_of_refusal(code: &str) -> Option<&'static str> {
    let meaning = meaning(code)?;
    let own = meaning.split_once("; with 429:").map(|(own, _)| own);
    Some(own.unwrap_or(meaning))
}

/// Looks a code up by its text.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().find(|known| known.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_code_means_two_things() {
        let codes: BTreeSet<_> = ALL.iter().map(|code| code.code).collect();
        assert_eq!(codes.len(), ALL.len());
        let meanings: BTreeSet<_> = ALL.iter().map(|code| code.meaning).collect();
        assert_eq!(meanings.len(), ALL.len());
    }

    #[test]
    fn every_code_follows_the_pattern() {
        for code in ALL {
            assert!(
                code.code.starts_with("BXNMS") && code.code.ends_with('E'),
                "{code:?}"
            );
            assert!(!code.meaning.ends_with('.'), "{code:?}");
            assert_eq!(find(code.code), Some(code));
        }
        assert_eq!(find("BXNMSZZ99E"), None);
    }
}
