//! `config`: settings that are independent of the login.

use crate::config::Config;
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::Path;

/// The locales of the original; texts are always English.
const LOCALES: [&str; 10] = [
    "de_DE", "en_US", "es_ES", "fr_FR", "it_IT", "ja_JP", "ko_KR", "pt_BR", "zh_Hans", "zh_Hant",
];

/// Change or show a setting
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("setting").required(true).multiple(false))]
pub(crate) struct ConfigArgs {
    /// Time limit of a request in seconds; 0: none
    #[arg(long, group = "setting", value_name = "SECONDS", value_parser = clap::value_parser!(u32))]
    http_timeout: Option<u32>,
    /// Show HTTP requests with secrets hidden: `true` on standard error, or to the end of a file
    #[arg(long, group = "setting", value_name = "true|false|FILE")]
    trace: Option<String>,
    /// Colour the output
    #[arg(long, group = "setting", value_name = "true|false", value_parser = on_or_off)]
    color: Option<bool>,
    /// Language, kept for other tools that share the file; `CLEAR` forgets it
    #[arg(long, group = "setting", value_name = "LOCALE|CLEAR")]
    locale: Option<String>,
    /// Look for newer versions; kept for other tools that share the file
    #[arg(long, group = "setting", value_name = "true|false", value_parser = on_or_off)]
    check_version: Option<bool>,
    /// Open the passcode page in a browser (`auto`), or only show its address (`manual`)
    #[arg(long, group = "setting", value_enum, value_name = "auto|manual")]
    sso_otp: Option<SsoOtp>,
    /// Show the settings
    #[arg(long, group = "setting")]
    list: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SsoOtp {
    Auto,
    Manual,
}

/// The settings, for programs.
#[derive(Serialize)]
struct SettingsRow<'a> {
    check_version: bool,
    color: bool,
    directory: &'a Path,
    http_timeout: i64,
    locale: Option<&'a str>,
    sso_otp: &'a str,
    trace: &'a str,
}

impl<'a> SettingsRow<'a> {
    fn of(config: &'a Config, directory: &'a Path) -> Self {
        let or = |text: &'a str, otherwise| if text.is_empty() { otherwise } else { text };
        Self {
            check_version: !config.check_cli_version_disabled,
            color: config.color().unwrap_or(true),
            directory,
            http_timeout: config.http_timeout_s.unwrap_or(60),
            locale: Some(config.locale.as_str()).filter(|text| !text.is_empty()),
            sso_otp: or(&config.type_of_sso, "auto"),
            trace: or(&config.trace, "false"),
        }
    }
}

/// Changes one setting, or shows them.
pub(crate) fn run(args: &ConfigArgs, context: &Context) -> Result<(), Failure> {
    let directory = context.home.directory();
    if args.list {
        return list(&SettingsRow::of(&context.config(), directory), context);
    }
    let locale = args.locale.as_deref().map(known_locale).transpose()?;
    context.update(|config, _| {
        if let Some(seconds) = args.http_timeout {
            config.http_timeout_s = Some(seconds.into());
        }
        if let Some(trace) = &args.trace {
            config.trace.clone_from(trace);
        }
        if let Some(color) = args.color {
            config.color_enabled = color.to_string();
        }
        if let Some(locale) = locale {
            locale.clone_into(&mut config.locale);
        }
        if let Some(check) = args.check_version {
            config.check_cli_version_disabled = !check;
        }
        match args.sso_otp {
            Some(SsoOtp::Auto) => "auto".clone_into(&mut config.type_of_sso),
            Some(SsoOtp::Manual) => "manual".clone_into(&mut config.type_of_sso),
            None => {}
        }
    })?;
    let config = context.config();
    context.output.done(&SettingsRow::of(&config, directory))
}

/// Case-insensitive, as in the original.
fn on_or_off(text: &str) -> Result<bool, String> {
    env::switch(text).ok_or_else(|| format!("`{text}` is neither `true` nor `false`"))
}

fn known_locale(text: &str) -> Result<&str, Failure> {
    if text == "CLEAR" {
        return Ok("");
    }
    LOCALES
        .into_iter()
        .find(|locale| locale.eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            Failure::usage(format!("`{text}` is not a known locale"))
                .hint(format!("there is `{}` and `CLEAR`", LOCALES.join("`, `")))
        })
}

fn list(settings: &SettingsRow<'_>, context: &Context) -> Result<(), Failure> {
    let pairs = [
        ("HTTP timeout (s):", settings.http_timeout.to_string()),
        ("Trace:", settings.trace.to_owned()),
        ("Color:", settings.color.to_string()),
        ("Locale:", settings.locale.unwrap_or("not set").to_owned()),
        ("Check version:", settings.check_version.to_string()),
        ("SSO one-time code:", settings.sso_otp.to_owned()),
        ("Directory:", settings.directory.display().to_string()),
    ];
    context.output.details(settings, &pairs)
}
