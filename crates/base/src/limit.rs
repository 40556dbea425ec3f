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
    /// The consequence of exceeding it.
    pub help: &'static str,
    /// Whether a setting can change it; a limit on which stored data depends is fixed.
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
    settable HEADER_BYTES = "header_bytes", 64 * 1024, "bytes", "a larger request head is refused with 431";
    /// Time for one request.
    settable REQUEST_SECONDS = "request_seconds", 30, "seconds", "a request that takes longer is answered with 408 (still arriving) or 503 (still working), a change that goes on with 500";
    /// Requests worked on at once.
    settable CONCURRENT_REQUESTS = "concurrent_requests", 512, "requests", "a request beyond it is answered with 429 and `Retry-After`";
    /// Connections open at once.
    settable CONNECTIONS = "connections", 4096, "connections", "a connection beyond it takes the place of one on which nobody has authenticated, of an idle one first; where there is none, it is closed";
    /// Connections of one source open at once.
    settable CONNECTIONS_PER_SOURCE = "connections_per_source", 1024, "connections", "a connection beyond it, from one IPv4 address or IPv6 /64, takes the place of one of the same source on which nobody has authenticated, of an idle one first; where there is none, it is closed";
    /// Time for each stage up to a request's head.
    settable HEAD_SECONDS = "head_seconds", 15, "seconds", "a connection whose PROXY header, TLS handshake or request head takes longer is closed";
    /// Time that a connection may stay without a request.
    settable IDLE_SECONDS = "idle_seconds", 90, "seconds", "a connection without a request for longer is closed, also one that answers pings";
    /// Bytes that a connection may send in which no request gets on.
    fixed IDLE_BYTES = "idle_bytes", 1024 * 1024, "bytes", "a connection on which more came that neither begins a request nor belongs to a body, such as pings, is closed, unless an answer gets on";
    /// Time that a client may take nothing of an answer.
    settable WRITE_STALL_SECONDS = "write_stall_seconds", 30, "seconds", "an answer of which the client takes nothing for longer is given up, and its connection closed";
    /// Least rate at which an answer is taken.
    settable ANSWER_BYTES_PER_SECOND = "answer_bytes_per_second", 16 * 1024, "bytes", "an answer that its client takes more slowly, counted after the first `write_stall_seconds`, is given up";
    /// Time for an answer to a client that has closed its side.
    settable HALF_CLOSED_SECONDS = "half_closed_seconds", 5, "seconds", "a client that has closed its side of the connection, or gone, and takes nothing for longer is answered no more: its query ends";
    /// Connections of senders open at once.
    settable SENDER_CONNECTIONS = "sender_connections", 512, "connections", "a connection to a listener for senders beyond it takes the place of the oldest one that has not said who it is; where there is none, it is closed";
    /// Connections of senders from one source.
    settable SENDER_CONNECTIONS_PER_SOURCE = "sender_connections_per_source", 128, "connections", "a connection to a listener for senders beyond it, from one IPv4 address or IPv6 /64, takes the place of the oldest one from there that has not said who it is; where there is none, it is closed";
    /// Connections of senders to one domain.
    settable SENDER_CONNECTIONS_PER_DOMAIN = "sender_connections_per_domain", 256, "connections", "a sender that would be one more for its space, organization or account is told so and closed";
    /// Time that a sender may send nothing.
    settable SENDER_IDLE_SECONDS = "sender_idle_seconds", 900, "seconds", "a connection of a sender on which nothing came for longer is closed";
    /// Time that a sender by lumberjack may send nothing.
    settable LUMBERJACK_IDLE_SECONDS = "lumberjack_idle_seconds", 120, "seconds", "a connection to `lumberjack.listen` on which nothing came for longer is closed";
    /// Rate of a source, and of a domain.
    settable SENDER_BYTES_PER_SECOND = "sender_bytes_per_second", 32 * 1024 * 1024, "bytes", "senders from one source, or to one domain, that send more are read more slowly; datagrams beyond it are refused";
    /// Time that it takes to pay what was sent too fast.
    fixed SENDER_DEBT_SECONDS = "sender_debt_seconds", 5, "seconds", "senders that have sent more than `sender_bytes_per_second` wait no longer than this before they are read again, and owe no more";
    /// Time for which lines are held whose token has expired.
    settable SENDER_HELD_SECONDS = "sender_held_seconds", 60, "seconds", "lines that came after their sender's token expired are refused when no new `AUTH` of the same sender came for longer, and the connection is closed";
    /// Bytes of such lines of one connection.
    settable SENDER_HELD_BYTES = "sender_held_bytes", 256 * 1024, "bytes", "lines beyond it that came after their sender's token expired are refused";
    /// Bytes that all connections of senders hold.
    settable SENDERS_IN_FLIGHT_BYTES = "senders_in_flight_bytes", 32 * 1024 * 1024, "bytes", "held lines and unfinished pickles of all senders; lines beyond it are refused, and pickles wait";
    /// Series that the sums of statsd have for one sender.
    settable STATSD_SERIES = "statsd_series", 20_000, "series", "counters, timers, gauges and sets that statsd's sums have for one space, organization or account; a value of another one is refused until others are forgotten (`statsd.delete_idle`, `limits.statsd_idle_seconds`)";
    /// Bytes of the sums of statsd for one sender.
    settable STATSD_BYTES = "statsd_bytes", 16 * 1024 * 1024, "bytes", "memory that statsd's sums have for one space, organization or account between two flushes; a value that would take more is refused";
    /// Bytes of all sums of statsd.
    settable STATSD_BYTES_IN_ALL = "statsd_bytes_in_all", 64 * 1024 * 1024, "bytes", "memory that statsd's sums have for all senders together, what a flush has taken out of them included; of it one account has at most `account_share_percent`, and the last eighth is for accounts that have little. A value that would take more is refused";
    /// Time for which statsd keeps a sum without new values.
    settable STATSD_IDLE_SECONDS = "statsd_idle_seconds", 86_400, "seconds", "a counter, timer, gauge or set of statsd of which nothing came for longer is forgotten, and no 0 is stored for it any more, nor what the gauge was; `statsd.delete_idle` and those for single types forget it earlier";
    /// Senders that are listed for a domain.
    settable SENDERS_LISTED_PER_DOMAIN = "senders_listed_per_domain", 256, "senders", "in the list of a domain's senders the one that was silent longest gives way to a new one";
    /// Senders that are listed for all domains.
    settable SENDERS_LISTED = "senders_listed", 16_384, "senders", "in the lists of senders one of the domain that has most gives way to a new one";
    /// Refused samples that are kept for a domain.
    settable REJECTS_LISTED_PER_DOMAIN = "rejects_listed_per_domain", 50, "samples", "of the refused samples that are listed for a domain the oldest gives way to a new one";
    /// Refused samples that are kept for all domains.
    settable REJECTS_LISTED = "rejects_listed", 8192, "samples", "of the refused samples that are listed one of the domain that has most gives way to a new one";
    /// Size of one pickle.
    fixed PICKLE_BYTES = "pickle_bytes", 1024 * 1024, "bytes", "a larger pickle is refused, and its connection closed";
    /// Origins of pages that may read answers.
    fixed CORS_ORIGINS = "cors_origins", 64, "origins", "a server with more in `cors.origins` does not start";
    /// Password checks at once.
    settable CONCURRENT_PASSWORD_CHECKS = "concurrent_password_checks", 2, "checks", "a login beyond it waits";
    /// `target` parameters of one query.
    settable TARGETS_PER_QUERY = "targets_per_query", 5, "targets", "a query of `/v1/metrics` with more is refused with 400";
    /// `target` parameters of one request in Graphite's words.
    settable TARGETS_PER_RENDER = "targets_per_render", 128, "targets", "a request of `/render` with more is refused with 400";
    /// Size of one target.
    fixed TARGET_BYTES = "target_bytes", 64 * 1024, "bytes", "a longer target is refused with 400";
    /// Calls inside one another in a target.
    fixed TARGET_DEPTH = "target_depth", 64, "calls", "a target with more calls inside one another, or piped to one another, is refused with 400; those of targets that functions make count with the ones around them";
    /// Targets that functions make inside one another.
    fixed MADE_TARGET_DEPTH = "made_target_depth", 8, "targets", "a target is refused with 400 where functions such as `applyByNode` make targets that make more of them inside one another";
    /// Values of one parameter of a function.
    fixed VALUES_PER_PARAMETER = "values_per_parameter", 256, "values", "a call with more further values of its last parameter, series aside, is refused with 400";
    /// Shifts of one stack of times.
    fixed SHIFTS_PER_STACK = "shifts_per_stack", 1000, "shifts", "a `timeStack` of more shifts is refused with 400";
    /// Length of a regular expression.
    fixed REGEX_BYTES = "regex_bytes", 4096, "bytes", "a longer regular expression of a function, a tag or a rule is refused with 400";
    /// Work of one regular expression on one text.
    fixed REGEX_WORK = "regex_work", 1 << 26, "places times bytes", "a regular expression whose places, times the bytes of a name, are more is refused with 400";
    /// Bytes by which a replacement makes a name longer.
    fixed REPLACEMENT_GROWTH_BYTES = "replacement_growth_bytes", 1 << 16, "bytes", "a replacement that makes a name longer by more is refused with 400";
    /// Length of a name that a function makes of parts.
    fixed MADE_NAME_BYTES = "made_name_bytes", 1 << 17, "bytes", "a function that would make a longer name is refused with 400";
    /// Characters that a format writes a number with.
    fixed FORMAT_WIDTH = "format_width", 256, "characters", "a format such as `%300d` that asks for more is refused with 400";
    /// Width of a picture.
    fixed PICTURE_WIDTH = "picture_width", 8192, "pixels", "a picture that would be wider is refused with 400";
    /// Height of a picture.
    fixed PICTURE_HEIGHT = "picture_height", 2048, "pixels", "a picture that would be higher is refused with 400";
    /// Size of one file of rules about steps and aggregation.
    fixed SCHEMA_BYTES = "schema_bytes", 64 * 1024, "bytes", "a longer `storage-schemas.conf` or `storage-aggregation.conf` is refused with 400";
    /// Rules of one such file.
    fixed SCHEMA_RULES = "schema_rules", 200, "rules", "a file with more is refused with 400";
    /// The memory for parsing the patterns of one such file.
    fixed SCHEMA_READING_BYTES = "schema_reading_bytes", 8 * 1024 * 1024, "bytes", "a file whose patterns would take more while they are read, some 300 for each letter and 32 KiB for each class such as `\\w`, is refused with 400";
    /// The memory of the compiled patterns of one such file.
    fixed SCHEMA_COMPILED_BYTES = "schema_compiled_bytes", 1024 * 1024, "bytes", "a file whose patterns take more once they are compiled, or one of which takes half of it, is refused with 400";
    /// Length of the name of an event.
    fixed EVENT_WHAT_BYTES = "event_what_bytes", 1024, "bytes", "an event with a longer `what` is refused with 400";
    /// Length of the tags of an event.
    fixed EVENT_TAGS_BYTES = "event_tags_bytes", 1024, "bytes", "an event with longer `tags`, all together, is refused with 400";
    /// Length of the text of an event.
    fixed EVENT_DATA_BYTES = "event_data_bytes", 8192, "bytes", "an event with a longer `data` is refused with 400";
    /// Events of one domain that are kept.
    settable EVENTS_PER_DOMAIN = "events_per_domain", 10_000, "events", "a further event of the space, organization or account is refused with 409 until some are deleted";
    /// Events of one account in a minute.
    settable EVENTS_PER_MINUTE = "events_per_minute", 300, "events", "a further event of the account is refused with 429 and `Retry-After`; it comes back evenly";
    /// Events of one answer.
    settable EVENTS_PER_ANSWER = "events_per_answer", 5000, "events", "a question about events that would be answered with more is refused with 400";
    /// Series one query may read.
    settable SERIES_PER_QUERY = "series_per_query", 10_000, "series", "a query that matches more is refused with 400";
    /// Samples one query may read.
    settable SAMPLES_PER_QUERY = "samples_per_query", 10_000_000, "samples", "a query that would read more is refused with 400";
    /// Slots one series of an answer may have.
    fixed SLOTS_PER_SERIES = "slots_per_series", 10_000_000, "slots", "a query whose range holds more slots of its domain's resolution is refused with 400";
    /// Steps of work one query may take.
    settable STEPS_PER_QUERY = "steps_per_query", 50_000_000, "steps", "a query, listing or deletion that has to look at more is refused with 400; to look for a name takes one more for each 256 bytes of it, and to match it against a pattern one for each 16 characters, or more";
    /// Bytes of names and samples one query may read.
    settable BYTES_PER_QUERY = "bytes_per_query", 256 * 1024 * 1024, "bytes", "a query or listing that would read more (names, and 16 bytes for each sample) is refused with 400";
    /// Entries one listing may return.
    settable NODES_PER_LIST = "nodes_per_list", 100_000, "entries", "a listing that would be longer is refused with 400";
    /// People one request may invite.
    settable INVITATIONS_PER_REQUEST = "invitations_per_request", 500, "invitations", "a request that invites more people is refused with 400, and invites nobody";
    /// Invitations of one account that wait for an answer.
    settable INVITATIONS_PER_ACCOUNT = "invitations_per_account", 5000, "invitations", "a further invitation is refused with 409 until one is accepted, declined, withdrawn or expired";
    /// Invitations one account may make in a day.
    settable INVITATIONS_PER_DAY = "invitations_per_day", 5000, "invitations", "a further invitation of the account is refused with 429 and `Retry-After` until the next day (UTC), and a request that invites more by itself with 409";
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
    /// Labels of a series.
    fixed LABELS_PER_SERIES = "labels_per_series", 256, "labels", "a series with more labels is refused; a name of `name_bytes` cannot hold as many";
    /// Length of the name of a label.
    fixed LABEL_NAME_BYTES = "label_name_bytes", 1024, "bytes", "a series that has a label with a longer name is refused";
    /// Length of the value of a label.
    fixed LABEL_VALUE_BYTES = "label_value_bytes", 2048, "bytes", "a series that has a label with a longer value is refused";
    /// Length of the path and labels of a series.
    fixed SERIES_KEY_BYTES = "series_key_bytes", 4096, "bytes", "a series whose path and labels take more is refused";
    /// Matchers of a selector.
    fixed MATCHERS_PER_SELECTOR = "matchers_per_selector", 64, "matchers", "a selector with more matchers of labels is refused";
    /// Selectors of a filter of names.
    fixed SELECTORS_PER_FILTER = "selectors_per_filter", 64, "selectors", "a filter of names that is made of more selectors is refused";
    /// Length of a pattern.
    fixed PATTERN_BYTES = "pattern_bytes", 32 * 1024, "bytes", "a longer pattern of a query, listing or deletion is refused with 400";
    /// Size of the tables that a pattern becomes.
    fixed PATTERN_TABLE_BYTES = "pattern_table_bytes", 4 * 1024 * 1024, "bytes", "a pattern that tells too many different characters apart for its length is refused with 400";
    /// Names that a dry run lists.
    fixed NAMES_PER_DRY_RUN = "names_per_dry_run", 20, "names", "a dry run of a deletion tells the first names and counts all";
    /// Rejected items that a receipt lists.
    fixed REJECTIONS_PER_RECEIPT = "rejections_per_receipt", 1000, "rejections", "the receipt of a write lists the first rejected items and counts all";
    /// Connections of operators at once.
    settable OPERATIONS_CONNECTIONS = "operations_connections", 32, "connections", "a connection to the operators' listener beyond it, or beyond a quarter of it from one address, is closed";
    /// Time for one connection of an operator.
    settable OPERATIONS_SECONDS = "operations_seconds", 15, "seconds", "a connection to the operators' listener that takes longer, from the first byte to the last, is closed";
    /// Series one tenant may have.
    settable SERIES_PER_TENANT = "series_per_tenant", 1_000_000, "series", "samples of further new series in the space, organization or account are rejected";
    /// Bytes of the names of all series that one tenant has.
    settable NAME_BYTES_PER_TENANT = "name_bytes_per_tenant", 512 * 1024 * 1024, "bytes", "samples of further new series in the space, organization or account are rejected where their names, with their labels, would take more; names stay in memory as long as their series exist";
    /// Bytes of the names of all series there are.
    settable NAME_BYTES_IN_ALL = "name_bytes_in_all", 64 << 30, "bytes", "samples of further new series, whoever sends them, are rejected where the names of all series, with their labels, would take more, and in the last eighth but for accounts with little; at most half of `memory_bytes`, beside it";
    /// Memory of samples that are in no segment yet.
    settable HEAD_BYTES = "head_bytes", 1024 * 1024 * 1024, "bytes", "samples in memory are written to segments early from half of it on; beyond three quarters of it a write of an account that takes more than an equal share is refused with 429 and `Retry-After`, beyond seven eighths one that takes more than an equal share of the last eighth, and beyond all of it every write; a batch counts with the most that its accepted samples can take until it is written, and one that needs more than three quarters by itself is refused with 413";
    /// Deletions of time ranges that wait for their days to be rewritten.
    settable PENDING_DELETIONS = "pending_deletions", 1024, "deletions", "a further deletion of a time range in the account, with all its organizations and spaces, is refused with 429 and `Retry-After` until the store has rewritten days, which it does within minutes then; one of many series counts once more for each 10 000, and all accounts together may have 16 times as many";
    /// Organizations one account may have.
    settable ORGANIZATIONS_PER_ACCOUNT = "organizations_per_account", 1000, "organizations", "a further one is refused with 409";
    /// Spaces one account may have, in all its organizations.
    settable SPACES_PER_ACCOUNT = "spaces_per_account", 10_000, "spaces", "a further one is refused with 409";
    /// Bytes of the rules of all domains of an account.
    settable RULE_BYTES_PER_ACCOUNT = "rule_bytes_per_account", 4 << 20, "bytes of rules", "further rules of a domain are refused with 409";
    /// Users of one account, with those who are invited.
    settable USERS_PER_ACCOUNT = "users_per_account", 10_000, "users", "a further invitation is refused with 409; who is invited counts until the invitation is declined, withdrawn or expired";
    /// Roles of all users in one account.
    settable ROLES_PER_ACCOUNT = "roles_per_account", 100_000, "roles", "a further role in the account, its organizations or spaces is refused with 409, and so is a further organization or space, which gives roles to who makes it; roles that begin with an acceptance count as well";
    /// Spaces and organizations of one account that were deleted, and whose metrics are still to go.
    settable DELETED_PER_ACCOUNT = "deleted_per_account", 10_000, "spaces and organizations", "a further deletion is refused with 409 until some have gone";
    /// API keys of all users and service IDs in one account.
    settable API_KEYS_PER_ACCOUNT = "api_keys_per_account", 20_000, "keys", "a further one is refused with 409";
    /// Service IDs of one account.
    settable SERVICE_IDS_PER_ACCOUNT = "service_ids_per_account", 2000, "service IDs", "a further one is refused with 409";
    /// Access policies of one account.
    settable POLICIES_PER_ACCOUNT = "policies_per_account", 4000, "access policies", "a further one is refused with 409";
    /// Roles that one account has made of actions.
    settable CUSTOM_ROLES_PER_ACCOUNT = "custom_roles_per_account", 500, "roles of its own", "a further one is refused with 409";
    /// Access groups of one account.
    settable ACCESS_GROUPS_PER_ACCOUNT = "access_groups_per_account", 500, "access groups", "a further one is refused with 409";
    /// Memberships in the access groups of one account.
    settable GROUP_MEMBERS_PER_ACCOUNT = "group_members_per_account", 50_000, "members of access groups", "a further member of an access group is refused with 409; who is in several groups counts for each";
    /// Dynamic rules of one account.
    settable GROUP_RULES_PER_ACCOUNT = "group_rules_per_account", 200, "rules of access groups", "a further dynamic rule is refused with 409";
    /// Trusted profiles of one account.
    settable PROFILES_PER_ACCOUNT = "profiles_per_account", 1000, "trusted profiles", "a further one is refused with 409";
    /// Resource groups of one account beside the first.
    settable RESOURCE_GROUPS_PER_ACCOUNT = "resource_groups_per_account", 200, "resource groups", "a further one is refused with 409";
    /// What clients keep for the users and service IDs of one account.
    settable PREFERENCES_PER_ACCOUNT = "preferences_per_account", 10_000, "preferences", "a further preference is refused with 409";
    /// Series of one account, in all its domains.
    settable SERIES_PER_ACCOUNT = "series_per_account", 10_000_000, "series", "samples of further new series are rejected";
    /// Bytes of the names of all series that one account has.
    settable NAME_BYTES_PER_ACCOUNT = "name_bytes_per_account", 4 << 30, "bytes", "samples of further new series in the account, its organizations and spaces are rejected where the names of all their series, with their labels, would take more; at most half of `name_bytes_in_all`";
    /// New series of one account in an hour.
    settable NEW_SERIES_PER_HOUR = "new_series_per_hour", 3_000_000, "series", "samples of further new series are rejected; it comes back evenly, and what was not used is kept for an hour at most";
    /// Events one account may keep, in all its domains.
    settable EVENTS_PER_ACCOUNT = "events_per_account", 100_000, "events", "a further event is refused with 409 until some are deleted";
    /// Samples one account may keep, in all its domains.
    settable SAMPLES_PER_ACCOUNT = "samples_per_account", 1_000_000_000_000, "samples", "further writes are refused with 429";
    /// Bytes that the samples of one account may take on disk.
    settable STORED_BYTES_PER_ACCOUNT = "stored_bytes_per_account", 1 << 40, "bytes", "further writes are refused with 429";
    /// Size of one body of a management request.
    settable MANAGEMENT_BODY_BYTES = "management_body_bytes", 1024 * 1024, "bytes", "a larger body of a request about accounts, keys, roles or settings is refused with 413, packed or plain";
    /// Size of one form of a token endpoint.
    fixed FORM_BYTES = "form_bytes", 64 * 1024, "bytes", "a larger form is refused with 400, packed or plain";
    /// Members of one packed body.
    fixed GZIP_MEMBERS = "gzip_members", 1024, "members", "a packed body of more members is refused with 400";
    /// Bodies that arrive at once.
    settable ARRIVING_BODIES = "arriving_bodies", 1024, "bodies", "beyond it the slowest give way, or the request is answered with 429 and `Retry-After`";
    /// Bytes of all bodies, packed and plain, from their arrival until they are worked off.
    settable BODIES_IN_FLIGHT_BYTES = "bodies_in_flight_bytes", 128 * 1024 * 1024, "bytes", "beyond it a body waits for a moment, and is answered with 429 and `Retry-After`";
    /// How long a body may make no progress.
    settable BODY_STALL_SECONDS = "body_stall_seconds", 5, "seconds", "a body that falls behind `body_bytes_per_second_min` by more is answered with 408";
    /// The least rate of a body.
    settable BODY_BYTES_PER_SECOND_MIN = "body_bytes_per_second_min", 512, "bytes", "a body that comes more slowly than this falls behind, and is answered with 408 after `body_stall_seconds`";
    /// The share of a common resource that one account may use.
    settable ACCOUNT_SHARE_PERCENT = "account_share_percent", 50, "percent", "the share of `concurrent_requests`, `arriving_bodies`, `bodies_in_flight_bytes`, `concurrent_queries`, `queued_queries` and `queries_in_flight_bytes` that one account may have at once; beyond it 429 and `Retry-After`. The same of what senders have: 7 in 8 of `sender_connections`, `senders_in_flight_bytes` and `statsd_bytes_in_all`";
    /// The share that one source may use without a verified credential.
    settable SOURCE_SHARE_PERCENT = "source_share_percent", 25, "percent", "the same share for requests without a verified credential from one address (IPv6: one /64)";
    /// The share that all sources together may use without a verified credential.
    settable STRANGER_SHARE_PERCENT = "stranger_share_percent", 75, "percent", "the same share for all requests without a verified credential together: what is left is kept for those with one";
    /// Logins that wait for a password check.
    settable PASSWORD_CHECKS_WAITING = "password_checks_waiting", 128, "logins", "a login beyond it is answered with 429 and `Retry-After`, unless its source has fewer waiting than another";
    /// Logins of one source that wait for a password check.
    settable PASSWORD_CHECKS_WAITING_PER_SOURCE = "password_checks_waiting_per_source", 32, "logins", "a login beyond it from the same address (IPv6: /64) is answered with 429 and `Retry-After`";
    /// Time a login waits for its password check.
    settable PASSWORD_WAIT_SECONDS = "password_wait_seconds", 10, "seconds", "a login that has waited longer is answered with 429 and `Retry-After`";
    /// Wrong passwords for one address from one source.
    settable LOGIN_FAILURES_PER_ADDRESS = "login_failures_per_address", 10, "failures", "further logins as that e-mail address from the same source wait a minute, then twice as long each time, up to 16 minutes; where its person was let in within 30 days, 2 seconds";
    /// Wrong passwords from one source.
    settable LOGIN_FAILURES_PER_SOURCE = "login_failures_per_source", 50, "failures", "further logins by password from the same source, of people who were not let in from there within 30 days, are looked at one in 10 seconds";
    /// Wrong keys, codes and refresh tokens from one source.
    settable GUESSES_PER_SOURCE = "guesses_per_source", 100, "guesses", "further wrong API keys, one-time codes and refresh tokens from the same source are answered with 429, but for one a second; right ones go on working";
    /// Counts of failures that are kept.
    fixed FAILURES_REMEMBERED = "failures_remembered", 65_536, "counts", "the counts of failures that are longest unused are forgotten";
    /// Sources a person was let in from.
    fixed LOGIN_SOURCES_PER_USER = "login_sources_per_user", 32, "sources", "of the sources a person was let in from, the one longest unused is forgotten";
    /// Sessions of one person that live at once.
    settable SESSIONS_PER_USER = "sessions_per_user", 1000, "sessions", "a login beyond it ends the session longest unused: among those the person began themselves or among those of one API key, whichever are more; where twenty times as many have ended within the life of an access token, 429 and `Retry-After`";
    /// Refresh tokens of one session that are remembered.
    settable REFRESH_TOKENS_PER_SESSION = "refresh_tokens_per_session", 5000, "tokens", "a further renewal of the session is answered with 429 and `Retry-After` until used refresh tokens of it have expired";
    /// Passcodes of one person that can be used at once.
    settable PASSCODES_PER_USER = "passcodes_per_user", 10, "passcodes", "a passcode beyond it takes the place of the oldest; those of an API key count by themselves";
    /// Entries of one kind that the audit keeps of an account.
    settable AUDIT_ENTRIES_PER_ACCOUNT = "audit_entries_per_account", 200_000, "entries", "of each account, and of what belongs to none, the oldest entries of the same kind (changes, what people change of their own, deletions of metrics, sign-ins, refusals, requests) are dropped";
    /// How long the audit is kept.
    settable AUDIT_RETENTION_DAYS = "audit_retention_days", 400, "days", "older entries of the audit are deleted";
    /// Refusals of one minute that the audit counts separately.
    settable AUDIT_REFUSALS_PER_MINUTE = "audit_refusals_per_minute", 500, "refusals", "half of them are for refusals that name a user; further ones within the minute are one entry of the audit for each user, from `others`, and one for all `others`";
    /// Callers of one hour that the audit counts separately.
    fixed AUDIT_CALLERS_PER_HOUR = "audit_callers_per_hour", 20_000, "callers", "requests of further callers within the hour are one entry of the audit, for `others`";
    /// Length of a text in the audit.
    fixed AUDIT_TEXT_BYTES = "audit_text_bytes", 512, "bytes", "a longer name or pattern in the audit is cut";
    /// Changes of one object that its history shows.
    fixed HISTORY_ENTRIES = "history_entries", 1000, "changes", "older changes of an object are left out of its `history`, which says so in its last entry; the audit has them";
    /// Changes of each object that its history in a list shows.
    fixed HISTORY_ENTRIES_IN_LISTS = "history_entries_in_lists", 20, "changes", "older changes of an object of a list are left out of its `history`, which says so in its last entry; the object by itself has more";
    /// Principals that authenticate within half a minute and are counted separately.
    fixed ACTIVITY_UNWRITTEN = "activity_unwritten", 65_536, "identities", "of further API keys, users and service IDs that authenticate before the activity is written, twice a minute, nothing is counted";
    /// API keys one person may have in an account.
    settable KEYS_PER_USER = "keys_per_user", 1000, "keys", "a further API key of the same person, or service ID, in the account is refused with 409";
    /// Entries of one page of a list.
    fixed PAGE_ENTRIES = "page_entries", 100, "entries", "a larger page of accounts, organizations, spaces, users, invitations, service IDs or API keys is refused with 400";
    /// Entries of a list that has no pages.
    fixed UNPAGED_ENTRIES = "unpaged_entries", 500, "entries", "a further resource group, or role of an account's own, is refused with 409, however many the account may have: all are in one answer";
    /// Length of a filter of a list.
    fixed FILTER_BYTES = "filter_bytes", 1024, "bytes", "a longer `filter` of a list is refused with 400";
    /// Groups of service IDs of one account.
    fixed SERVICE_ID_GROUPS_PER_ACCOUNT = "service_id_groups_per_account", 100, "groups", "a further group of service IDs is refused with 409";
    /// Keys of one resource instance.
    fixed RESOURCE_KEYS_PER_INSTANCE = "resource_keys_per_instance", 50, "keys", "a further key of an instance is refused with 409";
    /// CRNs of one service ID.
    fixed CRNS_PER_SERVICE_ID = "crns_per_service_id", 32, "CRNs", "a service ID with more in `unique_instance_crns` is refused with 400";
    /// Access policies of one user, service ID, profile or access group in an account.
    fixed POLICIES_PER_SUBJECT = "policies_per_subject", 100, "access policies", "a further one for the same user, service ID, trusted profile or access group in the account is refused with 409";
    /// Access policies and access groups that one request gives to all whom it invites.
    fixed INVITED_ACCESS_PER_REQUEST = "invited_access_per_request", 1000, "access policies and groups", "an invitation that gives more to all whom it invites, their number times that of its access policies and access groups, is refused with 400, and invites nobody";
    /// What clients keep for one user or service ID in an account.
    fixed PREFERENCES_PER_IDENTITY = "preferences_per_identity", 100, "preferences", "a further preference of the same user or service ID in the account is refused with 409";
    /// Length of one preference.
    fixed PREFERENCE_BYTES = "preference_bytes", 4096, "bytes", "a preference whose value is longer, as JSON, is refused with 400";
    /// Identities of one report.
    fixed REPORT_ENTRIES = "report_entries", 10_000, "identities", "a report that would list more is refused with 400, and one about second factors with 409";
    /// Reports of one kind that are kept of one account.
    fixed REPORTS_KEPT = "reports_kept", 5, "reports", "of the reports of one kind about the identities of an account, the oldest is deleted";
    /// Roles of one access policy.
    fixed ROLES_PER_POLICY = "roles_per_policy", 16, "roles", "an access policy with more is refused with 400";
    /// Decisions about access that one request asks for.
    fixed AUTHZ_DECISIONS = "authz_decisions", 100, "decisions", "a request for more decisions about access is refused with 400";
    /// Changes of what one account has that are made at once.
    fixed CHANGES_AT_ONCE_PER_ACCOUNT = "changes_at_once_per_account", 2, "changes", "a further change of what the account has (its users, keys, policies, spaces, events and so on) waits until another one of the same account is done";
    /// Changes of what one account has that wait until they are made.
    fixed CHANGES_WAITING_PER_ACCOUNT = "changes_waiting_per_account", 128, "changes", "a further change of what the account has, beside those that are made and so many that wait, is refused with 429; what ends credentials (sessions, API keys, or who or what holds or gives them) never is: it waits, and beyond as many of one identity, for its own";
    /// Changes of one identity that wait until they are made: a quarter of those of its account.
    fixed CHANGES_WAITING_PER_IDENTITY = "changes_waiting_per_identity", 32, "changes", "a further change by the same user, service ID or trusted profile in the account, while so many of its own wait, is refused with 429; what ends credentials (sessions, API keys, or who or what holds or gives them) never is: it waits, and beyond as many of one identity, for its own";
    /// Logins of one account that write at once.
    fixed LOGINS_AT_ONCE_PER_ACCOUNT = "logins_at_once_per_account", 1, "logins", "a further login of the same account that begins a session, renews or ends one, makes a one-time code or takes on a trusted profile waits until another one is done";
    /// Logins of one account that wait until they may write.
    fixed LOGINS_WAITING_PER_ACCOUNT = "logins_waiting_per_account", 100, "logins", "a further login or renewal of the account, beside the one that is written and so many that wait, is refused with 429 and `Retry-After`, and one of a compute resource where those of compute resources are half as many; a logout never is";
    /// Logins of one identity that wait until they may write: a quarter of those of its account.
    fixed LOGINS_WAITING_PER_IDENTITY = "logins_waiting_per_identity", 25, "logins", "a further login or renewal of the same user or service ID in the account, or with the same token of a compute resource, while so many of its own wait, is refused with 429 and `Retry-After`; a logout never is";
    /// Lists and decisions that are worked out at once for one account.
    fixed LISTS_AT_ONCE_PER_ACCOUNT = "lists_at_once_per_account", 2, "lists", "a further list whose length grows with the account (`vigied routes` shows which), report, or request for decisions about access, waits until another one of the same account is done";
    /// Lists and decisions of one account that wait until they are worked out.
    fixed LISTS_WAITING_PER_ACCOUNT = "lists_waiting_per_account", 32, "lists", "a further list, report or request for decisions of the account, beside those that are worked out and so many that wait, is refused with 429";
    /// Lists and decisions of one identity that wait until they are worked out: a quarter of those of its account.
    fixed LISTS_WAITING_PER_IDENTITY = "lists_waiting_per_identity", 8, "lists", "a further list, report or request for decisions of the same user, service ID or trusted profile in the account, while so many of its own wait, is refused with 429";
    /// Length of the value of an attribute of an access policy.
    fixed POLICY_VALUE_BYTES = "policy_value_bytes", 1000, "bytes", "a longer value of an attribute of an access policy is refused with 400";
    /// Access groups of one account that one user, service ID or profile is put into.
    fixed GROUPS_PER_MEMBER = "groups_per_member", 50, "access groups", "a user, service ID or trusted profile is put into no more in one account; a further one is refused with 409";
    /// Members or access groups that one request puts together or apart.
    fixed GROUP_MEMBERS_AT_ONCE = "group_members_at_once", 50, "members", "a request that puts more into an access group, or takes more out of it, is refused with 400";
    /// Claim rules of one trusted profile.
    fixed RULES_PER_PROFILE = "rules_per_profile", 20, "claim rules", "a further claim rule of a trusted profile is refused with 409";
    /// Links of one trusted profile to compute resources.
    fixed LINKS_PER_PROFILE = "links_per_profile", 50, "links", "a further link of a trusted profile is refused with 409";
    /// Identities that one trusted profile names.
    fixed IDENTITIES_PER_PROFILE = "identities_per_profile", 100, "identities", "a further user or service ID that may take on a trusted profile is refused with 409, a longer list with 400";
    /// Dynamic rules of one access group, which are listed without pages.
    fixed RULES_PER_GROUP = "rules_per_group", 50, "dynamic rules", "a further dynamic rule of the same access group is refused with 409";
    /// Conditions of one dynamic rule.
    fixed CONDITIONS_PER_RULE = "conditions_per_rule", 10, "conditions", "a rule with more `conditions` is refused with 400";
    /// Length of the value of a condition.
    fixed CLAIM_VALUE_BYTES = "claim_value_bytes", 1024, "bytes", "a longer `value` of a condition is refused with 400";
    /// Length of the name of an account, organization, space, region or key.
    fixed LABEL_BYTES = "label_bytes", 255, "bytes", "a longer name of an account, organization, space, region, service ID or API key, or a longer CRN, is refused with 400";
    /// Length of the description of a key.
    fixed DESCRIPTION_BYTES = "description_bytes", 1024, "bytes", "a longer description is refused with 400";
    /// Length of the addresses from which an account gives tokens.
    fixed ALLOWED_ADDRESSES_BYTES = "allowed_addresses_bytes", 4096, "bytes", "a longer list in `allowed_ip_addresses` is refused with 400";
    /// Length of a password.
    fixed PASSWORD_BYTES = "password_bytes", 1024, "bytes", "a longer password is refused with 400";
    /// Length of the text of an API key.
    fixed KEY_TEXT_BYTES = "key_text_bytes", 1024, "bytes", "a longer text of an API key is refused with 400";
    /// Length of a token.
    fixed TOKEN_BYTES = "token_bytes", 16 * 1024, "bytes", "a longer token is refused with 400 where it comes in a form, else with 401";
    /// Length of an id, a time, a code or a word in a body.
    fixed WORD_BYTES = "word_bytes", 128, "bytes", "a longer id, time, one-time code or role in a body is refused with 400";
    /// Parameters of a query or fields of a form.
    fixed QUERY_PARAMETERS = "query_parameters", 256, "parameters", "a query or form with more is refused with 400";
    /// Failed token introspections a minute from one source or user.
    settable INTROSPECTION_MISSES = "introspection_misses_per_minute", 300, "misses", "a source, or a user, that has shown more is answered with 429 and `Retry-After`";
    /// Queries, listings and deletions that run at once.
    settable CONCURRENT_QUERIES = "concurrent_queries", 0, "queries", "a query, listing or deletion beyond it waits for its turn, account by account; 0 stands for two for each processor";
    /// Queries, listings and deletions that wait for their turn.
    settable QUEUED_QUERIES = "queued_queries", 256, "queries", "a query, listing or deletion beyond it is answered with 429 and `Retry-After`";
    /// Bytes that all queries and their unread answers have in memory.
    settable QUERIES_IN_FLIGHT_BYTES = "queries_in_flight_bytes", 512 * 1024 * 1024, "bytes", "a query or listing that needs more than is left of it (640 KiB, 1152 KiB where the answer is compressed, names, slots, and 16 bytes for each sample that it keeps of those not flushed yet) is answered with 429 and `Retry-After`";
    /// Bytes of answers that are kept.
    settable RENDER_CACHE_BYTES = "render_cache_bytes", 8 * 1024 * 1024, "bytes", "answers of `/render` that are kept for who asks the same again: the one that was used longest ago goes";
}

