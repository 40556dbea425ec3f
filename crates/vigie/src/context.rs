//! Context of every command: the environment, the configuration, the output, and an HTTP client that is created when needed. Its other
//! methods are where their subject is: requests in `trust`, lists in `listings` and `pages`, the target in `targeting`, the login in `session`.

use crate::client::Client;
use crate::config::{CfConfig, Config, Home};
use crate::env::{self, Env};
use crate::error::Failure;
use crate::origin::Origin;
use crate::output::{Format, Output};
use crate::stray_variables::unreadable_switch;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Instant;
use wire::secret::SecretText;

pub(crate) use crate::name::Name;

/// The context of one run.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) name: Name,
    pub(crate) env: Env,
    pub(crate) home: Home,
    pub(crate) output: Output,
    config: RefCell<Rc<Config>>,
    client: OnceCell<Client>,
    /// The server's own name for itself, if the user named a different address as its token service.
    pub(crate) other_name: OnceCell<Origin>,
    /// The refresh token on disk, if it was used up and its successor could not be stored.
    pub(crate) spent_refresh_token: RefCell<Option<SecretText>>,
    /// When this process last tried to renew a token that was still good.
    pub(crate) early_renewal_tried_at: Cell<Option<Instant>>,
    /// The Cloud Foundry session of a login that has begun and is not stored yet.
    pub(crate) login: RefCell<Option<CfConfig>>,
}

impl Context {
    /// Reads the configuration, and nothing else.
    pub(crate) fn new(name: Name, env: Env, format: Format, quiet: bool) -> Result<Self, Failure> {
        if let Some(why) = unreadable_switch(&env, &[env::COLOR, env::QUIET]) {
            return Err(Failure::usage(why));
        }
        let home = Home::find(name, &env)?;
        let config = home.read()?;
        let output = Output::new(name, format, quiet, &env, config.color());
        Ok(Self {
            name,
            env,
            home,
            output,
            config: RefCell::new(Rc::new(config)),
            client: OnceCell::new(),
            other_name: OnceCell::new(),
            spent_refresh_token: RefCell::new(None),
            early_renewal_tried_at: Cell::new(None),
            login: RefCell::new(None),
        })
    }

    /// The configuration as last read or written. Whoever holds it may send requests meanwhile, any of which may renew the login, and has
    /// what was before.
    pub(crate) fn config(&self) -> Rc<Config> {
        Rc::clone(&self.config.borrow())
    }

    pub(crate) fn set_config(&self, config: Config) {
        self.config.replace(Rc::new(config));
    }

    /// The HTTP client, created at the first call.
    pub(crate) fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::new(&self.config(), &self.env)?;
        Ok(self.client.get_or_init(|| client))
    }
}
