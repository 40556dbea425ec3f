//! The credential of a login: from the flags, the environment, or a question.

use crate::context::Context;
use crate::env;
use crate::error::Failure;
use crate::origin::is_openable;
use crate::output::to_stderr;
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use crate::secret_argument;
use crate::trust;
use base::secret::Secret;
use std::process::{Command, Stdio};
use wire::iam::discovery::{GRANT_API_KEY, GRANT_PASSCODE, GRANT_PASSWORD};

/// The flags about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a Secret<String>>,
    pub(super) apikey: Option<&'a Secret<String>>,
    /// Ask for a one-time code.
    pub(super) sso: bool,
}

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
    /// Takes the credential from the flags, else the key from the environment, else asks. `passcode_page` is shown to a user who
    /// needs a code. Also returns whether the user was asked, and so may be asked again.
    pub(crate) fn find(
        flags: Flags<'_>,
        context: &Context,
        passcode_page: &str,
    ) -> Result<(Self, bool), Failure> {
        let output = &context.output;
        if let Some(given) = flags.apikey {
            return Ok((
                Self::ApiKey(secret_argument::key(given.expose(), "--apikey", output)?),
                false,
            ));
        }
        let is_key = flags.user == Some("apikey");
        let typed = flags
            .password
            .map(|given| match is_key {
                true => secret_argument::key(given.expose(), "-p", output),
                false => secret_argument::password(given.expose(), "-p", output),
            })
            .transpose()?;
        let missing = typed.is_none();
        // Piped input cannot be corrected, so it is not asked for again.
        let asked = missing && prompt::is_possible();
        match flags.user {
            Some("apikey") => Ok((
                Self::ApiKey(typed.map_or_else(
                    || prompt::secret_or_line("API Key", "the API key", "`-p @FILE`", output),
                    Ok,
                )?),
                asked,
            )),
            Some("passcode") => Self::passcode(typed, context, passcode_page),
            _ if flags.sso => Self::passcode(typed, context, passcode_page),
            Some(user) => {
                let password = typed.map_or_else(
                    || {
                        prompt::secret_or_line(
                            "Password",
                            "the password",
                            "`-p @FILE`, or log in with `--apikey @FILE`",
                            output,
                        )
                    },
                    Ok,
                )?;
                Ok((Self::Password(user.to_owned(), password), asked))
            }
            None => {
                if let (true, Some((name, value))) = (missing, context.env.named(env::API_KEY)) {
                    output.note(format!("logging in with the API key of `{name}`"));
                    return Ok((
                        Self::ApiKey(secret_argument::key(value, name, output)?),
                        false,
                    ));
                }
                let user = prompt::text_or_line(
                    "Email",
                    "the user",
                    "`-u USER -p @FILE`, `--apikey @FILE` or `VIGIE_API_KEY`",
                    output,
                )?;
                let password = typed.map_or_else(
                    || prompt::secret_or_line("Password", "the password", "`-p @FILE`", output),
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
        let asked = prompt::is_possible();
        if asked {
            offer_page(context, page)?;
        }
        let flag = escaped!(
            "`-u passcode -p CODE`; get a code at {}",
            PrintableText::untrusted(page)
        );
        let (what, output) = ("the one-time code", &context.output);
        let code = prompt::secret_or_line("One Time Code ", what, flag, output)?;
        Ok((Self::Passcode(code), asked))
    }

    /// The grant type and its form fields.
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

/// Shows the passcode page, and offers to open it.
fn offer_page(context: &Context, page: &str) -> Result<(), Failure> {
    to_stderr(&escaped!(
        "Get a one-time code from {} to proceed.\n",
        PrintableText::untrusted(page)
    ));
    let used = trust::origin(&context.api_endpoint()?)?;
    let is_elsewhere =
        trust::origin(page).map_or(true, |page_origin| !page_origin.is_same_server(&used));
    if is_elsewhere {
        context.output.warn(escaped!(
            "this page is not of `{}`; do not type a password there that you do not know to belong there",
            used.to_string()
        ));
    }
    if context.config().type_of_sso == "manual" {
        return Ok(());
    }
    if !is_openable(page, &used) {
        context
            .output
            .warn("this address is not handed to a browser: it is neither `https` nor of the server in use");
        return Ok(());
    }
    if !prompt::offer("Open the URL in the default browser?")? {
        return Ok(());
    }
    let opened = Command::new("xdg-open")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    if opened.is_err() {
        context
            .output
            .warn("no browser could be opened; open the address yourself");
    }
    Ok(())
}
