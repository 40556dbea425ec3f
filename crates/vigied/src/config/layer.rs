//! Combines defaults, file, environment and flags, and records the origin of each value.

use super::ConfigError;
use super::all_settings::all;
use super::file::FileValue;
use super::minimum::{self, Minimum};
use super::notation;
use super::removed::REMOVED;
use super::setting::{Setting, Shape};
use super::source::Source;
use super::variables;
use crate::data_dir::private_files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use strsim::levenshtein;

/// One setting with its effective value.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) setting: Setting,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// A settings file and its values.
pub(crate) type FileLayer = (PathBuf, BTreeMap<String, FileValue>);

/// The values of the three layers.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) file: Option<FileLayer>,
    pub(crate) environment: BTreeMap<String, String>,
    /// Key, the flag as typed, the value.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// Resolves every setting; flags override the environment, which overrides the file, which overrides the default.
pub(crate) fn resolve(layers: &Layers) -> Result<Vec<Resolved>, ConfigError> {
    let settings = all();
    refuse_unknown(layers, &settings)?;
    let mut resolved = Vec::with_capacity(settings.len());
    for setting in settings {
        let mut value = (setting.default.clone().into_owned(), Source::Default);
        if let Some((path, values)) = &layers.file
            && let Some(found) = values.get(&*setting.key)
        {
            value = (
                found.text.clone(),
                Source::File {
                    path: path.clone(),
                    line: found.line,
                },
            );
        }
        let name = setting.environment();
        if let Some(found) = layers.environment.get(&name) {
            value = (found.clone(), Source::Environment(name));
        }
        for (key, flag, found) in &layers.flags {
            if *key == setting.key {
                value = (found.clone(), Source::Flag(flag.clone()));
            }
        }
        let (value, source) = value;
        let typed = value;
        let value = notation::plain(&setting, typed.clone());
        if let Err(what) = check(&setting, &value, &typed) {
            return Err(ConfigError::at(&source, &setting.key, what));
        }
        resolved.push(Resolved {
            setting,
            value,
            source,
        });
    }
    Ok(resolved)
}

fn refuse_unknown(layers: &Layers, settings: &[Setting]) -> Result<(), ConfigError> {
    let known = |key: &str| settings.iter().any(|setting| setting.key == key);
    let unknown = |key: &str| {
        if let Some((_, instead)) = REMOVED.iter().find(|(old, _)| *old == key) {
            return format!("is no longer a setting: {instead}");
        }
        let nearest = settings
            .iter()
            .map(|s| s.key.as_ref())
            // To compare names takes time by the length of both.
            .filter(|candidate: &&str| candidate.len().abs_diff(key.len()) <= 4)
            .min_by_key(|candidate| levenshtein(candidate, key));
        match nearest {
            Some(name) if levenshtein(name, key) <= 4 => {
                format!("is not a setting; did you mean `{name}`?")
            }
            _ => "is not a setting; `vigied config reference` lists them all".to_owned(),
        }
    };
    if let Some((path, values)) = &layers.file {
        for (key, value) in values {
            if !known(key) {
                let source = Source::File {
                    path: path.clone(),
                    line: value.line,
                };
                return Err(ConfigError::at(&source, key, unknown(key)));
            }
        }
    }
    for name in layers.environment.keys() {
        if !settings
            .iter()
            .any(|setting| setting.environment() == *name)
        {
            return Err(ConfigError::Variable(variables::unknown(name, settings)));
        }
    }
    for (key, flag, _) in &layers.flags {
        if !known(key) {
            return Err(ConfigError::at(
                &Source::Flag(flag.clone()),
                key,
                unknown(key),
            ));
        }
    }
    Ok(())
}

/// Refuses a number that is out of bounds, or with which nothing would work. 0, where it is allowed, stands for a figure that the
/// machine gives. `typed` is the value as it was given, perhaps with a unit.
fn check_number(
    setting: &Setting,
    (min, max): (u64, u64),
    value: &str,
    typed: &str,
) -> Result<(), String> {
    let number = value.parse::<u64>().ok();
    let least = minimum::of(&setting.key);
    let or = if min == 0 { "0, or " } else { "" };
    match (number, least) {
        (Some(0), _) if min == 0 => Ok(()),
        (Some(number), Some(Minimum { value, why, .. })) if number < *value => {
            let exact = match typed == number.to_string() {
                true => String::new(),
                false => format!(" ({number} bytes)"),
            };
            Err(format!(
                "must be {or}at least `{}`, not `{typed}`{exact}: {why}",
                notation::size(*value)
            ))
        }
        (Some(number), _) if (min..=max).contains(&number) => Ok(()),
        _ => {
            let from = match least {
                Some(least) => format!("{or}a whole number from {}", least.value),
                None => format!("a whole number from {min}"),
            };
            Err(format!(
                "must be {from} to {max}{}, not `{typed}`",
                notation::also(&setting.key)
            ))
        }
    }
}

