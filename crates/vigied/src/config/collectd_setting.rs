//! The settings of the listener for collectd's plugin `network`.

use super::setting::{Setting, Shape, setting};

/// `collectd.…`.
pub(super) const COLLECTD: &[Setting] = &[
    setting(
        "collectd.listen",
        Shape::Listener,
        "",
        "address for collectd's plugin `network`, over UDP (usually port 25826); empty for none. A sender signs or encrypts with the secret of one of `collectd.users`, or comes from one of `senders.sources`",
    ),
    setting(
        "collectd.security_level",
        Shape::Choice(&["none", "sign", "encrypt"]),
        "none",
        "the least that `collectd.listen` takes, as `SecurityLevel` of collectd: packets in clear, signed ones, or encrypted ones alone",
    ),
    setting(
        "collectd.allow_clear_on_any_address",
        Shape::Flag,
        "false",
        "let `collectd.listen` be on another address than loopback with `collectd.security_level` `none`: who can forge a source address can then send in its name",
    ),
    setting(
        "collectd.users",
        Shape::Users,
        "",
        "names that senders sign or encrypt with, and the key that speaks for each (`web7=ApiKey-GUID, web8=ApiKey-GUID`): the id of a key that may only send into one space. Their password is the secret that `vigied sender-secret ApiKey-GUID` prints",
    ),
    setting(
        "collectd.replay_seconds",
        Shape::Number {
            min: 1,
            max: 31_536_000,
        },
        "900",
        "values of signed and encrypted packets whose time is further from the clock are refused, so that nobody who has recorded a packet can send it again later",
    ),
    setting(
        "collectd.types_db",
        Shape::Text,
        "",
        "files in the form of collectd's `types.db`, separated by commas, for types of several values that the server does not know; a later one counts before an earlier one",
    ),
];
