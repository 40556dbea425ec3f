//! Choosing where to work: the account, region, organization and space of the session. `login` and `target` share it.

pub(crate) mod narrow;
mod place;

pub(crate) use self::place::Prompting;

use crate::client::Request;
use crate::config::{Account, Place};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::output::printable;
use crate::prompt;
use crate::shown::{PrintableText, shown};
use serde_json::{Value, json};
use wire::cf::info::Info;
use wire::cf::region::Region;
use wire::iam::account::AccountResource;

impl Context {
    /// Targets an account: the one named, else the only one, else the key's account, else the one the user chooses. Returns
    /// whether the account has changed.
    pub(crate) fn target_account(&self, wish: Option<&str>) -> Result<bool, Failure> {
        let claims = self.claims().unwrap_or_default();
        let bound = claims.account.bss;
        let accounts = self.accounts()?;
        let is_of_key = |account: &&AccountResource| {
            !claims.iam_apikey_id.is_empty() && account.metadata.guid == bound
        };
        let chosen = match (wish, accounts.as_slice()) {
            (Some(wish), all) => find_account(all, wish)?,
            (None, []) => {
                self.output
                    .warn("you belong to no account; nothing can be targeted");
                return Ok(false);
            }
            (None, [only]) => only,
            (None, all) => match all.iter().find(is_of_key) {
                Some(account) => account,
                None if !prompt::is_possible() => return Err(undecided(all)),
                None => prompt::choose(
                    "Select an account:",
                    all,
                    describe,
                    "the account",
                    "`-c ACCOUNT_ID`",
                )?,
            },
        };
        if chosen.metadata.guid != bound {
            self.bind_account(&chosen.metadata.guid)?;
        }
        let account = Account {
            guid: chosen.metadata.guid.clone(),
            name: chosen.entity.name.clone(),
            owner: chosen.entity.owner_userid.clone(),
            ..Account::default()
        };
        let is_other = self.config().account.guid != account.guid;
        self.update(|config, cf| {
            if config.account.guid != account.guid {
                cf.organization_fields = Place::default();
                cf.space_fields = Place::default();
            }
            config.account = account;
        })?;
        self.output
            .action(shown!("Targeted account {}\n", describe(chosen)))?;
        Ok(is_other)
    }

    /// Targets a region: the one named, else the one configured, else the only one, else the one the user chooses (which may be
    /// none), else the server's home region. `verb` begins the message.
    pub(crate) fn target_region(&self, wish: Option<&str>, verb: &str) -> Result<(), Failure> {
        let regions = self.regions()?;
        let configured = self.config().region.clone();
        let named = |name: &str| {
            regions
                .iter()
                .find(|region| region.id == name || region.name == name)
        };
        let chosen = match wish {
            Some(wish) => Some(named(wish).ok_or_else(|| {
                let known: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
                Failure::new(Kind::NotFound, format!("no region `{}`", printable(wish))).hint(
                    format!(
                        "there is `{}`; see `vigie regions` (the operator names the region with `vigied init --region`)",
                        printable(&known.join("`, `"))
                    ),
                )
            })?),
            None => match (named(&configured), regions.as_slice()) {
                (Some(region), _) => Some(region),
                (None, [only]) => Some(only),
                (None, all) if prompt::is_possible() && !all.is_empty() => prompt::choose_or_skip(
                    "Select a region (or press Enter to skip):",
                    all,
                    |region| printable(&region.name),
                )?,
                (None, all) => all.iter().find(|region| region.home).or(all.first()),
            },
        };
        let Some(region) = chosen else {
            return Ok(());
        };
        self.enter(region)?;
        self.output
            .action(shown!("{} region {}\n", verb, region.name))
    }

    /// Stores a region with the addresses of its services.
    fn enter(&self, region: &Region) -> Result<(), Failure> {
        let cf_api = self.adopt(&region.cf_api, "its Cloud Foundry API")?;
        let metrics_api = self.adopt(&region.metrics_api, "its metrics API")?;
        let info: Info = self
            .send(Request::get(format!("{cf_api}/v2/info")))?
            .parse("read about the region")?;
        let authorization = self.adopt(&info.authorization_endpoint, "its login")?;
        let uaa = self.adopt(&info.token_endpoint, "its token service")?;
        self.update(|config, cf| {
            if config.region != region.name {
                cf.organization_fields = Place::default();
                cf.space_fields = Place::default();
            }
            region.name.clone_into(&mut config.region);
            region.id.clone_into(&mut config.region_id);
            config.metrics_endpoint = metrics_api;
            cf.authorization_endpoint = authorization;
            cf.uaa_endpoint = uaa;
            cf.api_version = info.api_version;
            cf.ssl_disabled = config.ssl_disabled;
            cf.target = cf_api;
        })
    }

