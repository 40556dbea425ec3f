//! Every environment variable the program reads, in one place, read once.
//!
//! Where several names mean the same, the first one that is set and not empty wins.

use base::secret::Secret;
use std::collections::HashMap;

/// A variable with its older names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    /// Names, in order of precedence.
    pub(crate) names: &'static [&'static str],
    /// Its effect, in one line, for the reference.
    pub(crate) effect: &'static str,
}

macro_rules! variables {
    ($($(#[$doc:meta])* $constant:ident: $names:expr, $effect:literal;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Variable = Variable { names: &$names, effect: $effect };)*

        /// All of them, in the order of the reference.
        pub(crate) const ALL: &[Variable] = &[$($constant),*];
    };
}

variables! {
    /// Key for `login` and `agent`.
    API_KEY: ["VIGIE_API_KEY", "IBMCLOUD_API_KEY", "BLUEMIX_API_KEY"],
        "API key for `login` and `agent`: its text, or `@FILE`; other commands need a login";
    /// Server for `login`.
    API: ["VIGIE_API"],
        "API endpoint for `login` without `-a`, and for `agent` with an API key, in place of the configured one";
    /// The credential for a server that is imported from.
    SOURCE_CREDENTIALS: ["VIGIE_SOURCE_CREDENTIALS"],
        "`USER:PASSWORD` or `Bearer TOKEN` for the server of `import graphite`";
    /// The configuration directory itself, ours.
    HOME_DIRECTORY: ["VIGIE_HOME"],
        "the configuration directory itself, under every name of the program";
    /// The configuration directory itself.
    CONFIG_HOME: ["IBMCLOUD_CONFIG_HOME"],
        "the configuration directory itself, after `VIGIE_HOME`";
    /// The parent of the configuration directory.
    CONFIG_PARENT: ["IBMCLOUD_HOME", "BLUEMIX_HOME"],
        "under the names `ibmcloud`, `bluemix` and `bx`, the directory that holds `.ibmcloud` or `.bluemix`; default: the home directory";
    /// The parent of our own directory.
    XDG_CONFIG_HOME: ["XDG_CONFIG_HOME"],
        "the directory that holds `vigie`, the configuration directory, if it is an absolute path; default: `.config` in the home directory (on macOS `Library/Application Support`, whatever this says)";
    /// The same on Windows.
    APP_DATA: ["APPDATA"],
        "on Windows, the directory that holds `vigie`";
    /// The user's home.
    USER_HOME: ["HOME"],
        "the home directory";
    /// Where HTTP traffic is dumped.
    TRACE: ["VIGIE_TRACE", "IBMCLOUD_TRACE", "BLUEMIX_TRACE"],
        "`true`: show HTTP requests on standard error, secrets hidden; or the path of a file to append them to";
    /// Colour.
    COLOR: ["VIGIE_COLOR", "IBMCLOUD_COLOR", "BLUEMIX_COLOR"],
        "`true` or `false`";
    /// The common variable for no colour.
    NO_COLOR: ["NO_COLOR"],
        "any value: no colour";
    /// The kind of terminal.
    TERM: ["TERM"],
        "`dumb`: no colour, unless `VIGIE_COLOR` says so";
    /// Seconds before a request is given up.
    HTTP_TIMEOUT: ["VIGIE_HTTP_TIMEOUT", "IBMCLOUD_HTTP_TIMEOUT", "BLUEMIX_HTTP_TIMEOUT"],
        "seconds until a request is given up; 0: never";
    /// Quiet.
    QUIET: ["VIGIE_QUIET", "IBMCLOUD_QUIET"],
        "`true`: as `--quiet`";
    /// Another IAM address.
    IAM_ENDPOINT: ["IAM_ENDPOINT"],
        "IAM address, in place of the one learnt at login";
    /// Trust anchors.
    CA_FILE: ["VIGIE_CA_FILE", "SSL_CERT_FILE"],
        "PEM file of the certificate authorities to trust, in place of the built-in ones";
    /// The zone of times.
    ZONE: ["TZ"],
        "the time zone of `metrics get`, `delete` and `send` without `--tz`, for example `Europe/Paris`; default: UTC";
    /// Proxy for plain HTTP.
    HTTP_PROXY: ["http_proxy", "HTTP_PROXY"],
        "the proxy for `http` addresses, `http://[USER:PASSWORD@]HOST:PORT`";
    /// Proxy for HTTPS.
    HTTPS_PROXY: ["https_proxy", "HTTPS_PROXY"],
        "the proxy for `https` addresses";
    /// Proxy for both.
    ALL_PROXY: ["all_proxy", "ALL_PROXY"],
        "the proxy for both, where there is no other";
    /// Hosts without a proxy.
    NO_PROXY: ["no_proxy", "NO_PROXY"],
        "hosts that are reached without a proxy: names (with all below them), addresses and networks, each also with `:PORT`; `*` for all";
    /// Set in CGI programs.
    REQUEST_METHOD: ["REQUEST_METHOD"],
        "any value, as in a CGI program: `HTTP_PROXY` is not read, which a request could have set";
    /// The alphabet of the terminal.
    LOCALE: ["LC_ALL", "LC_CTYPE", "LANG"],
        "a locale other than UTF-8: drawings in ASCII";
}

/// The values found, with nothing read twice. Some are secrets, so none is shown.
#[derive(Debug, Default)]
pub(crate) struct Env {
    values: HashMap<&'static str, Secret<String>>,
}

impl Env {
    /// Reads the variables of this process.
    pub(crate) fn of_process() -> Self {
        let values = ALL
            .iter()
            .flat_map(|variable| variable.names)
            .filter_map(|name| Some((*name, std::env::var(name).ok()?)))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, Secret::new(value)))
            .collect();
        Self { values }
    }

    /// The value of a variable.
    pub(crate) fn get(&self, variable: Variable) -> Option<&str> {
        self.named(variable).map(|(_, value)| value)
    }

    /// The value of a variable and the name it was found under.
    pub(crate) fn named(&self, variable: Variable) -> Option<(&'static str, &str)> {
        variable
            .names
            .iter()
            .find_map(|name| Some((*name, self.values.get(name)?.expose().as_str())))
    }

    /// Behaves as if the variable were not set.
    pub(crate) fn forget(&mut self, variable: Variable) {
        for name in variable.names {
            self.values.remove(name);
        }
    }

    /// Whether a switch is on.
    pub(crate) fn is_true(&self, variable: Variable) -> bool {
        self.get(variable)
            .is_some_and(|value| switch(value) == Some(true))
    }

    /// An environment made up for a test.
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&'static str, &str)]) -> Self {
        Self {
            values: pairs
                .iter()
                .map(|(name, value)| (*name, Secret::new((*value).to_owned())))
                .collect(),
        }
    }
}

/// The value of a word for on or off, as in the original.
pub(crate) fn switch(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_wins() {
        let env = Env::of(&[("BLUEMIX_API_KEY", "old"), ("IBMCLOUD_API_KEY", "new")]);
        assert_eq!(env.named(API_KEY), Some(("IBMCLOUD_API_KEY", "new")));
        assert_eq!(env.get(API), None);
    }
}