/// The number in place of a port, where it is none.
fn too_large_port(address: &str) -> Option<&str> {
    let (_, port) = address.rsplit_once(':').unwrap_or(("", address));
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && port.parse::<u16>().is_err()).then_some(port)
}

const LOG_LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn check(setting: &Setting, value: &str, typed: &str) -> Result<(), String> {
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return Err("must be text in UTF-8".to_owned());
    }
    let is_address = match setting.shape {
        Shape::Address | Shape::Listener => true,
        Shape::Socket => !typed.contains('/'),
        _ => false,
    };
    if is_address && let Some(port) = too_large_port(typed) {
        return Err(format!("must have a port from 0 to 65535, not {port}"));
    }
    match setting.shape {
        Shape::Text if value.chars().any(char::is_control) => {
            Err("must be text on one line".to_owned())
        }
        Shape::Path | Shape::Text => Ok(()),
        Shape::Address => value
            .parse::<std::net::SocketAddr>()
            .map(drop)
            .map_err(|_| {
                format!(
                    "must be ADDRESS:PORT like `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`, a port alone like `8080` for this machine, or `:8080` for every address, not `{value}`"
                )
            }),
        Shape::Socket if value.is_empty() || value.contains('/') => Ok(()),
        Shape::Socket => value.parse::<std::net::SocketAddr>().map(drop).map_err(|_| {
            format!("must be empty, ADDRESS:PORT like `127.0.0.1:9100`, or the path of a Unix socket like `/run/vigie/operations.sock`, not `{value}`")
        }),
        Shape::Listener if value.is_empty() => Ok(()),
        Shape::Listener => value.parse::<std::net::SocketAddr>().map(drop).map_err(|_| {
            format!("must be empty, or ADDRESS:PORT like `127.0.0.1:2003`, not `{value}`")
        }),
        Shape::Sources => value.parse::<super::Sources>().map(drop),
        Shape::Users => value.parse::<super::Users>().map(drop),
        Shape::Certificates => value.parse::<super::Certificates>().map(drop),
        Shape::Url => {
            if value.is_empty() || super::PublicHost::origin(value).is_some() {
                Ok(())
            } else {
                Err(format!(
                    "must be `http://HOST[:PORT]` or `https://HOST[:PORT]`, with a host that others can reach, not `{value}`"
                ))
            }
        }
        Shape::Number { min, max } => check_number(setting, (min, max), value, typed),
        Shape::Flag => match value {
            "true" | "false" => Ok(()),
            _ => Err(format!("must be `true` or `false`, not `{value}`")),
        },
        Shape::Database => check_database(value),
        Shape::LogFilter => check_log_filter(value),
        Shape::Networks => value
            .parse::<super::Networks>()
            .map(drop)
            .map_err(|error| error.to_string()),
        Shape::Origins => value
            .parse::<super::Origins>()
            .map(drop)
            .map_err(|error| error.to_string()),
        Shape::PublicHosts => value
            .parse::<super::PublicHosts>()
            .map(drop)
            .map_err(|error| error.to_string()),
        Shape::HostPort => check_host_port(value),
        Shape::Choice(words) if words.contains(&value) => Ok(()),
        Shape::Choice(words) => Err(format!(
            "must be one of `{}`, not `{value}`",
            words.join("`, `")
        )),
    }
}

fn check_database(value: &str) -> Result<(), String> {
    let known = ["", "postgres://", "postgresql://"];
    let scheme = value
        .find("//")
        .map_or(value, |at| value.split_at(at + 2).0);
    if !known.contains(&scheme) {
        // Not repeated: it may hold a password.
        return Err("must be empty or `postgres://USER@HOST/NAME`".to_owned());
    }
    let Some(name) = db::unknown_parameter(value) else {
        return Ok(());
    };
    let name: String = name.chars().take(40).collect();
    Err(format!(
        "has a parameter `{name}`, which PostgreSQL does not have; the one for the password is `password`"
    ))
}

fn check_log_filter(value: &str) -> Result<(), String> {
    // A single unknown word would be read as a module name, and would silence all other modules.
    let is_lone_word = !value.contains(['=', ',']);
    let is_level = LOG_LEVELS.contains(&value);
    match tracing_subscriber::EnvFilter::try_new(value) {
        Ok(_) if is_level || !is_lone_word => Ok(()),
        _ => Err(format!(
            "must be one of `{}`, or a filter like `vigied=debug`, not `{value}`",
            LOG_LEVELS.join("`, `")
        )),
    }
}

fn check_host_port(value: &str) -> Result<(), String> {
    let is_whole = value.rsplit_once(':').is_some_and(|(host, port)| {
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-.:[]".contains(letter);
        !host.is_empty() && host.chars().all(is_host) && port.parse::<u16>().is_ok()
    });
    if value.is_empty() || is_whole {
        return Ok(());
    }
    Err(format!(
        "must be empty or HOST:PORT like `mail.example.org:587`, not `{value}`"
    ))
}

