//! What every command gets: the environment, the configuration as read, the screen, and a client made when needed.

use crate::client::Client;
use crate::config::{Config, Home};
use crate::env::Env;
use crate::error::Failure;
use crate::origin::Origin;
use crate::output::{Format, Output};
use crate::shown::Shown;
use std::cell::{OnceCell, Ref, RefCell};
use wire::secret::SecretText;

/// The name the program was called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// `vigie`, and anything not known.
    Vigie,
    /// A name of the original, for old scripts.
    Original(&'static str),
}

impl Name {
    /// Reads the first argument of the process.
    pub(crate) fn of(program: Option<&std::ffi::OsStr>) -> Self {
        let file = program
            .map(std::path::Path::new)
            .and_then(std::path::Path::file_name)
            .and_then(std::ffi::OsStr::to_str);
        ["ibmcloud", "bluemix", "bx"]
            .into_iter()
            .find(|name| file == Some(name))
            .map_or(Self::Vigie, Self::Original)
    }

    /// The name itself.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Vigie => "vigie",
            Self::Original(name) => name,
        }
    }

    /// A text whose commands, which stand in backticks, begin with this name.
    pub(crate) fn in_commands(self, text: &Shown) -> Shown {
        text.with_commands_of(self.text())
    }
}

/// The surroundings of one run.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) name: Name,
    pub(crate) env: Env,
    pub(crate) home: Home,
    pub(crate) output: Output,
    config: RefCell<Config>,
    client: OnceCell<Client>,
    /// What the server in use calls itself, where it was the person who said that it is reached as it was.
    pub(crate) other_name: OnceCell<Origin>,
    /// The refresh token on disk, where it was used up and its successor could not be kept there.
    pub(crate) unkept: RefCell<Option<SecretText>>,
}

impl Context {
    /// Reads the configuration, and nothing else.
    pub(crate) fn new(name: Name, env: Env, format: Format, quiet: bool) -> Result<Self, Failure> {
        let home = Home::find(name, &env)?;
        let config = home.read()?;
        let output = Output::new(name, format, quiet, &env, config.color());
        Ok(Self {
            name,
            env,
            home,
            output,
            config: RefCell::new(config),
            client: OnceCell::new(),
            other_name: OnceCell::new(),
            unkept: RefCell::new(None),
        })
    }

    /// The configuration as last read or written.
    pub(crate) fn config(&self) -> Ref<'_, Config> {
        self.config.borrow()
    }

    pub(crate) fn set_config(&self, config: Config) {
        *self.config.borrow_mut() = config;
    }

    /// The HTTP client, made at the first call.
    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::new(&self.config(), &self.env)?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_file() {
        assert_eq!(
            Name::of(Some("/usr/bin/ibmcloud".as_ref())),
            Name::Original("ibmcloud")
        );
        assert_eq!(Name::of(Some("bx".as_ref())), Name::Original("bx"));
        assert_eq!(Name::of(Some("/x/vigie".as_ref())), Name::Vigie);
        assert_eq!(Name::of(None), Name::Vigie);
    }
}
