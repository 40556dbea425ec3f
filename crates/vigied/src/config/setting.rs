//! The table of settings: the one source for the file, the environment, the flags and the reference.

use std::borrow::Cow;

/// The type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A path, relative to the working directory.
    Path,
    /// `ADDRESS:PORT`.
    Address,
    /// `ADDRESS:PORT`, the path of a Unix socket, or nothing.
    Socket,
    /// `ADDRESS:PORT`, or nothing.
    Listener,
    /// `NETWORK=KEY-ID`, separated by commas; or nothing.
    Sources,
    /// `NAME=KEY-ID`, separated by commas; or nothing.
    Users,
    /// Certificates and keys, separated by commas; or nothing.
    Certificates,
    /// `http://…` or `https://…`, without a path.
    Url,
    /// A whole number within bounds.
    Number { min: u64, max: u64 },
    /// `true` or `false`.
    Flag,
    /// `postgres://…`, or nothing.
    Database,
    /// `HOST:PORT`, or nothing.
    HostPort,
    /// Any text on one line.
    Text,
    /// A level, or a filter with levels per module.
    LogFilter,
    /// Addresses and networks, separated by commas; or nothing.
    Networks,
    /// Hosts and origins, separated by commas; or nothing.
    PublicHosts,
    /// Origins of web pages, separated by commas; or nothing.
    Origins,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// One setting.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The key in the file: `table.name` or `name`.
    pub(crate) key: Cow<'static, str>,
    pub(crate) shape: Shape,
    /// The value when nothing is set; empty for "none".
    pub(crate) default: Cow<'static, str>,
    /// One sentence.
    pub(crate) help: &'static str,
}

