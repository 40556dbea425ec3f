//! `vigied config check`: the effective settings and where each came from.

use super::{Resolved, Settings};
use super::{minimum, notation};
use crate::text::columns::columns;
use base::limit;
use serde_json::json;

/// The value of a setting, without the password in a database address.
fn display_value(resolved: &Resolved) -> String {
    match resolved.setting.key.as_ref() {
        "database" => with_password_as("<hidden>", &resolved.value),
        _ => resolved.value.clone(),
    }
}

/// The size in force of a setting that `memory_bytes` has lowered.
fn lowered(settings: &Settings, resolved: &Resolved) -> Option<u64> {
    let key = resolved.setting.key.as_ref();
    let in_force = match key.strip_prefix("limits.") {
        Some(name) => {
            let mut all = limit::ALL.iter();
            let found = all.find(|limit| limit.settable && limit.name == name)?;
            settings.limit(*found)
        }
        None if key == "storage.directory_cache_bytes" => settings.storage.directory_cache_bytes,
        None => return None,
    };
    let set: u64 = resolved.value.parse().ok()?;
    (in_force < set).then_some(in_force)
}

/// The address of a database with its password replaced. The password is before the host (`USER:PASSWORD@`) or a parameter
/// (`?password=PASSWORD`).
pub(crate) fn with_password_as(word: &str, address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((credentials, host)) => match credentials.split_once(':') {
            Some((user, _)) => format!("{user}:{word}@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let parameters = query.map(|query| {
        let hidden = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((name, _)) if name.eq_ignore_ascii_case("password") => {
                    format!("{name}={word}")
                }
                _ => parameter.to_owned(),
            });
        format!("?{}", hidden.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{place}{}", parameters.unwrap_or_default())
}

/// Aligned columns: key, value, source.
pub(crate) fn as_text(settings: &Settings, resolved: &[Resolved]) -> String {
    let rows: Vec<[String; 3]> = resolved
        .iter()
        .map(|entry| {
            let key = entry.setting.key.clone().into_owned();
            if let Some(in_force) = lowered(settings, entry) {
                let from = format!(
                    "{}, lowered from {} by `memory_bytes`",
                    entry.source, entry.value
                );
                return [key, in_force.to_string(), from];
            }
            let value = Some(display_value(entry)).filter(|value| !value.is_empty());
            let value = value.unwrap_or_else(|| "-".to_owned());
            [key, value, entry.source.to_string()]
        })
        .collect();
    let mut text = columns(["Setting", "Value", "Source"], &rows);
    let senders = &settings.senders;
    let listeners: Vec<[String; 4]> = senders
        .listeners
        .iter()
        .map(|listener| {
            [
                listener.key.to_owned(),
                listener.address.to_string(),
                listener.transport().to_owned(),
                senders.identity(listener),
            ]
        })
        .collect();
    if listeners.is_empty() {
        text.push_str("\nNo listener for senders is open but HTTP.\n");
    } else {
        text.push('\n');
        text.push_str(&columns(
            ["Listener", "Address", "Transport", "Who gets in"],
            &listeners,
        ));
    }
    text
}

/// The same as a JSON array; `in_force` is there where `memory_bytes` has lowered the value.
pub(crate) fn as_json(settings: &Settings, resolved: &[Resolved]) -> serde_json::Value {
    let row = |entry: &Resolved| {
        let source = entry.source.to_string();
        let mut row =
            json!({"key": entry.setting.key, "value": display_value(entry), "source": source});
        let listener = settings
            .senders
            .listeners
            .iter()
            .find(|listener| listener.key == entry.setting.key);
        if let (Some(listener), Some(row)) = (listener, row.as_object_mut()) {
            let identity = settings.senders.identity(listener);
            row.insert("transport".to_owned(), listener.transport().into());
            row.insert("who_gets_in".to_owned(), identity.into());
        }
        if let (Some(in_force), Some(row)) = (lowered(settings, entry), row.as_object_mut()) {
            row.insert("in_force".to_owned(), in_force.to_string().into());
        }
        row
    };
    resolved.iter().map(row).collect()
}

/// The settings reference, in Markdown.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "# Settings of `vigied`\n\n\
         Generated by `vigied config reference`. Every setting has a default; a new server needs none of them.\n\n\
         A setting is read from the file (`vigie.toml` in the data folder, or `--config FILE`), then from the environment,\n\
         then from a flag; the last one wins. The main settings have their own flags (`vigied serve --help`);\n\
         `--set KEY=VALUE` sets any of them. `vigied config check` shows what is in force and where it came from.\n\n\
         The same, three times:\n\n\
         ```toml\n\
         # vigie.toml\n\
         listen = \"127.0.0.1:9090\"\n\n\
         [tokens]\n\
         access_token_seconds = 900\n\
         ```\n\n\
         ```sh\n\
         export VIGIE_LISTEN=127.0.0.1:9090 VIGIE_TOKENS_ACCESS_TOKEN_SECONDS=900\n\
         vigied config check\n\n\
         vigied config check --listen 127.0.0.1:9090 --set tokens.access_token_seconds=900\n\
         ```\n\n\
         Listen addresses may also be written as `localhost:8080`, as a port alone (`8080`, on this machine) and as `:8080`\n\
         (every address); sizes with a unit (`16MiB`, `64KiB`, `2GB`), times as well (`90s`, `15m`, `12h`, `4w`; an `m` is\n\
         minutes). `vigied config check` shows the result. A variable that begins with `VIGIE_` and names neither a\n\
         setting nor something that `vigie` reads is reported at the start; an unknown variable with the prefix of a table\n\
         (`VIGIE_LIMITS_…`) is refused.\n\n\
         ## All settings\n\n\
         | key | environment | default | meaning |\n|---|---|---|---|\n",
    );
    for setting in super::all_settings::all() {
        let default = if setting.default.is_empty() {
            "-".to_owned()
        } else {
            format!("`{}`", setting.default)
        };
        let least = minimum::of(&setting.key).map_or_else(String::new, |least| {
            format!(
                "; at least `{}`: {}",
                notation::size(least.value),
                least.why
            )
        });
        text.push_str(&format!(
            "| `{}` | `{}` | {default} | {}{least} |\n",
            setting.key,
            setting.environment(),
            setting.help
        ));
    }
    text.push_str(
        "\n## Fixed limits\n\n\
         They have no setting: stored data depends on them, or the memory and time that one request takes.\n\n\
         | limit | value | meaning |\n|---|---|---|\n",
    );
    for limit in base::limit::ALL.iter().filter(|limit| !limit.settable) {
        text.push_str(&format!(
            "| `{}` | {} {} | {} |\n",
            limit.name, limit.default, limit.unit, limit.help
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_database_is_shown() {
        for (address, expected) in [
            ("", ""),
            ("data/iam.db", "data/iam.db"),
            ("postgres://ada@db/vigie", "postgres://ada@db/vigie"),
            (
                "postgres://ada:s3cr@t@db/vigie",
                "postgres://ada:<hidden>@db/vigie",
            ),
            (
                "postgres://ada:s3cret@db/vigie?sslmode=require&password=s3cret",
                "postgres://ada:<hidden>@db/vigie?sslmode=require&password=<hidden>",
            ),
            (
                "postgres://db/vigie?password=s3cret",
                "postgres://db/vigie?password=<hidden>",
            ),
        ] {
            assert_eq!(with_password_as("<hidden>", address), expected);
        }
    }
}
