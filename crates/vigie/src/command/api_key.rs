//! `iam api-keys` and `iam api-key-…`: the caller's own API keys.

use crate::client::{Request, encode};
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, Kind};
use crate::monitoring::domain_id;
use crate::output::{Column, Row, printable};
use crate::pages::PAGE_SIZE;
use crate::prompt;
use crate::session::not_logged_in;
use crate::shown::{Shown, shown};
use crate::token::Reach;
use base::time::{Clock as _, SystemClock};
use clap::Args;
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use wire::iam::api_key::{ApiKey, ApiKeyList, CreateApiKey, KeyReach, UpdateApiKey, read_time};
use wire::iam::key_file;

/// What `api-keys` takes.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print ids only
    #[arg(long)]
    uuid: bool,
    /// Only keys of this name
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,
    /// Only keys of this description
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
}

/// What `api-key-create` takes.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Name of the new key
    name: String,
    /// What it is for
    #[arg(short, long, value_name = "DESCRIPTION")]
    description: Option<String>,
    /// Write the key to a file, readable by you alone, in place of the screen
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Lock it against change and deletion
    #[arg(long)]
    lock: bool,
    /// What becomes of the key when it has leaked: `none`, `disable` or `delete`
    #[arg(long, value_name = "ACTION", value_parser = ["none", "disable", "delete"])]
    action_if_leaked: Option<String>,
    /// Let it open this domain alone: `space`, `org` or `account` of the target, or the id itself (`s-GUID`, `o-GUID`,
    /// `a-ID`); it then manages nothing
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Let it do this alone: `send`; it then manages nothing
    #[arg(long, value_name = "ACTION", value_parser = ["send"])]
    only: Option<String>,
    /// When it ceases to work, with all that was obtained with it: a time, or a length of time from now such as `90d`;
    /// without, never
    #[arg(long, visible_alias = "expires", value_name = "TIME", value_parser = time)]
    expires_at: Option<String>,
}

/// A time as the server takes it.
fn time(text: &str) -> Result<String, &'static str> {
    if read_time(text).is_some() {
        return Ok(text.to_owned());
    }
    // A bare number could be either.
    let is_length = text.ends_with(|c: char| c.is_ascii_alphabetic());
    duration::parse(text)
        .ok()
        .filter(|_| is_length)
        .and_then(|length| {
            let now = SystemClock.now().0.div_euclid(1000);
            now.checked_add(i64::try_from(length.as_secs()).ok()?)
        })
        .and_then(|at| jiff::Timestamp::from_second(at).ok())
        .map(|at| at.to_string())
        .ok_or("it is no time like `2030-01-31T12:00:00Z`, and no length of time like `90d`")
}

/// What `api-key-update` takes.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub(crate) struct UpdateArgs {
    /// Name or id of the key
    #[arg(value_name = "NAME|UUID")]
    key: String,
    /// Its name from now on
    #[arg(short, long, value_name = "NAME", group = "change")]
    name: Option<String>,
    /// Its description from now on
    #[arg(short, long, value_name = "DESCRIPTION", group = "change")]
    description: Option<String>,
}

/// What the commands on one key take.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Name or id of the key
    #[arg(value_name = "NAME|UUID")]
    key: String,
    /// Do not ask
    #[arg(short, long)]
    force: bool,
}

/// What can be switched on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    /// No change or deletion any more.
    Lock,
    /// Changes again.
    Unlock,
    /// No use any more.
    Disable,
    /// Use again.
    Enable,
}

impl Switch {
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Lock => ("Locking", "lock the API key", "lock"),
            Self::Unlock => ("Unlocking", "unlock the API key", "lock"),
            Self::Disable => ("Disabling", "disable the API key", "disable"),
            Self::Enable => ("Enabling", "enable the API key", "disable"),
        }
    }
}

fn url(context: &Context, path: &str) -> Result<String, Failure> {
    let config = context.config().clone();
    Ok(format!(
        "{}/v1/apikeys{path}",
        context.iam_endpoint(&config)?
    ))
}

/// Every key of the caller in the targeted account.
pub(crate) fn keys(context: &Context) -> Result<Vec<ApiKey>, Failure> {
    let account = context.config().account.guid.clone();
    let first = url(context, "")?;
    let mut request = Request::get(&first).query("pagesize", PAGE_SIZE);
    if !account.is_empty() {
        request = request.query("account_id", &account);
    }
    // Only the parameters are taken over: the token is for the server one logged in to.
    let address = |next: &str| {
        let query = next.split_once('?').map_or("", |(_, query)| query);
        Ok(format!("{first}?{query}"))
    };
    context.pages_at::<ApiKeyList>(request, "list API keys", address)
}

