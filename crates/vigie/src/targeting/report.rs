//! The target, as `target` and `login` show it.

use super::org_and_space::TargetOutcome;
use crate::config::{CfConfig, Config, DomainFields};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use crate::token::Reach;
use serde::Serialize;
use std::rc::Rc;

/// Lines of a name and a value.
type Rows = Vec<(&'static str, String)>;

impl Context {
    /// Prints the target, as a table or as JSON. `outcome` is that of the same run: what it made known is not said again.
    pub(crate) fn print_target(&self, outcome: TargetOutcome) -> Result<(), Failure> {
        let target = Target::of(self)?;
        if self.output.is_json() {
            return self.output.json(&target.row());
        }
        let is_explained = outcome == TargetOutcome::NoOrgVisible;
        let is_news = !is_explained && target.lacks_org() && self.has_no_role();
        let name = self.name.text();
        let untargeted = if is_explained || is_news {
            // There is nothing to choose from.
            "none: you have no role in an organization yet".to_owned()
        } else {
            format!("none targeted, use `{name} target -o ORG -s SPACE`")
        };
        self.output.pairs(&target.rows(name, &untargeted))?;
        if is_news {
            self.output.note(escaped!("hint: {}", self.no_role()));
        }
        if !target.is_logged_in() {
            self.output
                .say(escaped!("\nnot logged in; use `{} login`", name))?;
        }
        Ok(())
    }
}

/// An account, an organization or a space, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct PlaceRow<'a> {
    guid: &'a str,
    name: &'a str,
}

impl<'a> PlaceRow<'a> {
    /// Nothing without a GUID: none is targeted.
    pub(crate) fn of(guid: &'a str, name: &'a str) -> Option<Self> {
        (!guid.is_empty()).then_some(Self { guid, name })
    }
}

/// The target, for programs: the original's keys, and one of our own for a narrowed login.
#[derive(Serialize)]
struct TargetRow<'a> {
    account: AccountRow<'a>,
    api_endpoint: &'a str,
    cf: CfRow<'a>,
    org: Option<PlaceRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<&'a Reach>,
    region: RegionRow<'a>,
    /// Always there: scripts read its members unconditionally.
    resource_group: ResourceGroupRow,
    space: Option<PlaceRow<'a>>,
    user: UserRow<'a>,
}

#[derive(Serialize)]
struct AccountRow<'a> {
    guid: &'a str,
    name: &'a str,
    owner: &'a str,
}

#[derive(Serialize)]
struct CfRow<'a> {
    api_endpoint: &'a str,
    api_version: &'a str,
}

#[derive(Serialize)]
struct RegionRow<'a> {
    mccp_id: &'static str,
    name: &'a str,
}

/// No resource group is ever targeted.
#[derive(Default, Serialize)]
struct ResourceGroupRow {
    default: bool,
    guid: &'static str,
    name: &'static str,
    state: &'static str,
}

#[derive(Serialize)]
struct UserRow<'a> {
    display_name: &'a str,
    user_email: &'a str,
}

/// Where the session works, and whose it is.
struct Target {
    config: Rc<Config>,
    cf: CfConfig,
    user: String,
    /// The limits of a narrowed login.
    reach: Option<Reach>,
}

impl Target {
    fn of(context: &Context) -> Result<Self, Failure> {
        let config = context.config();
        Ok(Self {
            config,
            cf: context.cf()?,
            user: context.user(),
            reach: context.reach(),
        })
    }

    fn is_logged_in(&self) -> bool {
        !self.config.iam_token.is_empty()
    }

    /// Whether an organization could be targeted, and none is.
    fn lacks_org(&self) -> bool {
        self.is_logged_in() && self.reach.is_none() && self.cf.organization_fields.guid.is_empty()
    }

    /// For programs.
    fn row(&self) -> TargetRow<'_> {
        let Self {
            config, cf, user, ..
        } = self;
        TargetRow {
            account: AccountRow {
                guid: &config.account.guid,
                name: &config.account.name,
                owner: &config.account.owner,
            },
            api_endpoint: &config.api_endpoint,
            cf: CfRow {
                api_endpoint: &cf.target,
                api_version: &cf.api_version,
            },
            org: place(&cf.organization_fields),
            reach: self.reach.as_ref(),
            region: RegionRow {
                mccp_id: "",
                name: &config.region,
            },
            resource_group: ResourceGroupRow::default(),
            space: place(&cf.space_fields),
            user: UserRow {
                display_name: user,
                user_email: user,
            },
        }
    }

    /// The table, for a program of this name; `untargeted` stands where no organization or space does.
    fn rows(&self, name: &str, untargeted: &str) -> Rows {
        let mut rows = self.server_rows(name);
        if self.is_logged_in() {
            rows.extend(self.login_rows());
            rows.extend(match &self.reach {
                Some(reach) => self.reach_rows(reach),
                None => self.place_rows(untargeted),
            });
        }
        rows
    }

    fn server_rows(&self, name: &str) -> Rows {
        let no_api = format!("none set, use `{name} api URL`");
        vec![
            ("API endpoint:", or(&self.config.api_endpoint, &no_api)),
            ("Region:", or(&self.config.region, "none targeted")),
        ]
    }

    fn login_rows(&self) -> Rows {
        vec![
            ("User:", self.user.clone()),
            ("Account:", self.account()),
            ("Resource group:", String::new()),
            ("CF API endpoint:", self.cf_api()),
        ]
    }

    fn account(&self) -> String {
        let account = &self.config.account;
        let (guid, name) = (&account.guid, &account.name);
        match (guid.is_empty(), name.is_empty()) {
            (true, _) => "none targeted".to_owned(),
            // It may not ask for the name.
            (false, true) if self.reach.is_some() => format!("of the key ({guid})"),
            (false, true) => guid.clone(),
            (false, false) => format!("{name} ({guid})"),
        }
    }

    fn cf_api(&self) -> String {
        let (target, version) = (&self.cf.target, &self.cf.api_version);
        if target.is_empty() {
            return String::new();
        }
        format!("{target} (API version: {version})")
    }

    fn place_rows(&self, untargeted: &str) -> Rows {
        let (org, space) = (&self.cf.organization_fields, &self.cf.space_fields);
        vec![
            ("Org:", or(&org.name, untargeted)),
            ("Space:", or(&space.name, untargeted)),
        ]
    }

    /// The reach of a narrowed login; a space that it has chosen itself is known by its id.
    fn reach_rows(&self, reach: &Reach) -> Rows {
        let mut rows = vec![("Reach:", reach.describe())];
        let space = &self.cf.space_fields.guid;
        if reach.domain.is_none() && !space.is_empty() {
            rows.push(("Space:", format!("s-{space}")));
        }
        rows
    }
}

/// `null` for none.
fn place(place: &DomainFields) -> Option<PlaceRow<'_>> {
    PlaceRow::of(&place.guid, &place.name)
}

/// For people.
fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise } else { text }.to_owned()
}