impl Setting {
    /// The environment variable: `VIGIE_` and the key in capitals.
    pub(crate) fn environment(&self) -> String {
        format!("VIGIE_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

pub(super) const fn setting(
    key: &'static str,
    shape: Shape,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        key: Cow::Borrowed(key),
        shape,
        default: Cow::Borrowed(default),
        help,
    }
}

/// Where a listener for senders may be without TLS.
pub(super) const WITHOUT_TLS: &[&str] = &[
    "loopback_only",
    "any_address_identified_by_source_alone",
    "any_address_with_credentials_in_clear",
];

/// The settings, but for those of statsd and collectd and the limits that can be set.
pub(super) const OWN: &[Setting] = &[
    setting(
        "data",
        Shape::Path,
        "vigie-data",
        "the data folder: identity database, keys and samples",
    ),
    setting(
        "listen",
        Shape::Address,
        "127.0.0.1:8080",
        "the address to serve on; port 0 means any free port",
    ),
    setting(
        "public_url",
        Shape::Url,
        "",
        "the URL by which clients reach the server, and the root of its token issuer; by default made from `listen`. If that is every address of the machine (`0.0.0.0`, `[::]`), each client gets the address that it used",
    ),
    setting(
        "public_hosts",
        Shape::PublicHosts,
        "",
        "further hosts and origins of the server besides `public_url` (`metrics.internal, http://10.0.0.5:8080`); clients that use one of them get it as the server's address in answers, all others get `public_url`",
    ),
    setting(
        "database",
        Shape::Database,
        "",
        "where identity and configuration are stored: empty for `iam.db` in the data folder, or `postgres://USER@HOST/NAME`, which [several nodes](../guides/several-nodes.md) can share",
    ),
    setting(
        "database_wait_seconds",
        Shape::Number {
            min: 0,
            max: 86_400,
        },
        "60",
        "how long `vigied serve` waits at its start for a PostgreSQL that is down, with a try each second; 0 fails at once",
    ),
    setting(
        "tls.certificate",
        Shape::Path,
        "",
        "file with the certificate chain (PEM); read again on SIGHUP",
    ),
    setting(
        "tls.key",
        Shape::Path,
        "",
        "file with the private key (PEM); read again on SIGHUP",
    ),
    setting(
        "tls.allow_plain_http_on_any_address",
        Shape::Flag,
        "false",
        "serve without TLS on an address other than loopback: tokens then cross the network readable",
    ),
    setting(
        "tls.hsts_seconds",
        Shape::Number {
            min: 0,
            max: 63_072_000,
        },
        "31536000",
        "how long browsers must use HTTPS (`Strict-Transport-Security`); sent only if `public_url` is https on port 443; 0 sends no header",
    ),
    setting(
        "trusted_proxies",
        Shape::Networks,
        "",
        "addresses and networks (`10.0.0.7, 2001:db8::/32`) of reverse proxies: their statements about the client's address are trusted, and limits by source do not apply to them",
    ),
    setting(
        "proxy_header",
        Shape::Choice(&["any", "forwarded", "x-forwarded-for"]),
        "any",
        "the header in which trusted proxies name the client; `any` uses the one that is present, and neither if they contradict each other",
    ),
    setting(
        "proxy_protocol",
        Shape::Flag,
        "false",
        "require a PROXY protocol header (v1 or v2) from one of `trusted_proxies` on every connection; others are closed",
    ),
    setting(
        "cors.origins",
        Shape::Origins,
        "",
        "origins (`https://grafana.example.org, http://localhost:3000`) whose pages may read answers about metrics in a browser, with a credential that they send themselves; empty for none",
    ),
    setting(
        "allow_readable_secrets",
        Shape::Flag,
        "false",
        "do not check who may read signing keys, databases, the certificate's key and the mail password: for mounted volumes without permissions",
    ),
    setting(
        "memory_bytes",
        Shape::Number {
            min: 0,
            max: 1 << 50,
        },
        "0",
        "memory for samples, queries, bodies and directories of segment files together; 0 for half of what the machine, or the control group of the process, has. Of it `limits.head_bytes` is at most a half (together with `limits.statsd_bytes_in_all`, at most a 16th, where a listener for statsd is open), `limits.queries_in_flight_bytes` a quarter, `limits.bodies_in_flight_bytes` an eighth (together with `limits.senders_in_flight_bytes`, at most a 16th, where a listener for senders is open), `storage.directory_cache_bytes`, `limits.render_cache_bytes` (a 64th) and the compiled rules of domains (a 64th) an eighth together, and `limits.body_bytes` and `limits.management_body_bytes` half of what `limits.account_share_percent` leaves one account of `limits.bodies_in_flight_bytes` (a body may be held packed and plain), however much is set for them. The names of series are beside it: at most half as much (`limits.name_bytes_in_all`), and half of that for one account (`limits.name_bytes_per_account`). `vigied config check` shows what is in force",
    ),
    setting(
        "shutdown_seconds",
        Shape::Number { min: 1, max: 3600 },
        "25",
        "how long the process may take to end after SIGTERM: two thirds for open requests, the rest for the flush; the default is less than the 30 s after which containers are killed",
    ),
    setting(
        "tokens.stale_seconds_max",
        Shape::Number {
            min: 5,
            max: 31_536_000,
        },
        "300",
        "how long credentials are trusted while the identity database does not answer; after that requests are refused with 503, because a key may have been revoked on another node",
    ),
    setting(
        "tokens.encryption_key_file",
        Shape::Path,
        "",
        "file with the key that encrypts the signing keys in the database (32 bytes in Base64), the same for all nodes on one database; empty for `keys/encryption.key` in the data folder, which `vigied init` creates",
    ),
    setting(
        "tokens.signing_algorithm",
        Shape::Choice(&["rs256", "es256", "eddsa"]),
        "rs256",
        "how new signing keys sign; those that there are stay, and `vigied keys rotate` makes a new one. Clients of the original expect `rs256`",
    ),
    setting(
        "tokens.signing_key_days",
        Shape::Number { min: 0, max: 3650 },
        "0",
        "after how many days a signing key gets a successor by itself, which every node knows before it signs; the old one is retired when all its tokens have expired. 0 for never",
    ),
    setting(
        "tokens.access_token_seconds",
        Shape::Number {
            min: 30,
            max: 43_200,
        },
        "3600",
        "lifetime of access tokens",
    ),
    setting(
        "tokens.logging_token_seconds",
        Shape::Number {
            min: 3600,
            max: 315_360_000,
        },
        "31536000",
        "lifetime of the keys that `POST /login` makes for senders to a space (`logging_token`); a login within the first half gives the same one again",
    ),
    setting(
        "tokens.refresh_token_seconds",
        Shape::Number {
            min: 60,
            max: 2_592_000,
        },
        "259200",
        "lifetime of refresh tokens",
    ),
    setting(
        "invitations.lifetime_hours",
        Shape::Number { min: 1, max: 8760 },
        "168",
        "how long an invitation and its one-time code are valid",
    ),
    setting(
        "invitations.show_code_to_inviter",
        Shape::Flag,
        "true",
        "show the inviter the one-time code to pass on, while the server has a single account and sends no mail; otherwise the operator makes one with `vigied invitation code EMAIL`",
    ),
    setting(
        "mail.server",
        Shape::HostPort,
        "",
        "the SMTP server that takes mails with invitations, `HOST:PORT`; empty for none",
    ),
    setting(
        "mail.from",
        Shape::Text,
        "",
        "the address mails come from, `vigie@example.org` or `Vigie <vigie@example.org>`",
    ),
    setting(
        "mail.tls",
        Shape::Choice(&["starttls", "tls", "none"]),
        "starttls",
        "encryption of the connection to the mail server; `none` is allowed only for a server on this machine",
    ),
    setting(
        "mail.ca_file",
        Shape::Path,
        "",
        "file with an additional authority for the mail server's certificate (PEM)",
    ),
    setting(
        "mail.user",
        Shape::Text,
        "",
        "the user name at the mail server; empty for none",
    ),
    setting(
        "mail.password_file",
        Shape::Path,
        "",
        "file with the password of `mail.user` in its first line; must not be readable by all users",
    ),
    setting(
        "workloads.issuers_file",
        Shape::Path,
        "",
        "file (TOML) that names the issuers whose tokens workloads log in with, without a key (the grant `cr-token`): a table `[[issuer]]` for each, with its keys and what its claims mean; empty for none; read again on SIGHUP",
    ),
    setting(
        "storage.retention_days",
        Shape::Number {
            min: 1,
            max: 36_500,
        },
        "7300",
        "samples older than this are refused and deleted",
    ),
    setting(
        "storage.deleted_seconds",
        Shape::Number {
            min: 0,
            max: 315_360_000,
        },
        "604800",
        "how long a deleted space or organization can be restored before its metrics are removed; 0 for not at all",
    ),
    setting(
        "storage.default_plan",
        Shape::Choice(&["unlimited", "lite", "premium"]),
        "unlimited",
        "the plan of spaces for which no instance of the monitoring service was made: `unlimited` takes samples and keeps them for `storage.retention_days`, `lite` takes none and shows those of 15 days, `premium` takes them and shows those of 45 days",
    ),
    setting(
        "storage.future_minutes",
        Shape::Number {
            min: 0,
            max: 525_600,
        },
        "1440",
        "samples further ahead of the clock are refused",
    ),
    setting(
        "storage.commit_interval_ms",
        Shape::Number {
            min: 1,
            max: 60_000,
        },
        "200",
        "how often samples that were sent with `durability=buffered` are synced to disk",
    ),
    setting(
        "storage.flush_samples",
        Shape::Number {
            min: 1000,
            max: 1 << 32,
        },
        "4194304",
        "samples kept in memory before they are written to a segment file",
    ),
    setting(
        "storage.directory_cache_bytes",
        Shape::Number {
            min: 0,
            max: 1 << 40,
        },
        "67108864",
        "memory for the directories of segment files; others are read again when needed",
    ),
    setting(
        "storage.reserve_bytes",
        Shape::Number {
            min: 0,
            max: 1 << 50,
        },
        "536870912",
        "free disk space that samples must leave for logins, deletions and the log; 0 for none",
    ),
    setting(
        "operations.listen",
        Shape::Socket,
        "",
        "the operators' listener, with the server's metrics and its readiness: empty for the Unix socket `operations.sock` in the data folder, the path of another socket, or `ADDRESS:PORT`; other addresses than loopback need TLS and the token of `vigied operations token`",
    ),
    setting(
        "senders.sources",
        Shape::Sources,
        "",
        "senders that cannot show a credential, by address, and the key that speaks for each (`10.1.2.3=ApiKey-GUID, 10.2.0.0/16=ApiKey-GUID`; the narrowest network counts): the id of a key that may only send into one space, from `vigie iam api-key-create NAME --only send --domain s-GUID`. Who holds the address holds the key",
    ),
    setting(
        "senders.client_ca_file",
        Shape::Path,
        "",
        "file with the authority (PEM) that signs the certificates of senders; with it, listeners for senders with TLS ask for one. Who shows none may still say otherwise who it is; read again on SIGHUP",
    ),
    setting(
        "senders.certificates",
        Shape::Certificates,
        "",
        "senders that show a certificate of `senders.client_ca_file`, by its SHA-256 fingerprint or a DNS name that it is valid for, and the key that speaks for each (`sha256:HEX=ApiKey-GUID, web7.example.org=ApiKey-GUID`): the id of a key that may only send into one space",
    ),
    setting(
        "graphite.listen",
        Shape::Listener,
        "",
        "address for Graphite's lines over TCP (usually port 2003); empty for none. A sender shows `AUTH iam TOKEN` or `AUTH apikey KEY` in its first line, comes from one of `senders.sources`, or writes a key before each name where its space takes that",
    ),
    setting(
        "graphite.tls",
        Shape::Flag,
        "false",
        "TLS on `graphite.listen`, with the certificate of `tls.certificate`",
    ),
    setting(
        "graphite.proxy_protocol",
        Shape::Flag,
        "false",
        "require a PROXY protocol header (v1 or v2) from one of `trusted_proxies` on every connection to `graphite.listen`, before TLS and the first line; the sender is whom it names, and other connections are closed",
    ),
    setting(
        "graphite.without_tls",
        Shape::Choice(WITHOUT_TLS),
        "loopback_only",
        "where `graphite.listen` may be without TLS: on this machine; anywhere, for `senders.sources` alone and without credentials; or anywhere, with credentials that everybody on the way can read",
    ),
    setting(
        "graphite.udp_listen",
        Shape::Listener,
        "",
        "address for Graphite's lines over UDP; empty for none. A sender comes from one of `senders.sources`, or writes a key before each name where its space takes that",
    ),
    setting(
        "graphite.allow_udp_on_any_address",
        Shape::Flag,
        "false",
        "let `graphite.udp_listen` be on another address than loopback: who can forge a source address can then send in its name",
    ),
    setting(
        "pickle.listen",
        Shape::Listener,
        "",
        "address for Graphite's pickles over TCP (usually port 2004), for `senders.sources` alone; empty for none",
    ),
    setting(
        "pickle.tls",
        Shape::Flag,
        "false",
        "TLS on `pickle.listen`, with the certificate of `tls.certificate`",
    ),
    setting(
        "pickle.proxy_protocol",
        Shape::Flag,
        "false",
        "as `graphite.proxy_protocol`, on `pickle.listen`",
    ),
    setting(
        "pickle.without_tls",
        Shape::Choice(&["loopback_only", "any_address_identified_by_source_alone"]),
        "loopback_only",
        "where `pickle.listen` may be without TLS; as `graphite.without_tls`",
    ),
    setting(
        "lumberjack.listen",
        Shape::Listener,
        "",
        "address for the multi-tenant lumberjack protocol (usually port 9095), which collectd's plugins of the original and its crawlers speak, with TLS from the first byte; empty for none. A sender logs in with the GUID of a space and an API key, such as the `logging_token` of `POST /login`",
    ),
    setting(
        "lumberjack.without_tls",
        Shape::Choice(&[
            "never",
            "loopback_only",
            "any_address_with_credentials_in_clear",
        ]),
        "never",
        "whether `lumberjack.listen` is without TLS: never; on this machine; or anywhere, with keys that everybody on the way can read",
    ),
    setting(
        "lumberjack.proxy_protocol",
        Shape::Flag,
        "false",
        "as `graphite.proxy_protocol`, on `lumberjack.listen`",
    ),
    setting(
        "log.level",
        Shape::LogFilter,
        "info",
        "what to log: `error`, `warn`, `info`, `debug`, or a filter like `vigied=debug`",
    ),
    setting(
        "log.format",
        Shape::Choice(&["text", "json"]),
        "text",
        "the form of the log on standard error",
    ),
];
