//! Environment variables with our prefix: those that name a setting, those of other programs, and a warning for the rest, so
//! that no intended setting is ignored silently.

use super::all_settings::all;
use super::removed::{REMOVED, variable};
use super::setting::Setting;
use base::invisible;
use std::collections::BTreeMap;
use std::ffi::OsString;
use strsim::levenshtein;

/// The prefix of our variables.
const OURS: &str = "VIGIE_";

/// Variables that `vigie` reads, or prints for a shell; both programs may share an environment.
const OF_THE_COMMAND_LINE: [&str; 12] = [
    "VIGIE_API",
    "VIGIE_API_KEY",
    "VIGIE_CA_FILE",
    "VIGIE_COLOR",
    "VIGIE_HOME",
    "VIGIE_HTTP_TIMEOUT",
    "VIGIE_METRICS",
    "VIGIE_QUIET",
    "VIGIE_SCOPE",
    "VIGIE_SOURCE_CREDENTIALS",
    "VIGIE_TOKEN",
    "VIGIE_TRACE",
];

/// The prefix of variables of the tests and their runner.
const OF_TESTS: [&str; 4] = [
    "VIGIE_TEST_",
    "VIGIE_SKIP_LOG",
    "VIGIE_UPDATE",
    "VIGIE_LONG",
];

/// Maximum edit distance of a typo, and its maximum share of the letters after the prefix.
const SLIP_MAX: usize = 4;
const SLIP_SHARE: usize = 3;

/// Names longer than this are not repeated in messages.
const SHOWN_MAX: usize = 80;

/// The variables that name a setting or resemble one: all with the prefix of a table are kept, so that a typo is refused.
pub(crate) fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<String, String> {
    let settings = all();
    let texts = variables.filter_map(|(name, value)| {
        // Invalid UTF-8 gets replacement characters, and is refused with the name of the setting.
        Some((
            name.into_string().ok()?,
            value.to_string_lossy().into_owned(),
        ))
    });
    texts
        .filter(|(name, value)| is_ours(name, &settings) && !is_of_others(name, value))
        .collect()
}

/// One warning for each variable with our prefix that no program reads. It repeats no value, which may be a secret.
pub(crate) fn unknown_variables(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<String> {
    let settings = all();
    let begins = |name: &OsString| name.as_encoded_bytes().starts_with(OURS.as_bytes());
    let mut strays: Vec<String> = variables
        .filter(|(name, _)| begins(name))
        .map(|(name, value)| [name, value].map(|part| part.to_string_lossy().into_owned()))
        .filter(|[name, value]| !is_ours(name, &settings) && !is_of_others(name, value))
        .map(|[name, _]| unknown(&name, &settings))
        .collect();
    strays.sort();
    strays
}

/// The warning for a variable that names no setting.
pub(super) fn unknown(name: &str, settings: &[Setting]) -> String {
    if let Some((_, instead)) = REMOVED.iter().find(|(old, _)| variable(old) == name) {
        return format!("`{name}` names no setting any more: {instead}");
    }
    let excerpt: String = name.chars().take(SHOWN_MAX).collect();
    let escaped = invisible::escaped(&excerpt);
    let letters = escaped.len().saturating_sub(OURS.len());
    let slip_max = SLIP_MAX.min(letters / SLIP_SHARE);
    let known = settings.iter().map(Setting::environment);
    let nearest = known
        .chain(OF_THE_COMMAND_LINE.map(str::to_owned))
        .min_by_key(|known| levenshtein(known, &escaped))
        .filter(|known| levenshtein(known, &escaped) <= slip_max);
    match nearest {
        Some(known) => format!("`{escaped}` names no setting; did you mean `{known}`?"),
        None => format!("`{escaped}` names no setting; `vigied config reference` lists them all"),
    }
}

fn is_ours(name: &str, settings: &[Setting]) -> bool {
    let is_of = |setting: &Setting| {
        let variable = setting.environment();
        let table = setting.key.split_once('.').map(|(table, _)| table.len());
        // `VIGIE_`, the table, `_`.
        let begin = table.and_then(|length| variable.get(..=length + OURS.len()));
        variable == name || begin.is_some_and(|begin| name.starts_with(begin))
    };
    settings.iter().any(is_of) || REMOVED.iter().any(|(old, _)| name == variable(old))
}

/// Whether a variable belongs to another program: the command line, a test, or Kubernetes, which makes variables from the names
/// of services (a service may be called `vigie`).
fn is_of_others(name: &str, value: &str) -> bool {
    let is_of_a_service = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.contains("_PORT_")
            && ["_TCP", "_UDP", "_SCTP", "_PROTO", "_PORT", "_ADDR"]
                .iter()
                .any(|end| name.ends_with(end)))
        || (name.ends_with("_PORT")
            && ["tcp://", "udp://", "sctp://"]
                .iter()
                .any(|beginning| value.starts_with(beginning)));
    OF_THE_COMMAND_LINE.contains(&name)
        || OF_TESTS.iter().any(|begin| name.starts_with(begin))
        || is_of_a_service
}

