//! Stores the login: the only place that changes the two state files.
//!
//! A login is written once, at its end, both files under one lock. Until then it exists only in this process, and the previous
//! login stays valid.

use super::ended;
use super::grant::{renew, renew_uaa};
use crate::config::{CfConfig, Config, Prepared};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use crate::token::Token;
use base::secret::Secret;
use base::time::{Clock as _, SystemClock};
use std::time::Duration;
use wire::iam::token::TokenReply;
use wire::secret::SecretText;

impl Context {
    /// The Cloud Foundry session: the stored one; during a login, the new one.
    pub(crate) fn cf(&self) -> Result<CfConfig, Failure> {
        match &*self.login.borrow() {
            Some(cf) => Ok(cf.clone()),
            None => self.home.read_cf(),
        }
    }

    /// Whether a login has begun and is not stored yet.
    pub(super) fn is_logging_in(&self) -> bool {
        self.login.borrow().is_some()
    }

    /// Begins a login with these tokens, at the server in use.
    pub(crate) fn begin_login(&self, reply: &TokenReply) -> Result<(), Failure> {
        let mut cf = self.home.read_cf()?;
        let mut config = Config::clone(&self.config());
        config.clear_session();
        cf.clear_session();
        config.login_at = Some(jiff::Timestamp::now().to_string());
        store_tokens(&mut config, reply);
        if store_uaa_token(&mut cf, reply) {
            cf.login_at.clone_from(&config.login_at);
        }
        self.set_config(config);
        self.login.replace(Some(cf));
        Ok(())
    }

    /// Stores the finished login.
    pub(crate) fn commit_login(&self) -> Result<(), Failure> {
        let Some(mut cf) = self.login.take() else {
            return Ok(());
        };
        let lock = self.home.lock()?;
        // Other settings may have changed meanwhile.
        let mut config = self.home.read()?;
        config.take_login(&self.config());
        cf.other = self.home.read_cf()?.other;
        lock.write(&config, &cf)?;
        self.set_config(config);
        Ok(())
    }

    /// New tokens for a login that is not stored yet.
    pub(super) fn renewed_in_memory(&self, account: Option<&str>) -> Result<Token, Failure> {
        let mut config = Config::clone(&self.config());
        let reply = renew(self, &config, account)?;
        store_tokens(&mut config, &reply);
        self.set_config(config);
        if let Some(cf) = self.login.borrow_mut().as_mut() {
            store_uaa_token(cf, &reply);
        }
        Ok(Secret::new(reply.access_token.expose().to_owned()))
    }

    /// Renews the token, unless another process has done so meanwhile. `known` is the token that is not valid for long enough.
    pub(super) fn renewed(&self, known: &SecretText, ttl_min: Duration) -> Result<Token, Failure> {
        let lock = match self.home.lock() {
            Ok(lock) => lock,
            Err(failure) => return self.stored_token_or(failure),
        };
        let mut config = self.home.read()?;
        self.resume_unsaved(&mut config);
        // Another process may have renewed it while this one waited; its new token lasts as long as any other.
        let enough = if config.iam_token == *known {
            ttl_min
        } else {
            Duration::ZERO
        };
        if let Some(token) = config.good_token(enough) {
            self.set_config(config);
            drop(lock);
            return Ok(token);
        }
        let file = match lock.prepare() {
            Ok(file) => file,
            Err(failure) => return self.stored_token_or(failure),
        };
        let reply = match renew(self, &config, None) {
            Ok(reply) => reply,
            Err(failure) => return Err(self.refused(config, file, failure)),
        };
        let token = self.keep_renewed(config, file, &reply);
        drop(lock);
        Ok(token)
    }

    /// Stores the tokens of a renewal, under the lock that the caller holds; returns the access token.
    pub(super) fn keep_renewed(
        &self,
        mut config: Config,
        file: Prepared,
        reply: &TokenReply,
    ) -> Token {
        let used_up = config.iam_refresh_token.clone();
        store_tokens(&mut config, reply);
        if let Err(failure) = file.keep(&config) {
            self.spent_refresh_token.replace(Some(used_up));
            warn_unsaved(self, &failure);
        }
        self.set_config(config);
        Secret::new(reply.access_token.expose().to_owned())
    }

    /// The same for the UAA token; `kept` returns the stored one if it is valid.
    pub(super) fn renewed_uaa(
        &self,
        iam: &Token,
        kept: impl Fn(&CfConfig) -> Option<Token>,
    ) -> Result<Token, Failure> {
        let prepared = self.home.lock().and_then(|lock| {
            let file = lock.prepare_cf()?;
            Ok((lock, file))
        });
        let mut cf = self.home.read_cf()?;
        // Another process may have renewed it while this one waited.
        if let Some(token) = kept(&cf) {
            return Ok(token);
        }
        let reply = renew_uaa(self, &cf, iam, prepared.is_ok())?;
        cf.access_token = format!("bearer {}", reply.access_token.expose()).into();
        cf.refresh_token = reply.refresh_token.clone();
        if let Err(failure) = prepared.and_then(|(lock, file)| {
            file.keep(&cf)?;
            drop(lock);
            Ok(())
        }) {
            self.output.warn(escaped!(
                "the UAA token could not be kept: {}",
                failure.message
            ));
        }
        Ok(Secret::new(reply.access_token.expose().to_owned()))
    }

