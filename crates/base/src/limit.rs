//! Limits. Each has a name (its setting, its metric label and the name in its error), a default and a sentence.

/// One limit of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The setting's name under `[limits]`, and the label of `vigie_limit_hits_total`.
    pub name: &'static str,
    /// The value when nothing is set.
    pub default: u64,
    /// The unit of the value.
    pub unit: &'static str,
    /// What happens beyond it.
    pub help: &'static str,
    /// Whether a setting can change it; a limit that stored data rests on stands fast.
    pub settable: bool,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $kind:ident $constant:ident = $name:literal, $default:expr, $unit:literal, $help:literal;)*) => {
        $($(#[$doc])* pub const $constant: Limit = Limit {
            name: $name,
            default: $default,
            unit: $unit,
            help: $help,
            settable: limits!(@ $kind),
        };)*
        /// Every limit, in the order of the reference.
        pub const ALL: &[Limit] = &[$($constant),*];
    };
    (@ settable) => { true };
    (@ fixed) => { false };
}

limits! {
    /// Size of one request body, after decompression.
    settable BODY_BYTES = "body_bytes", 16 * 1024 * 1024, "bytes", "a larger request body is refused with 413";
    /// Size of a request's head.
    settable HEADER_BYTES = "header_bytes", 32 * 1024, "bytes", "a larger request head is refused with 431";
    /// Time for one request.
    settable REQUEST_SECONDS = "request_seconds", 30, "seconds", "a request that takes longer is answered with 408 (still arriving) or 503 (still working)";
    /// Requests worked on at once.
    settable CONCURRENT_REQUESTS = "concurrent_requests", 512, "requests", "a request beyond it is answered with 429 and `Retry-After`";
    /// Connections open at once.
    settable CONNECTIONS = "connections", 4096, "connections", "a connection beyond it waits until another closes";
    /// Password checks at once.
    settable CONCURRENT_PASSWORD_CHECKS = "concurrent_password_checks", 2, "checks", "a login beyond it waits";
    /// `target` parameters of one query.
    settable TARGETS_PER_QUERY = "targets_per_query", 5, "targets", "a query with more is refused with 400";
    /// Series one query may read.
    settable SERIES_PER_QUERY = "series_per_query", 10_000, "series", "a query that matches more is refused with 400";
    /// Samples one query may read.
    settable SAMPLES_PER_QUERY = "samples_per_query", 10_000_000, "samples", "a query that would read more is refused with 400";
    /// Entries one listing may return.
    settable NODES_PER_LIST = "nodes_per_list", 100_000, "entries", "a listing that would be longer is refused with 400";
    /// People one request may invite.
    settable INVITATIONS_PER_REQUEST = "invitations_per_request", 500, "invitations", "a request that invites more people is refused with 400, and invites nobody";
    /// Invitations of one account that wait for an answer.
    settable INVITATIONS_PER_ACCOUNT = "invitations_per_account", 5000, "invitations", "a further invitation is refused with 409 until one is accepted, declined, withdrawn or expired";
    /// Invitations one account may make in a day.
    settable INVITATIONS_PER_DAY = "invitations_per_day", 5000, "invitations", "a further invitation of the account is refused with 429 until the next day (UTC)";
    /// Mails to one address in a day.
    settable MAILS_PER_ADDRESS = "mails_per_address", 5, "mails", "a further mail to the address is not sent until the next day (UTC)";
    /// Tries of one source with wrong one-time codes.
    settable CODE_TRIES_PER_MINUTE = "code_tries_per_minute", 10, "tries", "a source that has sent as many wrong one-time codes within a minute is answered with 429 and `Retry-After`";
    /// Length of an e-mail address.
    fixed ADDRESS_BYTES = "address_bytes", 254, "bytes", "a longer e-mail address is refused with 400";
    /// Length of a series name.
    fixed NAME_BYTES = "name_bytes", 1024, "bytes", "a sample with a longer name is rejected";
    /// Elements of a series name.
    fixed NAME_ELEMENTS = "name_elements", 64, "elements", "a sample with a deeper name is rejected";
    /// Series one tenant may have.
    settable SERIES_PER_TENANT = "series_per_tenant", 1_000_000, "series", "samples of further new series in the space, organization or account are rejected";
}