/// The one key of this name or id; where several have the name, the person chooses.
fn find(wanted: &str, context: &Context) -> Result<ApiKey, Failure> {
    let mut found: Vec<ApiKey> = keys(context)?
        .into_iter()
        .filter(|key| key.id == wanted || key.name == wanted)
        .collect();
    if found.len() > 1 {
        let describe = |key: &ApiKey| {
            format!(
                "{} {}",
                key.id,
                printable(key.description.as_deref().unwrap_or(""))
            )
        };
        let what = format!(
            "the choice among the {} API keys named `{}`",
            found.len(),
            printable(wanted)
        );
        return prompt::choose(
            "Select an API key:",
            &found,
            describe,
            what,
            "the key's id in place of its name",
        )
        .cloned();
    }
    found.pop().ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("no API key `{}` was found", printable(wanted)),
        )
        .hint("list yours with `vigie iam api-keys`")
    })
}

/// Lists keys; their texts are not to be had.
pub(crate) fn list(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if !args.uuid {
        output.action(format!("Getting API keys of {}...", context.user()))?;
    }
    let mut keys = keys(context)?;
    keys.retain(|key| {
        args.name.as_ref().is_none_or(|name| *name == key.name)
            && args
                .description
                .as_ref()
                .is_none_or(|text| Some(text) == key.description.as_ref())
    });
    if args.uuid && !output.is_json() {
        return keys
            .iter()
            .try_for_each(|key| output.line(printable(&key.id)));
    }
    output.ok()?;
    output.rows(&keys, "No API keys found.")
}

impl Row for ApiKey {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Name", |key| key.name.clone()),
        Column::new("ID", |key| key.id.clone()),
        Column::new("Created At", |key| {
            key.created_at.clone().unwrap_or_default()
        }),
        Column::new("Locked", |key| key.locked.to_string()),
        Column::new("Disabled", |key| key.disabled.unwrap_or(false).to_string()),
        Column::new("Description", |key| {
            key.description.clone().unwrap_or_default()
        }),
        Column::where_any(
            "Expires At",
            |key| key.expires_at.is_some(),
            |key| key.expires_at.clone().unwrap_or_else(|| "never".to_owned()),
        ),
        Column::where_any("Reach", |key| key.reach.is_some(), reach_text),
    ];
}

/// Creates a key and shows it this once, or writes it to a file that was made ready before.
pub(crate) fn create(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    context.token()?;
    let claims = context
        .claims()
        .ok_or_else(|| not_logged_in(context.name))?;
    let account = context.config().account.guid.clone();
    let domain = (args.domain.as_deref())
        .map(|named| domain_id(context, named))
        .transpose()?;
    let mut file = args.file.as_deref().map(KeyFile::prepare).transpose()?;
    let under = if account.is_empty() {
        Shown::default()
    } else {
        shown!(" under {}", account.as_str())
    };
    output.action(shown!(
        "Creating API key {}{} as {}...",
        args.name,
        under,
        claims.user()
    ))?;
    let body = CreateApiKey {
        name: args.name.clone(),
        iam_id: claims.iam_id.clone(),
        description: args.description.clone(),
        account_id: Some(account).filter(|guid| !guid.is_empty()),
        action_when_leaked: args.action_if_leaked.clone(),
        expires_at: args.expires_at.clone(),
        reach: (domain.is_some() || args.only.is_some()).then(|| KeyReach {
            domain,
            only: args.only.clone(),
        }),
        ..CreateApiKey::default()
    };
    let mut request = Request::post(url(context, "")?).json(&body)?;
    if args.lock {
        request = request.header("entity-lock", "true");
    }
    let mut key: ApiKey = context
        .ask(request, "create the API key")?
        .parse("create the API key")?;
    if let Some(file) = file.take() {
        file.keep(&key)?;
        key.apikey = "".into();
    }
    if output.is_json() {
        return output.json(&key);
    }
    output.ok()?;
    output.say(shown!("API key {} was created\n", args.name))?;
    match &args.file {
        Some(path) => output.say(shown!("The key was saved to {}\n", path.display()))?,
        None => output.say("Keep the API key: it cannot be shown again.\n")?,
    }
    let mut pairs = vec![
        ("ID", printable(&key.id)),
        ("Name", printable(&key.name)),
        (
            "Description",
            printable(key.description.as_deref().unwrap_or("")),
        ),
        ("Created At", key.created_at.clone().unwrap_or_default()),
    ];
    if let Some(at) = &key.expires_at {
        pairs.push(("Expires At", printable(at)));
    }
    if key.reach.is_some() {
        pairs.push(("Reach", reach_text(&key)));
    }
    if args.file.is_none() {
        pairs.push(("API Key", key.apikey.expose().to_owned()));
    }
    pairs.push(("Locked", key.locked.to_string()));
    output.pairs(&pairs)
}