    /// Stores that the login has ended, if the failure says so. If that cannot be stored, the server will refuse again.
    pub(super) fn refused(&self, mut config: Config, file: Prepared, failure: Failure) -> Failure {
        if ended::is_ended(&failure) && !config.is_ended() {
            config.refused_expiry = config.expiry();
            if file.keep(&config).is_ok() {
                self.set_config(config);
            }
        }
        failure
    }

    /// Continues with the tokens of this process if those on disk are the ones they replaced.
    pub(super) fn resume_unsaved(&self, config: &mut Config) {
        if self.spent_refresh_token.borrow().as_ref() == Some(&config.iam_refresh_token) {
            let held = self.config();
            config.iam_token = held.iam_token.clone();
            config.iam_refresh_token = held.iam_refresh_token.clone();
        }
    }

    /// If a renewed login could not be stored, none is requested: the server issues one successor and treats a second use as theft.
    /// A stored token that is still valid is returned instead.
    pub(super) fn stored_token_or(&self, failure: Failure) -> Result<Token, Failure> {
        let failure = not_renewable(failure);
        let stored = self.config().good_token(Duration::ZERO);
        match stored {
            Some(token) => {
                self.output.warn(failure.message);
                Ok(token)
            }
            None => Err(failure),
        }
    }

    /// Rewrites both files under the lock, starting from their current contents. During a login nothing is written.
    pub(crate) fn update(
        &self,
        change: impl FnOnce(&mut Config, &mut CfConfig),
    ) -> Result<(), Failure> {
        if let Some(cf) = self.login.borrow_mut().as_mut() {
            let mut config = Config::clone(&self.config());
            change(&mut config, cf);
            self.set_config(config);
            return Ok(());
        }
        let lock = self.home.lock()?;
        let (mut config, mut cf) = (self.home.read()?, self.home.read_cf()?);
        change(&mut config, &mut cf);
        lock.write(&config, &cf)?;
        self.set_config(config);
        Ok(())
    }

    /// Exchanges the session's tokens for ones bound to an account.
    pub(crate) fn bind_account(&self, account: &str) -> Result<(), Failure> {
        if self.is_logging_in() {
            return self.renewed_in_memory(Some(account)).map(drop);
        }
        let lock = self.home.lock().map_err(not_renewable)?;
        let (file, cf_file) = (
            lock.prepare().map_err(not_renewable)?,
            lock.prepare_cf().map_err(not_renewable)?,
        );
        let mut config = self.home.read()?;
        let mut cf = self.home.read_cf()?;
        let reply = match renew(self, &config, Some(account)) {
            Ok(reply) => reply,
            Err(failure) => return Err(self.refused(config, file, failure)),
        };
        store_tokens(&mut config, &reply);
        file.keep(&config)?;
        if store_uaa_token(&mut cf, &reply) {
            cf_file.keep(&cf)?;
        }
        self.set_config(config);
        Ok(())
    }

    /// Checks that a login can be stored, before a password or a code is used for it.
    pub(crate) fn require_room(&self) -> Result<(), Failure> {
        let lock = self.home.lock()?;
        lock.prepare()?;
        lock.prepare_cf()?;
        Ok(())
    }
}

/// The failure when the files cannot be written; nothing has been requested yet.
pub(super) fn not_renewable(failure: Failure) -> Failure {
    let mut reported = failure;
    reported.message = escaped!(
        "the login was not renewed, because a new one could not be kept: {}",
        reported.message
    );
    if reported.hints.is_empty() {
        reported = reported.hint(
            "make room or rights there; or log in again with `VIGIE_HOME` set to a folder that can be written",
        );
    }
    reported
}

pub(super) fn warn_unsaved(context: &Context, failure: &Failure) {
    context.output.warn(escaped!(
        "the renewed login could not be kept: {}; this token is good until it expires, then log in again with `vigie login`",
        failure.message
    ));
}

/// Stores new tokens in the configuration.
pub(super) fn store_tokens(config: &mut Config, reply: &TokenReply) {
    config.iam_token = format!("Bearer {}", reply.access_token.expose()).into();
    config.iam_refresh_token = reply.refresh_token.clone();
    config.refused_expiry = None;
    config.last_session_update_time = Some(SystemClock.now().secs());
}

/// Stores a new UAA token in the configuration, if there is one.
fn store_uaa_token(cf: &mut CfConfig, reply: &TokenReply) -> bool {
    let Some(token) = &reply.uaa_token else {
        return false;
    };
    cf.access_token = format!("bearer {}", token.expose()).into();
    if let Some(refresh) = &reply.uaa_refresh_token {
        cf.refresh_token = refresh.clone();
    }
    true
}