/// Reads the settings file that the user named.
pub(crate) fn read_file(path: &Path) -> Result<FileLayer, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok((path.to_owned(), super::file::parse(path, &text)?))
}

/// Reads the settings file of a data folder, if there is one. The folder is not checked yet, so this follows no link and reads
/// no file of another user.
pub(crate) fn read_file_of_folder(data: &Path) -> Result<Option<FileLayer>, ConfigError> {
    let path = data.join("vigie.toml");
    let Some(text) = private_files::read_text(&path)? else {
        return Ok(None);
    };
    let values = super::file::parse(&path, &text)?;
    Ok(Some((path, values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Layers {
        let path = PathBuf::from("vigie.toml");
        let file = super::super::file::parse(&path, file).unwrap();
        Layers {
            file: Some((path, file)),
            environment: environment
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            flags: flags
                .iter()
                .map(|(k, v)| ((*k).to_owned(), format!("--{k}"), (*v).to_owned()))
                .collect(),
        }
    }

    fn value(resolved: &[Resolved], key: &str) -> (String, String) {
        let found = resolved.iter().find(|r| r.setting.key == key).unwrap();
        (found.value.clone(), found.source.to_string())
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file() {
        let file = "listen = \"127.0.0.1:1\"\n[tokens]\naccess_token_seconds = 60\n[limits]\nbody_bytes = 5000\n";
        let layers = layers(
            file,
            &[
                ("VIGIE_LISTEN", "127.0.0.1:2"),
                ("VIGIE_LIMITS_BODY_BYTES", "6000"),
            ],
            &[("listen", "127.0.0.1:3")],
        );
        let resolved = resolve(&layers).unwrap();
        assert_eq!(
            value(&resolved, "listen"),
            ("127.0.0.1:3".into(), "flag --listen".into())
        );
        assert_eq!(
            value(&resolved, "limits.body_bytes"),
            ("6000".into(), "environment VIGIE_LIMITS_BODY_BYTES".into())
        );
        assert_eq!(
            value(&resolved, "tokens.access_token_seconds"),
            ("60".into(), "vigie.toml:3".into())
        );
        assert_eq!(
            value(&resolved, "log.format"),
            ("text".into(), "default".into())
        );
    }

    #[test]
    fn errors_name_file_line_and_key() {
        let error = |text: &str| resolve(&layers(text, &[], &[])).unwrap_err().to_string();
        insta::assert_snapshot!(error("\n[tokens]\naccess_token_seconds = 10"), @"vigie.toml:3: `tokens.access_token_seconds` must be a whole number from 30 to 43200, or a time like `90s`, `15m` or `12h` that comes out even, not `10`");
        insta::assert_snapshot!(error("lissten = \"x\""), @"vigie.toml:1: `lissten` is not a setting; did you mean `listen`?");
        insta::assert_snapshot!(error("[log]\nformat = \"xml\""), @"vigie.toml:2: `log.format` must be one of `text`, `json`, not `xml`");
        let error = super::super::file::parse(Path::new("vigie.toml"), "a = 1\nb = [1]")
            .unwrap_err()
            .to_string();
        insta::assert_snapshot!(error, @"vigie.toml:2: `b` must be a text, a whole number, a boolean or a list of texts");
        let hosts = "public_hosts = [\"a\", \"http://b:1\"]";
        let resolved = resolve(&layers(hosts, &[], &[])).unwrap();
        assert_eq!(value(&resolved, "public_hosts").0, "a, http://b:1");
        let error = super::super::file::parse(Path::new("vigie.toml"), "a = 1\nb = ")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("vigie.toml:2: "), "{error}");
    }

    #[test]
    fn a_word_that_is_no_level_and_a_foreign_database_are_refused() {
        let error = |text: &str| resolve(&layers(text, &[], &[])).unwrap_err().to_string();
        insta::assert_snapshot!(error("log.level = \"loud\""), @"vigie.toml:1: `log.level` must be one of `off`, `error`, `warn`, `info`, `debug`, `trace`, or a filter like `vigied=debug`, not `loud`");
        assert!(error("log.level = \"vigied=loud\"").contains("not `vigied=loud`"));
        insta::assert_snapshot!(error("database = \"mysql://u:secret@h/n\""), @"vigie.toml:1: `database` must be empty or `postgres://USER@HOST/NAME`");
        insta::assert_snapshot!(error("database = \"postgres://u@h/n?passwd=secret\""), @"vigie.toml:1: `database` has a parameter `passwd`, which PostgreSQL does not have; the one for the password is `password`");
        for good in [
            "log.level = \"debug\"",
            "log.level = \"vigied=debug,iam=trace\"",
            "log.level = \"info,engine=debug\"",
            "database = \"postgres://u@h/n\"",
            "database = \"postgresql://u@h/n\"",
            "database = \"\"",
        ] {
            resolve(&layers(good, &[], &[])).unwrap();
        }
    }

    #[test]
    fn every_default_is_valid() {
        resolve(&Layers::default()).unwrap();
    }
}
