//! Environment variables with our prefix that neither this program nor the server reads: probably slips of the pen.

use crate::env::{self, Variable};

/// The prefix of our variables.
const OURS: &str = "VIGIE_";
/// Longer names are not repeated.
const NAME_BYTES_MAX: usize = 80;
/// The maximum edit distance of a slip.
const SLIP_MAX: usize = 2;

/// The server's settings begin so, after the prefix; both programs may share an environment. Those of its tests as well.
const OF_THE_SERVER: [&str; 30] = [
    "ALLOW_",
    "COLLECTD_",
    "CORS_",
    "DATA",
    "GRAPHITE_",
    "INVITATIONS_",
    "LIMITS_",
    "LISTEN",
    "LOG_",
    "LUMBERJACK_",
    "MAIL_",
    "MEMORY_",
    "OPERATIONS_",
    "PICKLE_",
    "PROXY_",
    "PUBLIC_",
    "SENDERS_",
    "SHUTDOWN_",
    "STATSD_",
    "STORAGE_",
    "TLS_",
    "TOKENS_",
    "TRUSTED_",
    "WORKLOADS_",
    // Printed for a shell by this program, or made for the tests.
    "METRICS",
    "SCOPE",
    "TOKEN",
    "TEST_",
    "SKIP_LOG",
    "UPDATE",
];

/// A line for each stray among these names. It repeats no value, which may be a secret.
pub(crate) fn warnings(names: impl Iterator<Item = String>) -> Vec<String> {
    let ours = || {
        let all = env::ALL.iter().flat_map(|variable| variable.names);
        all.copied().filter(|name| name.starts_with(OURS))
    };
    let mut warnings: Vec<String> = names
        .filter(|name| name.len() <= NAME_BYTES_MAX && ours().all(|known| known != name))
        .filter_map(|name| {
            let rest = name.strip_prefix(OURS)?;
            let near = ours().find(|known| strsim::levenshtein(known, &name) <= SLIP_MAX);
            let is_known = OF_THE_SERVER.iter().any(|begin| rest.starts_with(begin));
            match near {
                _ if is_known || is_of_kubernetes(rest) => None,
                Some(near) => Some(format!("`{name}` is not read; did you mean `{near}`?")),
                None => Some(format!("`{name}` is not read: no variable is called so")),
            }
        })
        .collect();
    warnings.sort();
    warnings
}

/// Kubernetes makes variables from the name of a service, which may be `vigie`.
fn is_of_kubernetes(rest: &str) -> bool {
    rest.contains("SERVICE_HOST") || rest.contains("SERVICE_PORT") || rest.contains("PORT")
}

/// Why a switch of ours cannot be read; those of the original's names are ignored then, as there.
pub(crate) fn unreadable_switch(env: &env::Env, switches: &[Variable]) -> Option<String> {
    switches.iter().find_map(|variable| {
        let (name, value) = env.named(*variable)?;
        let is_wrong = name.starts_with(OURS) && env::switch(value).is_none();
        is_wrong.then(|| format!("`{name}` must be `true` or `false`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<String> {
        warnings(std::iter::once(name.to_owned())).pop()
    }

    #[test]
    fn regression_7_a_stray_is_named_with_what_is_near() {
        for (name, near) in [
            ("VIGIE_API_KYE", Some("VIGIE_API_KEY")),
            ("VIGIE_APIKEY", Some("VIGIE_API_KEY")),
            ("VIGIE_CAFILE", Some("VIGIE_CA_FILE")),
            ("VIGIE_HOEM", Some("VIGIE_HOME")),
            ("VIGIE_FOO", None),
            ("VIGIE_WHOLLY_ELSE", None),
        ] {
            let warning = of(name).unwrap();
            assert!(warning.contains(name), "{warning}");
            assert_eq!(
                warning.contains("did you mean"),
                near.is_some(),
                "{warning}"
            );
            assert!(warning.contains(near.unwrap_or_default()), "{warning}");
        }
        for name in [
            "VIGIE_API",
            "VIGIE_TOKEN",
            "VIGIE_SCOPE",
            "VIGIE_METRICS",
            "VIGIE_PORT",
            "API_KYE",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn no_setting_of_the_server_is_a_stray() {
        let settings = include_str!("../../../docs/reference/settings.md");
        let names = settings
            .split('`')
            .filter(|name| name.starts_with(OURS) && !name.contains('…'));
        let names: Vec<String> = names
            .filter(|name| *name != OURS)
            .map(str::to_owned)
            .collect();
        assert!(names.len() > 50, "{names:?}");
        assert_eq!(warnings(names.into_iter()), Vec::<String>::new());
    }

    #[test]
    fn regression_7_a_switch_of_ours_says_true_or_false() {
        let warning = |name, value| {
            unreadable_switch(&env::Env::of(&[(name, value)]), &[env::COLOR, env::QUIET])
        };
        assert!(warning("VIGIE_COLOR", "maybe").is_some());
        assert!(warning("VIGIE_QUIET", "yes").is_some());
        assert_eq!(warning("VIGIE_QUIET", "1"), None);
        assert_eq!(warning("IBMCLOUD_COLOR", "maybe"), None);
    }
}
