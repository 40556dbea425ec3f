//! Finds the domain (space, organization or account) from the arguments, the target and the login.

use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::{PrintableText, escaped};
use crate::session::reach;
use wire::scope_id;

/// The id of a domain named as `--scope` names it: `space`, `org` or `account` of the target, or the id itself.
pub(crate) fn domain_id(context: &Context, named: &str) -> Result<String, Failure> {
    let domain = Domain::find(context, Some(named))?;
    let account = || context.claims().map(|claims| claims.account.bss);
    let of_account = || {
        account()
            .filter(|id| !id.is_empty())
            .map(|id| format!("a-{id}"))
    };
    domain.id.or_else(of_account).ok_or_else(|| {
        Failure::usage("no account is targeted")
            .hint("choose one with `vigie target -c ACCOUNT_ID`")
    })
}

/// The value of `--default-scope` that names no domain.
pub(crate) const NO_DEFAULT_SCOPE: &str = "none";

/// The id of the targeted space, if there is one.
pub(crate) fn targeted_space(context: &Context) -> Result<Option<String>, Failure> {
    Ok(Domain::space(context)?.and_then(|space| space.id))
}

/// A domain, with its id for the server and its label for people.
#[derive(Debug)]
pub(super) struct Domain {
    /// The value of `X-Auth-Scope-Id`; `None`: the account that the credential is bound to.
    pub(super) id: Option<String>,
    pub(super) label: String,
}

impl Domain {
    pub(super) fn new(what: &str, prefix: &str, place: (&str, &str)) -> Option<Self> {
        let (guid, name) = place;
        let id = format!("{prefix}{guid}");
        (!guid.is_empty()).then(|| Self {
            label: format!("{what} `{}`", if name.is_empty() { &id } else { name }),
            id: Some(id),
        })
    }

    /// Known by its id alone.
    pub(super) fn of_id(id: &str) -> Self {
        Self {
            label: format!("`{id}`"),
            id: Some(id.to_owned()),
        }
    }

    /// The only domain that the login reaches, if it has this prefix.
    fn reached(context: &Context, prefix: &str) -> Option<Self> {
        let id = context.reach()?.domain?;
        id.starts_with(prefix).then(|| Self::of_id(&id))
    }

    pub(super) fn of_credential() -> Self {
        Self {
            id: None,
            label: "the account".to_owned(),
        }
    }

    /// The domain that the argument names, at a server where nothing is targeted.
    pub(super) fn untargeted(context: &Context, named: &str) -> Result<Self, Failure> {
        match named {
            "account" => Ok(Self::of_credential()),
            what @ ("space" | "org") => Err(Failure::usage(format!(
                "no {what} is targeted at the server of `VIGIE_API`"
            ))
            .hint("name it by its id, `s-GUID` or `o-GUID`")),
            named => Self::find(context, Some(named)),
        }
    }

    /// The domain that `--default-scope` names by its id, which follows no target; `none` names none.
    pub(super) fn by_default(context: &Context, named: &str) -> Result<Option<Self>, Failure> {
        match named {
            NO_DEFAULT_SCOPE => Ok(None),
            "space" | "org" | "account" => Err(Failure::usage(escaped!(
                "`--default-scope {}` would follow the target",
                PrintableText::word(named)
            ))
            .hint("name it by its id: `s-GUID`, `o-GUID` or `a-GUID`; or say `none`")),
            named => Self::find(context, Some(named)).map(Some),
        }
    }

    /// The domain that the argument names, else the targeted space: for commands that store or delete, which must not fall back
    /// to another domain silently.
    pub(super) fn named(context: &Context, named: Option<&str>) -> Result<Self, Failure> {
        match named {
            None => match Self::reached(context, "") {
                Some(only) => Ok(only),
                None => Self::space(context)?.ok_or_else(|| no_domain(context)),
            },
            named => Self::find(context, named),
        }
    }

    /// The targeted space.
    pub(super) fn space(context: &Context) -> Result<Option<Self>, Failure> {
        let space = context.cf()?.space_fields;
        Ok(Self::new("space", "s-", (&space.guid, &space.name)))
    }

    /// The domain that the argument names, else the target.
    pub(super) fn find(context: &Context, named: Option<&str>) -> Result<Self, Failure> {
        let cf = context.cf()?;
        let account = context.config().account.clone();
        let space = || {
            Self::new(
                "space",
                "s-",
                (&cf.space_fields.guid, &cf.space_fields.name),
            )
            .or_else(|| Self::reached(context, "s-"))
        };
        let org = || {
            Self::new(
                "organization",
                "o-",
                (&cf.organization_fields.guid, &cf.organization_fields.name),
            )
            .or_else(|| Self::reached(context, "o-"))
        };
        let account = || Self::new("account", "a-", (&account.guid, &account.name));
        let untargeted = |what: &str| {
            let reach = context.reach();
            // A key for one domain has no other to name.
            if let Some(Err(refused)) = reach.as_ref().map(|reach| reach.require_domain(None)) {
                return refused;
            }
            Failure::usage(format!("no {what} is targeted")).hint(match reach {
                None if context.has_no_role() => context.no_role(),
                None => "choose one with `vigie target -o ORG -s SPACE`".into(),
                Some(_) => reach::HINT.into(),
            })
        };
        match named {
            None => Self::reached(context, "")
                .or_else(space)
                .or_else(org)
                .or_else(account)
                .ok_or_else(|| untargeted("space, organization or account")),
            Some("space") => space().ok_or_else(|| untargeted("space")),
            Some("org") => org().ok_or_else(|| untargeted("organization")),
            Some("account") => Ok(account().unwrap_or_else(Self::of_credential)),
            Some(id) if ["s-", "o-", "a-"].iter().any(|prefix| id.starts_with(prefix)) => {
                match scope_id::parse(id.as_bytes()) {
                    Ok(_) => Ok(Self::of_id(id)),
                    Err(error) => Err(Failure::usage(escaped!("`{}` is no scope: {}", id, error.to_string()))
                        .hint("`vigie account space NAME --guid` prints the GUID of a space, which goes after `s-`")),
                }
            }
            Some(other) => Err(Failure::usage(format!("`{other}` is no scope"))
                .hint("a scope is `space`, `org`, `account`, or an id such as `s-GUID`, `o-GUID` or `a-GUID`")),
        }
    }
}

/// The failure when neither a space is targeted nor a domain named.
fn no_domain(context: &Context) -> Failure {
    let failure =
        Failure::usage("no space is targeted, and no other owner of the metrics is named");
    if context.reach().is_some() {
        return failure.hint(reach::HINT);
    }
    if context.has_no_role() {
        let failure = failure.hint(context.no_role());
        return if context.lacks_role_in(None) {
            failure
        } else {
            failure.hint("mean the account itself with `--scope account`")
        };
    }
    let org = (context.cf()).is_ok_and(|cf| !cf.organization_fields.guid.is_empty());
    let target = if org {
        "`vigie target -s SPACE`"
    } else {
        "`vigie target -o ORG -s SPACE`"
    };
    failure.hint(escaped!(
        "choose a space with {}, or mean the organization or the account itself with `--scope org` or `--scope account`",
        PrintableText::from(target)
    ))
}