/// The limits that the operator can set for a single account, with `vigied account limit`.
pub const PER_ACCOUNT: &[Limit] = &[
    ORGANIZATIONS_PER_ACCOUNT,
    SPACES_PER_ACCOUNT,
    RULE_BYTES_PER_ACCOUNT,
    USERS_PER_ACCOUNT,
    ROLES_PER_ACCOUNT,
    DELETED_PER_ACCOUNT,
    API_KEYS_PER_ACCOUNT,
    SERVICE_IDS_PER_ACCOUNT,
    POLICIES_PER_ACCOUNT,
    CUSTOM_ROLES_PER_ACCOUNT,
    ACCESS_GROUPS_PER_ACCOUNT,
    GROUP_MEMBERS_PER_ACCOUNT,
    GROUP_RULES_PER_ACCOUNT,
    PROFILES_PER_ACCOUNT,
    RESOURCE_GROUPS_PER_ACCOUNT,
    PREFERENCES_PER_ACCOUNT,
    SERIES_PER_ACCOUNT,
    NAME_BYTES_PER_ACCOUNT,
    NEW_SERIES_PER_HOUR,
    SAMPLES_PER_ACCOUNT,
    STORED_BYTES_PER_ACCOUNT,
    EVENTS_PER_ACCOUNT,
    INVITATIONS_PER_ACCOUNT,
    INVITATIONS_PER_DAY,
    ACCOUNT_SHARE_PERCENT,
];