/// What a key reaches, in words.
fn reach_text(key: &ApiKey) -> String {
    let KeyReach { domain, only } = key.reach.clone().unwrap_or_default();
    Reach { domain, only }.words()
}

/// More than a key with all that the server says of it.
const ROOM_BYTES: usize = 16 << 10;

/// A file for a key, opened before the key is made: a key that cannot be written down would be lost.
struct KeyFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl KeyFile {
    fn prepare(path: &Path) -> Result<Self, Failure> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&beside)
            .map_err(|error| Failure::file("create", path, &error))?;
        let mut prepared = Self {
            path: path.to_owned(),
            beside,
            file,
        };
        prepared
            .reserve()
            .map_err(|error| Failure::file("write", path, &error))?;
        Ok(prepared)
    }

    /// Takes the room the key will need: a full disk lets a file be made, and nothing be put into it.
    fn reserve(&mut self) -> io::Result<()> {
        self.file.write_all(&[b' '; ROOM_BYTES])?;
        self.file.sync_all()?;
        self.file.rewind()
    }

    fn keep(mut self, key: &ApiKey) -> Result<(), Failure> {
        let text = key_file::write(key);
        self.file
            .write_all(&text)
            .and_then(|()| self.file.set_len(text.len() as u64))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.path))
            .map_err(|error| {
                Failure::file("write", &self.path, &error).hint(format!(
                    "the key exists but is lost: delete it with `vigie iam api-key-delete {}`",
                    Shown::word(&key.id)
                ))
            })
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.beside));
    }
}

/// Changes name or description.
pub(crate) fn update(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let key = find(&args.key, context)?;
    output.action(format!(
        "Updating API key {} as {}...",
        args.key,
        context.user()
    ))?;
    let body = UpdateApiKey {
        name: args.name.clone(),
        description: args.description.clone(),
        ..UpdateApiKey::default()
    };
    let request = Request::put(url(context, &format!("/{}", encode(&key.id)))?)
        .header("if-match", key.entity_tag.unwrap_or_else(|| "*".to_owned()));
    let key: ApiKey = context
        .ask(request.json(&body)?, "update the API key")?
        .parse("update the API key")?;
    if output.is_json() {
        return output.json(&key);
    }
    output.ok()
}

/// Deletes a key.
pub(crate) fn delete(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let key = find(&args.key, context)?;
    if !args.force
        && !prompt::confirm(
            format!("Really delete API key {}?", printable(&key.name)),
            "`-f`",
        )?
    {
        return output.say("Nothing was deleted.");
    }
    output.action(format!(
        "Deleting API key {} as {}...",
        args.key,
        context.user()
    ))?;
    context.ask(
        Request::delete(url(context, &format!("/{}", encode(&key.id)))?),
        "delete the API key",
    )?;
    if output.is_json() {
        return output.json(&json!({"id": key.id, "deleted": true}));
    }
    output.ok()
}

/// Locks, unlocks, disables or enables a key.
pub(crate) fn switch(args: &OneArgs, switch: Switch, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let (verb, doing, path) = switch.words();
    let key = find(&args.key, context)?;
    output.action(format!(
        "{verb} API key {} as {}...",
        args.key,
        context.user()
    ))?;
    let url = url(context, &format!("/{}/{path}", encode(&key.id)))?;
    let is_on = matches!(switch, Switch::Lock | Switch::Disable);
    let request = if is_on {
        Request::post(url)
    } else {
        Request::delete(url)
    };
    context.ask(request, doing)?;
    if output.is_json() {
        let state = if path == "lock" { "locked" } else { "disabled" };
        return output.json(&json!({"id": key.id, state: is_on}));
    }
    output.ok()
}
