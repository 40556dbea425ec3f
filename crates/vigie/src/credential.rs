//! What one logs in with: found in the flags, the environment, or asked for.

use crate::command::login::LoginArgs;
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::output::to_stderr;
use crate::prompt;
use base::secret::Secret;
use std::convert::Infallible;
use std::path::Path;
use wire::iam::discovery::{GRANT_API_KEY, GRANT_PASSCODE, GRANT_PASSWORD};
use wire::iam::key_file;

/// A key, a password or a one-time code.
#[derive(Debug)]
pub(crate) enum Credential {
    /// An API key.
    ApiKey(Secret<String>),
    /// A name and its password.
    Password(String, Secret<String>),
    /// A one-time code from the passcode page.
    Passcode(Secret<String>),
}

impl Credential {
    /// Takes what the flags give, else the key in the environment, else asks. `passcode_page` is shown to whoever
    /// needs a code. Also says whether the person was asked, and so may be asked again.
    pub(crate) fn find(
        args: &LoginArgs,
        context: &Context,
        passcode_page: &str,
    ) -> Result<(Self, bool), Failure> {
        let typed = args.password.clone();
        if let Some(given) = &args.apikey {
            return Ok((
                Self::ApiKey(text_or_file(given.expose(), "--apikey")?),
                false,
            ));
        }
        let asked = typed.is_none();
        match args.user.as_deref() {
            Some("apikey") => Ok((
                Self::ApiKey(
                    typed
                        .map_or_else(|| prompt::secret("API Key", "the API key", "`-p KEY`"), Ok)?,
                ),
                asked,
            )),
            Some("passcode") => Self::passcode(typed, context, passcode_page),
            _ if args.sso => Self::passcode(typed, context, passcode_page),
            Some(user) => {
                let password = typed.map_or_else(
                    || {
                        prompt::secret(
                            "Password",
                            "the password",
                            "`-p PASSWORD`, or log in with `--apikey @FILE`",
                        )
                    },
                    Ok,
                )?;
                Ok((Self::Password(user.to_owned(), password), asked))
            }
            None => {
                if let (true, Some((name, value))) = (asked, context.env.named(env::API_KEY)) {
                    context
                        .output
                        .note(&format!("logging in with the API key of `{name}`"));
                    return Ok((Self::ApiKey(text_or_file(value, name)?), false));
                }
                let user = prompt::text(
                    "Email",
                    "the user",
                    "`-u USER -p PASSWORD`, `--apikey KEY|@FILE` or `VIGIE_API_KEY`",
                )?;
                let password = typed.map_or_else(
                    || prompt::secret("Password", "the password", "`-p PASSWORD`"),
                    Ok,
                )?;
                Ok((Self::Password(user, password), asked))
            }
        }
    }

    fn passcode(
        typed: Option<Secret<String>>,
        context: &Context,
        page: &str,
    ) -> Result<(Self, bool), Failure> {
        if let Some(code) = typed {
            return Ok((Self::Passcode(code), false));
        }
        if prompt::is_possible() {
            to_stderr(&format!("Get a one-time code from {page} to proceed.\n"));
            if context.config().type_of_sso != "manual"
                && prompt::offer("Open the URL in the default browser?")?
                && std::process::Command::new("xdg-open")
                    .arg(page)
                    .spawn()
                    .is_err()
            {
                context
                    .output
                    .warn("no browser could be opened; open the address yourself");
            }
        }
        let flag = format!("`-u passcode -p CODE`; a code is to be had at {page}");
        Ok((
            Self::Passcode(prompt::secret(
                "One Time Code ",
                "the one-time code",
                &flag,
            )?),
            true,
        ))
    }

    /// The grant and the fields that carry it.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::ApiKey(key) => vec![("grant_type", GRANT_API_KEY), ("apikey", key.expose())],
            Self::Password(user, password) => vec![
                ("grant_type", GRANT_PASSWORD),
                ("username", user),
                ("password", password.expose()),
            ],
            Self::Passcode(code) => {
                vec![("grant_type", GRANT_PASSCODE), ("passcode", code.expose())]
            }
        }
    }
}

/// A secret on the command line, kept out of every dump from there on.
pub(crate) fn argument(text: &str) -> Result<Secret<String>, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// A secret given as its text or as `@FILE`; the file holds the key alone, or the JSON that `api-key-create` writes.
pub(crate) fn text_or_file(given: &str, flag: &str) -> Result<Secret<String>, Failure> {
    let Some(path) = given.strip_prefix('@') else {
        let key = given.trim();
        if key.is_empty() {
            return Err(Failure::usage(format!(
                "the API key (from `{flag}`) is empty"
            )));
        }
        return Ok(Secret::new(key.to_owned()));
    };
    if path.is_empty() {
        return Err(Failure::usage(format!(
            "no file follows the `@` (from `{flag}`)"
        )));
    }
    let path = Path::new(path);
    let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    key_file::read(&bytes)
        .map(|key| Secret::new(key.expose().to_owned()))
        .map_err(|error| {
            Failure::failed(format!("`{}` (from `{flag}`) holds no API key: {error}", path.display()))
                .hint("it should hold the key alone, or the file that `vigie iam api-key-create --file` wrote")
        })
}

/// A password given as its text or as `@FILE`; one line end at the end of the file is not part of it.
pub(crate) fn password_or_file(given: &str) -> Result<Secret<String>, Failure> {
    let Some(path) = given.strip_prefix('@') else {
        return Ok(Secret::new(given.to_owned()));
    };
    let path = Path::new(path);
    let text = std::fs::read_to_string(path).map(Secret::new);
    let text = text.map_err(|error| Failure::file("read", path, &error))?;
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    Ok(Secret::new(
        line.strip_suffix('\r').unwrap_or(line).to_owned(),
    ))
}