#[cfg(test)]
mod tests {
    use super::super::layer::{Layers, resolve};
    use super::*;

    fn pairs(names: &[&str]) -> Vec<(OsString, OsString)> {
        let pair = |name: &&str| (OsString::from(*name), OsString::from("tcp://x"));
        names.iter().map(pair).collect()
    }

    #[test]
    fn a_mistyped_variable_is_refused_and_a_foreign_one_left_alone() {
        let foreign = ["VIGIE_API_KEY", "VIGIE_HOME", "PATH", "VIGIE_TEST_X"];
        let all = pairs(&[&["VIGIE_LIMITS_BODY_BYTE"], &foreign[..]].concat());
        let layers = Layers {
            environment: environment(all.into_iter()),
            ..Layers::default()
        };
        insta::assert_snapshot!(resolve(&layers).unwrap_err().to_string(), @"environment: `VIGIE_LIMITS_BODY_BYTE` names no setting; did you mean `VIGIE_LIMITS_BODY_BYTES`?");
        assert!(environment(pairs(&foreign).into_iter()).is_empty());
        assert!(unknown_variables(pairs(&foreign).into_iter()).is_empty());
    }

    #[test]
    fn every_stray_is_named_once_and_no_setting_is_one() {
        let warnings = unknown_variables(
            pairs(&[
                "VIGIE_FOO",
                "VIGIE_WHOLLY_ELSE",
                "VIGIE_LISTN",
                "VIGIE_LISTEN",
            ])
            .into_iter(),
        );
        insta::assert_snapshot!(warnings.join("\n"), @r"
        `VIGIE_FOO` names no setting; `vigied config reference` lists them all
        `VIGIE_LISTN` names no setting; did you mean `VIGIE_LISTEN`?
        `VIGIE_WHOLLY_ELSE` names no setting; `vigied config reference` lists them all
        ");
        let names: Vec<String> = all().iter().map(Setting::environment).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(
            unknown_variables(pairs(&names).into_iter()),
            Vec::<String>::new()
        );
        assert_eq!(environment(pairs(&names).into_iter()).len(), names.len());
    }

    #[test]
    fn what_kubernetes_makes_of_a_service_of_this_name_is_no_stray() {
        let made = [
            "VIGIE_SERVICE_HOST",
            "VIGIE_SERVICE_PORT",
            "VIGIE_SERVICE_PORT_HTTP",
            "VIGIE_PORT",
            "VIGIE_PORT_8080_TCP",
            "VIGIE_PORT_8080_TCP_ADDR",
            "VIGIE_METRICS_PORT",
            "VIGIE_METRICS_PORT_80_SCTP",
            "VIGIE_METRICS_PORT_80_SCTP_PROTO",
            "VIGIE_LIMITS_PORT",
            "VIGIE_LOG_PORT_9000_TCP_PORT",
            "VIGIE_MAIL_SERVICE_HOST",
        ];
        assert!(unknown_variables(pairs(&made).into_iter()).is_empty());
        assert!(environment(pairs(&made).into_iter()).is_empty());
    }
}
