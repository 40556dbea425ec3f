//! `iam api-key-create`, and the making of keys for whomever.

use super::key_file::KeyFile;
use super::{expiry, facts, url};
use crate::argument::Named;
use crate::argument::OF_TARGET;
use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::monitoring::domain_id;
use crate::printable_text::{PrintableText, escaped};
use crate::session::not_logged_in;
use crate::token::Reach;
use clap::Args;
use std::path::{Path, PathBuf};
use wire::iam::api_key::{ApiKey, CreateApiKey, KeyReach};
use wire::iam::service_id::ServiceId;

/// Create an API key
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Name of the new key
    name: String,
    /// Write the key to a file, readable by you alone, in place of the screen
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

/// What a new key is like, whomever it is for.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// What it is for
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
    /// Lock it against change and deletion
    #[arg(long)]
    lock: bool,
    /// What to do with the key when it has leaked: `none`. Vigie refuses `disable` and `delete`: nobody watches for leaked keys
    /// there
    #[arg(long, value_name = "ACTION", value_parser = ["none", "disable", "delete"])]
    action_if_leaked: Option<String>,
    /// Limit it to this domain: `space`, `org` or `account` of the target, or the id itself (`s-GUID`, `o-GUID`, `a-ID`); it then
    /// manages nothing
    #[arg(long, value_name = "DOMAIN", add = OF_TARGET)]
    domain: Option<String>,
    /// Limit it to the space of this name; it then manages nothing
    #[arg(short, long, value_name = "SPACE", conflicts_with = "domain", add = Named::Spaces)]
    space: Option<String>,
    /// Organization of that space, in place of the targeted one
    #[arg(short, long, value_name = "ORG", requires = "space", add = Named::Orgs)]
    org: Option<String>,
    /// Limit it to one action: `send`; it then manages nothing
    #[arg(long, value_name = "ACTION", value_parser = ["send"])]
    only: Option<String>,
    /// When it expires, with everything obtained with it: a length of time (`90d`) or a time; a day (`2030-01-31`) or an ISO week
    /// (`2030-W05`) means its first moment; default: never
    #[arg(long, visible_alias = "expires-at", value_name = "TIME")]
    expires: Option<String>,
}

/// A key to be made.
#[derive(Debug)]
pub(crate) struct WantedKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) args: &'a KeyArgs,
    /// The file for it, in place of the screen.
    pub(crate) file: Option<&'a Path>,
    /// The service ID that it is for, if not for the caller.
    pub(crate) service: Option<&'a ServiceId>,
}

/// Whether the key may only send, and is not limited to a domain.
fn sends_anywhere(reach: &KeyReach) -> bool {
    let KeyReach { domain, only } = reach.clone();
    Reach { domain, only }.sends_anywhere()
}

/// Creates a key for the caller.
pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let wanted = WantedKey {
        name: &args.name,
        args: &args.key,
        file: args.file.as_deref(),
        service: None,
    };
    create(&wanted, context)
}

/// Creates a key and shows it once, or writes it to a file that was prepared before.
pub(crate) fn create(wanted: &WantedKey<'_>, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let args = wanted.args;
    let expires = args.expires.as_deref();
    let expires_at = expires
        .map(|text| expiry::read(text, context))
        .transpose()?;
    context.token()?;
    let claims = context.claims().ok_or_else(|| not_logged_in(context))?;
    let account = context.config().account.guid.clone();
    let domain = domain(args, context)?;
    let mut file = wanted.file.map(KeyFile::prepare).transpose()?;
    let of = (wanted.service).map_or_else(PrintableText::default, |service| {
        escaped!(" of service ID {}", service.name)
    });
    let under = if account.is_empty() {
        PrintableText::default()
    } else {
        escaped!(" under {}", account.as_str())
    };
    output.action(escaped!(
        "Creating API key {}{}{} as {}...",
        wanted.name,
        of,
        under,
        claims.user()
    ))?;
    let reach = (domain.is_some() || args.only.is_some()).then(|| KeyReach {
        domain,
        only: args.only.clone(),
    });
    let owner = (wanted.service).map_or(&claims.iam_id, |service| &service.iam_id);
    let body = CreateApiKey {
        name: wanted.name.to_owned(),
        iam_id: owner.clone(),
        description: args.description.clone(),
        account_id: Some(account).filter(|guid| !guid.is_empty()),
        action_when_leaked: args.action_if_leaked.clone(),
        expires_at,
        reach: reach.clone(),
        ..CreateApiKey::default()
    };
    let mut request = Request::post(url(context, "")?).json(&body)?;
    if args.lock {
        request = request.header("entity-lock", "true");
    }
    let mut key: ApiKey = context.ask_for(request, "create the API key")?;
    if let Some(file) = file.take() {
        file.keep(&key, if_lost(&key, wanted.service))?;
        key.apikey = "".into();
    }
    let reach = key.reach.as_ref().or(reach.as_ref());
    if reach.is_some_and(sends_anywhere) {
        output.note(
            "hint: the key has no domain, so each command that sends with it needs `--scope s-GUID` where the account has several spaces; a key made with `--domain` does not",
        );
    }
    show(&key, wanted, context)
}

/// The hint for a key that was created and cannot be kept.
fn if_lost(key: &ApiKey, service: Option<&ServiceId>) -> PrintableText {
    match service {
        None => escaped!(
            "the key exists but is lost: delete it with `vigie iam api-key-delete {}`",
            PrintableText::word(&key.id)
        ),
        Some(service) => escaped!(
            "the key exists but is lost: delete it with `vigie iam service-api-key-delete {} {}`",
            PrintableText::word(&key.id),
            PrintableText::word(&service.id)
        ),
    }
}

/// The domain that the key is limited to.
fn domain(args: &KeyArgs, context: &Context) -> Result<Option<String>, Failure> {
    match (&args.space, &args.domain) {
        (Some(name), _) => {
            let org = context.resolve_org(args.org.as_deref())?;
            let space = context.space_named(&org, name)?;
            Ok(Some(format!("s-{}", space.metadata.guid)))
        }
        (None, Some(named)) => domain_id(context, named).map(Some),
        (None, None) => Ok(None),
    }
}

/// Shows the new key; its text only where no file holds it.
fn show(key: &ApiKey, wanted: &WantedKey<'_>, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.ok()?;
    output.say(escaped!("API key {} was created\n", wanted.name))?;
    match wanted.file {
        Some(path) => output.say(escaped!("The key was saved to {}\n", path.display()))?,
        None => output.say("Keep the API key: it cannot be shown again.\n")?,
    }
    output.details(key, &facts(key))
}