    /// Prints the target, as a table or as JSON.
    pub(crate) fn print_target(&self) -> Result<(), Failure> {
        let cf = self.cf()?;
        let config = self.config();
        let user = self.user();
        if self.output.is_json() {
            let place = |place: &Place| {
                if place.guid.is_empty() {
                    Value::Null
                } else {
                    json!({"guid": place.guid, "name": place.name})
                }
            };
            let mut told = json!({
                "api_endpoint": config.api_endpoint,
                "region": {"mccp_id": "", "name": config.region},
                "user": {"display_name": user, "user_email": user},
                "account": {"guid": config.account.guid, "name": config.account.name, "owner": config.account.owner},
                // Always present: scripts read its members unconditionally.
                "resource_group": {"guid": "", "name": "", "state": "", "default": false},
                "cf": {"api_endpoint": cf.target, "api_version": cf.api_version},
                "org": place(&cf.organization_fields),
                "space": place(&cf.space_fields),
            });
            // Our own key, present only for a narrowed login; all others are the original's.
            if let (Some(reach), Some(told)) = (self.reach(), told.as_object_mut()) {
                told.insert("reach".to_owned(), json!(reach));
            }
            return self.output.json(&told);
        }
        let or =
            |text: &str, otherwise: &str| printable(if text.is_empty() { otherwise } else { text });
        let logged_in = !config.iam_token.is_empty();
        let name = self.name.text();
        let is_untargeted =
            logged_in && self.reach().is_none() && cf.organization_fields.guid.is_empty();
        // Said before by whoever looked, as a login does.
        let is_news = is_untargeted && !self.sees_no_org.get() && self.has_no_role();
        let choose = if is_news || self.sees_no_org.get() {
            // Said at once: there is nothing to choose from.
            "none: you have no role in an organization yet".to_owned()
        } else {
            format!("none targeted, use `{name} target -o ORG -s SPACE`")
        };
        let account = if config.account.guid.is_empty() {
            "none targeted".to_owned()
        } else if config.account.name.is_empty() && self.reach().is_some() {
            // It may not ask for the name.
            format!("of the key ({})", printable(&config.account.guid))
        } else if config.account.name.is_empty() {
            printable(&config.account.guid)
        } else {
            format!(
                "{} ({})",
                printable(&config.account.name),
                printable(&config.account.guid)
            )
        };
        let cf_api = if cf.target.is_empty() {
            String::new()
        } else {
            format!(
                "{} (API version: {})",
                printable(&cf.target),
                printable(&cf.api_version)
            )
        };
        let mut rows = vec![
            (
                "API endpoint:",
                or(
                    &config.api_endpoint,
                    &format!("none set, use `{name} api URL`"),
                ),
            ),
            ("Region:", or(&config.region, "none targeted")),
        ];
        if logged_in {
            rows.extend([
                ("User:", printable(&user)),
                ("Account:", account),
                ("Resource group:", String::new()),
                ("CF API endpoint:", cf_api),
            ]);
            match self.reach() {
                Some(reach) => {
                    rows.push(("Reach:", reach.words()));
                    if reach.domain.is_none() && !cf.space_fields.guid.is_empty() {
                        let id = format!("s-{}", cf.space_fields.guid);
                        rows.push(("Space:", printable(&id)));
                    }
                }
                None => rows.extend([
                    ("Org:", or(&cf.organization_fields.name, &choose)),
                    ("Space:", or(&cf.space_fields.name, &choose)),
                ]),
            }
        }
        self.output.pairs(&rows)?;
        if is_news {
            self.output.note(shown!("hint: {}", self.no_role()));
        }
        if !logged_in {
            self.output
                .say(shown!("\nnot logged in; use `{} login`", name))?;
        }
        Ok(())
    }
}

/// Finds an account by its id, its name, or its owner's user name or id.
fn find_account<'a>(
    all: &'a [AccountResource],
    wish: &str,
) -> Result<&'a AccountResource, Failure> {
    if let Some(account) = all.iter().find(|account| account.metadata.guid == wish) {
        return Ok(account);
    }
    let is_meant = |account: &&AccountResource| {
        let entity = &account.entity;
        [&entity.name, &entity.owner_userid, &entity.owner_iam_id]
            .into_iter()
            .any(|text| text == wish)
    };
    let meant: Vec<&AccountResource> = all.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [only] => Ok(only),
        [] => Err(Failure::new(
            Kind::NotFound,
            format!("you belong to no account `{}`", printable(wish)),
        )
        .hint("list yours with `vigie account list`")),
        several => Err(Failure::usage(shown!(
            "`{}` matches several accounts:\n{}",
            wish,
            listed(several.iter().copied())
        ))
        .hint("give the id of one of them")),
    }
}

/// The failure when there are several accounts and no terminal to ask at.
fn undecided(all: &[AccountResource]) -> Failure {
    Failure::usage(shown!(
        "you belong to several accounts, and without a terminal nobody can be asked which:\n{}",
        listed(all)
    ))
    .hint("log in with `-c ACCOUNT_ID`, or go on from here with `vigie target -c ACCOUNT_ID`")
}

fn listed<'a>(accounts: impl IntoIterator<Item = &'a AccountResource>) -> PrintableText {
    let mut lines = PrintableText::default();
    for (at, account) in accounts.into_iter().enumerate() {
        lines.push(&if at > 0 { "\n" } else { "" }.into());
        lines.push(&shown!(
            "  {}   {}",
            account.metadata.guid,
            account.entity.name
        ));
    }
    lines
}

fn describe(account: &AccountResource) -> String {
    format!(
        "{} ({})",
        printable(&account.entity.name),
        printable(&account.metadata.guid)
    )
}
