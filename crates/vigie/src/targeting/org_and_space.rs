//! Targets the organization and the space. Metrics belong to a space: if several are possible, the user is asked; without a
//! terminal, a note says that none is targeted.

use crate::client::Request;
use crate::config::DomainFields;
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use crate::prompt;
use wire::cf::space::SpaceEntity;

/// The maximum number of names in a note.
const NAMED_MAX: usize = 8;

/// The behaviour if there are several and none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompting {
    /// Target none.
    Never,
    /// Ask, with the option to choose none; without a terminal, note that none is targeted.
    Offered,
    /// Ask; without a terminal, fail.
    Always,
}

/// The outcome of targeting an organization and a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetOutcome {
    /// An organization is targeted; a space, too, if there was one to choose.
    Targeted,
    /// Nothing has changed: none was looked for, or none was chosen of several.
    NoneTargeted,
    /// The caller sees no organization, and was told who gives them a role.
    NoOrgVisible,
}

/// The outcome of choosing an organization.
enum OrgChoice {
    /// The caller sees none.
    NoneVisible,
    /// There are several, and none was chosen.
    NoneChosen,
    /// This one; its space is still to be chosen.
    Org(DomainFields),
    /// The one with the only space that the caller can see, and that space.
    WithOnlySpace(DomainFields, DomainFields),
}

/// The texts of the questions and notes.
struct Wording {
    ask: &'static str,
    offer: &'static str,
    what: &'static str,
    flag: &'static str,
    /// The beginning of the note that none is targeted.
    none: &'static str,
    /// The command to type then.
    choose: &'static str,
}

const ORG: Wording = Wording {
    ask: "Select an organization:",
    offer: "Select an organization (or press Enter to skip):",
    what: "the organization",
    flag: "`-o ORG`",
    none: "no organization is targeted, because there are several",
    choose: "`vigie target -o ORG -s SPACE`",
};
const SPACE: Wording = Wording {
    ask: "Select a space:",
    offer: "Select a space (or press Enter to skip):",
    what: "the space",
    flag: "`-s SPACE`",
    none: "no space is targeted, because there are several",
    choose: "`vigie target -s SPACE`",
};

impl Context {
    /// Targets an organization and a space: the named one, else the only one. `prompting` decides if there are several.
    pub(crate) fn target_place(
        &self,
        org: Option<&str>,
        space: Option<&str>,
        prompting: Prompting,
    ) -> Result<TargetOutcome, Failure> {
        let (org, space) = match self.choose_org(org, space, prompting)? {
            OrgChoice::NoneVisible => return Ok(TargetOutcome::NoOrgVisible),
            OrgChoice::NoneChosen => return Ok(TargetOutcome::NoneTargeted),
            OrgChoice::Org(org) => {
                let space = self.choose_space(&org, space, prompting)?;
                (org, space)
            }
            OrgChoice::WithOnlySpace(org, space) => (org, Some(space)),
        };
        self.output
            .action(escaped!("Targeted org {}\n", org.name))?;
        if let Some(space) = &space {
            self.output
                .action(escaped!("Targeted space {}\n", space.name))?;
        }
        self.update(|_, cf| {
            cf.organization_fields = org;
            cf.space_fields = space.unwrap_or_default();
        })?;
        Ok(TargetOutcome::Targeted)
    }

    /// The organization of this name. Without one: for a named space the targeted organization, else the one of the only
    /// space, else the only one, else as `prompting` says. Says so if the caller sees none.
    fn choose_org(
        &self,
        named: Option<&str>,
        space: Option<&str>,
        prompting: Prompting,
    ) -> Result<OrgChoice, Failure> {
        let region = self.config().region.clone();
        let targeted = self.cf()?.organization_fields;
        if let Some(name) = named {
            return Ok(OrgChoice::Org(self.org_named(name, &region)?.into()));
        }
        if space.is_some() && !targeted.guid.is_empty() {
            return Ok(OrgChoice::Org(targeted));
        }
        let orgs: Vec<DomainFields> = self
            .orgs(&region)?
            .into_iter()
            .map(DomainFields::from)
            .collect();
        if orgs.is_empty() {
            if space.is_some() {
                return Err(self.no_org());
            }
            self.output.note(escaped!("hint: {}", self.no_role()));
            return Ok(OrgChoice::NoneVisible);
        }
        if orgs.len() > 1
            && space.is_none()
            && prompting != Prompting::Always
            && let Some((org, space)) = self.only_space(&orgs)?
        {
            return Ok(OrgChoice::WithOnlySpace(org, space));
        }
        match self.pick(orgs, prompting, &ORG)? {
            Some(org) => Ok(OrgChoice::Org(org)),
            None if space.is_some() => {
                Err(Failure::usage("a space is named, but not its organization")
                    .hint("name it with `-o ORG`; list them with `vigie account orgs`"))
            }
            None => Ok(OrgChoice::NoneChosen),
        }
    }

    /// The space of this name in the organization, else its only one, else as `prompting` says.
    fn choose_space(
        &self,
        org: &DomainFields,
        named: Option<&str>,
        prompting: Prompting,
    ) -> Result<Option<DomainFields>, Failure> {
        if let Some(name) = named {
            return Ok(Some(self.space_named(org, name)?.into()));
        }
        let spaces = self.spaces(&org.guid)?.into_iter().map(DomainFields::from);
        self.pick(spaces.collect(), prompting, &SPACE)
    }

    /// The only space that the caller can see in these organizations, with its organization.
    fn only_space(
        &self,
        orgs: &[DomainFields],
    ) -> Result<Option<(DomainFields, DomainFields)>, Failure> {
        let url = self.cf_url("/v2/spaces")?;
        let all = self.list::<SpaceEntity>(Request::get(url), "list spaces")?;
        let mut seen = all.into_iter().filter_map(|space| {
            let org = |org: &&DomainFields| org.guid == space.entity.organization_guid;
            Some((orgs.iter().find(org)?.clone(), DomainFields::from(space)))
        });
        let first = seen.next();
        Ok(first.filter(|_| seen.next().is_none()))
    }

    fn pick(
        &self,
        mut places: Vec<DomainFields>,
        prompting: Prompting,
        wording: &Wording,
    ) -> Result<Option<DomainFields>, Failure> {
        let name = |place: &DomainFields| place.name.clone();
        match (places.len(), prompting) {
            (0, _) => Ok(None),
            (1, _) => Ok(places.pop()),
            (_, Prompting::Always) => {
                prompt::choose(wording.ask, &places, name, wording.what, wording.flag)
                    .cloned()
                    .map(Some)
            }
            (_, Prompting::Offered) if prompt::is_possible() => {
                Ok(prompt::choose_or_skip(wording.offer, &places, name)?.cloned())
            }
            (_, Prompting::Offered) => {
                self.output.warn(escaped!(
                    "{}: {}; choose with {}",
                    wording.none,
                    names(&places),
                    wording.choose
                ));
                Ok(None)
            }
            (_, Prompting::Never) => Ok(None),
        }
    }
}

/// The first of them, and how many more there are.
fn names(places: &[DomainFields]) -> PrintableText {
    let mut text = PrintableText::default();
    for (at, place) in places.iter().take(NAMED_MAX).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        text.push(&escaped!("{}`{}`", PrintableText::from(comma), place.name));
    }
    if let Some(more) = places.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        text.push(&escaped!(" and {} more", more));
    }
    text
}
