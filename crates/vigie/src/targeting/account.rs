//! Targets an account: the one named, else the only one, else the key's, else the one the user chooses.

use crate::config::Account;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use crate::token::Claims;
use wire::iam::account::AccountResource;

impl Context {
    /// Targets an account, with a token for it. Returns whether the account has changed.
    pub(crate) fn target_account(&self, requested: Option<&str>) -> Result<bool, Failure> {
        let claims = self.claims().unwrap_or_default();
        let accounts = self.accounts()?;
        let Some(chosen) = choose(&accounts, requested, &claims)? else {
            self.output
                .warn("you belong to no account; nothing can be targeted");
            return Ok(false);
        };
        if chosen.metadata.guid != claims.account.bss {
            self.bind_account(&chosen.metadata.guid)?;
        }
        let is_other = self.store_account(chosen)?;
        self.output
            .action(escaped!("Targeted account {}\n", describe(chosen)))?;
        Ok(is_other)
    }

    /// Stores the account. If it is another one, it has other organizations and spaces: none is targeted then.
    fn store_account(&self, chosen: &AccountResource) -> Result<bool, Failure> {
        let account = Account {
            guid: chosen.metadata.guid.clone(),
            name: chosen.entity.name.clone(),
            owner: chosen.entity.owner_userid.clone(),
            ..Account::default()
        };
        let is_other = self.config().account.guid != account.guid;
        self.update(|config, cf| {
            if config.account.guid != account.guid {
                cf.clear_target();
            }
            config.account = account;
        })?;
        Ok(is_other)
    }
}

/// The account to work in; `None` if there is none.
fn choose<'a>(
    all: &'a [AccountResource],
    requested: Option<&str>,
    claims: &Claims,
) -> Result<Option<&'a AccountResource>, Failure> {
    if let Some(requested) = requested {
        return named(all, requested).map(Some);
    }
    match all {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => match of_key(several, claims) {
            Some(account) => Ok(Some(account)),
            None => ask(several).map(Some),
        },
    }
}

/// The account by its id, its name, or its owner's user name or id.
fn named<'a>(all: &'a [AccountResource], requested: &str) -> Result<&'a AccountResource, Failure> {
    if let Some(account) = all
        .iter()
        .find(|account| account.metadata.guid == requested)
    {
        return Ok(account);
    }
    let is_meant = |account: &&AccountResource| {
        let entity = &account.entity;
        [&entity.name, &entity.owner_userid, &entity.owner_iam_id]
            .into_iter()
            .any(|text| text == requested)
    };
    let meant: Vec<&AccountResource> = all.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [only] => Ok(only),
        [] => Err(Failure::new(
            Kind::NotFound,
            format!("you belong to no account `{requested}`"),
        )
        .hint("list yours with `vigie account list`")),
        several => Err(Failure::usage(escaped!(
            "`{}` matches several accounts:\n{}",
            requested,
            listed(several.iter().copied())
        ))
        .hint("give the id of one of them")),
    }
}

/// The account that an API key is bound to.
fn of_key<'a>(all: &'a [AccountResource], claims: &Claims) -> Option<&'a AccountResource> {
    let is_of_key = |account: &&AccountResource| {
        !claims.iam_apikey_id.is_empty() && account.metadata.guid == claims.account.bss
    };
    all.iter().find(is_of_key)
}

/// Asks which; without a terminal it is an error that lists them.
fn ask(several: &[AccountResource]) -> Result<&AccountResource, Failure> {
    if !prompt::is_possible() {
        return Err(Failure::usage(escaped!(
            "you belong to several accounts, and without a terminal nobody can be asked which:\n{}",
            listed(several)
        ))
        .hint("log in with `-c ACCOUNT_ID`"));
    }
    prompt::choose(
        "Select an account:",
        several,
        describe,
        "the account",
        "`-c ACCOUNT_ID`",
    )
}

fn listed<'a>(accounts: impl IntoIterator<Item = &'a AccountResource>) -> PrintableText {
    let mut lines = PrintableText::default();
    for (at, account) in accounts.into_iter().enumerate() {
        lines.push(&if at > 0 { "\n" } else { "" }.into());
        lines.push(&escaped!(
            "  {}   {}",
            account.metadata.guid,
            account.entity.name
        ));
    }
    lines
}

fn describe(account: &AccountResource) -> String {
    format!("{} ({})", account.entity.name, account.metadata.guid)
}
