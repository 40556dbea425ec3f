//! The settings of statsd's listeners and of its sums, in the words of etsy's where it has one.

use super::setting::{Setting, Shape, WITHOUT_TLS, setting};

/// `statsd.…`.
pub(super) const STATSD: &[Setting] = &[
    setting(
        "statsd.listen",
        Shape::Listener,
        "",
        "address for statsd over TCP (usually port 8125); empty for none. A sender comes from one of `senders.sources`, or writes a key before each name where its space takes that",
    ),
    setting(
        "statsd.tls",
        Shape::Flag,
        "false",
        "TLS on `statsd.listen`, with the certificate of `tls.certificate`",
    ),
    setting(
        "statsd.proxy_protocol",
        Shape::Flag,
        "false",
        "as `graphite.proxy_protocol`, on `statsd.listen`",
    ),
    setting(
        "statsd.without_tls",
        Shape::Choice(WITHOUT_TLS),
        "loopback_only",
        "where `statsd.listen` may be without TLS; as `graphite.without_tls`. Keys before names are also taken on `statsd.udp_listen` off this machine only with `any_address_with_credentials_in_clear`",
    ),
    setting(
        "statsd.udp_listen",
        Shape::Listener,
        "",
        "address for statsd over UDP (usually port 8125); empty for none. A sender is known as on `statsd.listen`",
    ),
    setting(
        "statsd.allow_udp_on_any_address",
        Shape::Flag,
        "false",
        "let `statsd.udp_listen` be on another address than loopback: who can forge a source address can then send in its name",
    ),
    setting(
        "statsd.flush_seconds",
        Shape::Number { min: 1, max: 3600 },
        "10",
        "time between two flushes, each of which stores a sample of every sum (etsy's `flushInterval`, which is in milliseconds)",
    ),
    setting(
        "statsd.percentiles",
        Shape::Text,
        "90",
        "percentiles of timers, separated by commas; a negative one is of the highest values (`percentThreshold`); empty for none",
    ),
    setting(
        "statsd.histograms",
        Shape::Text,
        "",
        "histograms of timers: `PART-OF-NAME=BIN,BIN,inf` separated by semicolons, of which the first that matches a name counts; `=BIN,inf` is for all (`histogram`)",
    ),
    setting(
        "statsd.legacy_namespace",
        Shape::Flag,
        "true",
        "`stats.NAME` for the rate of a counter and `stats_counts.NAME` for its count, and `stats` before the rest, whatever the prefixes are (`legacyNamespace`)",
    ),
    setting(
        "statsd.prefix",
        Shape::Text,
        "stats",
        "before the name of every sum, unless `statsd.legacy_namespace` is set (`globalPrefix`); empty for none, as those that follow",
    ),
    setting(
        "statsd.prefix_counter",
        Shape::Text,
        "counters",
        "after that, for counters (`prefixCounter`)",
    ),
    setting(
        "statsd.prefix_timer",
        Shape::Text,
        "timers",
        "the same for timers (`prefixTimer`)",
    ),
    setting(
        "statsd.prefix_gauge",
        Shape::Text,
        "gauges",
        "the same for gauges (`prefixGauge`)",
    ),
    setting(
        "statsd.prefix_set",
        Shape::Text,
        "sets",
        "the same for sets (`prefixSet`)",
    ),
    setting(
        "statsd.suffix",
        Shape::Text,
        "",
        "after the name of every sum (`globalSuffix`)",
    ),
    setting(
        "statsd.flush_counts",
        Shape::Flag,
        "true",
        "store the count of a counter beside its rate (`flush_counts`)",
    ),
    setting(
        "statsd.sanitize_names",
        Shape::Flag,
        "true",
        "clean names as etsy's statsd: blanks become `_`, slashes `-`, and what else is no letter, digit, `_`, `-` or `.` is left out (`keyNameSanitize`)",
    ),
    setting(
        "statsd.delete_idle",
        Shape::Flag,
        "false",
        "forget every sum of which nothing came since the last flush, and store no 0 for it (`deleteIdleStats`); what nothing comes of for `limits.statsd_idle_seconds` is forgotten in any case",
    ),
    setting(
        "statsd.delete_counters",
        Shape::Flag,
        "false",
        "the same for counters alone (`deleteCounters`)",
    ),
    setting(
        "statsd.delete_timers",
        Shape::Flag,
        "false",
        "the same for timers (`deleteTimers`)",
    ),
    setting(
        "statsd.delete_sets",
        Shape::Flag,
        "false",
        "the same for sets (`deleteSets`)",
    ),
    setting(
        "statsd.delete_gauges",
        Shape::Flag,
        "false",
        "the same for gauges, which otherwise stay as they were last set until `limits.statsd_idle_seconds` have passed (`deleteGauges`)",
    ),
    setting(
        "statsd.gauge_flushes",
        Shape::Number {
            min: 1,
            max: 1_000_000,
        },
        "1",
        "for how many flushes a gauge stays, where idle ones are forgotten (`gaugesMaxTTL`)",
    ),
];
