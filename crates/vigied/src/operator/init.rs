//! `vigied init`: creates the data folder, the signing key and the first account, and shows its credentials once.

use crate::boot;
use crate::boot::database;
use crate::cli::{InitArgs, Output, SettingArgs};
use crate::config::Settings;
use crate::config::check::with_password_as;
use crate::data_dir::DataDir;
use crate::data_dir::{key_of_node, samples_of_another, tour_folder};
use crate::http::advertised_address::AdvertisedAddress;
use crate::operator::key_file::KeyFile;
use crate::text::shell::word;
use anyhow::Context;
use base::secret::Secret;
use iam::audit::Origin;
use iam::bootstrap::{Created, Request};
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// The output of `vigied init`, and the file with the credentials if one was written.
pub(crate) struct InitOutput {
    pub(crate) text: String,
    pub(crate) kept: Option<PathBuf>,
}

/// Runs `vigied init`.
pub(crate) async fn init(settings: &Settings, arguments: &InitArgs) -> anyhow::Result<InitOutput> {
    let password = arguments
        .password_file
        .as_deref()
        .map(read_password)
        .transpose()?;
    tour_folder::refuse(settings.data())?;
    if settings.database().is_none() {
        key_of_node::refuse(settings.data())?;
    }
    let key_file = arguments
        .key_file
        .as_deref()
        .map(KeyFile::create)
        .transpose()?;
    let folder = boot::folder(settings)?;
    let request = Request {
        account: arguments.account.clone(),
        region: Some(arguments.region.clone()),
        org: arguments.org.clone(),
        space: arguments.space.clone(),
        owner: arguments.user.clone(),
        password,
    };
    let made = create(settings, &folder, request)
        .await
        .with_context(|| format!("nothing was changed in `{}`", settings.data().display()))?;
    let names = [&*arguments.account, &*arguments.org, &*arguments.space];
    let kept = key_file.and_then(|file| keep(file, names, &made));
    let text = match arguments.output {
        Output::Json => format!("{:#}\n", as_json(names, &made, kept.as_deref())),
        Output::Text => as_setup_text(settings, arguments, &made, kept.as_deref()),
    };
    Ok(InitOutput { text, kept })
}

/// Writes the credentials to a file; returns its path. If this fails, or there are none, they are shown instead.
pub(crate) fn keep(file: KeyFile, names: [&str; 3], made: &Created) -> Option<PathBuf> {
    if made.opening.is_none() && made.code.is_none() {
        return None;
    }
    file.keep_or_warn(&format!("{:#}\n", as_json(names, made, None)))
}

/// Creates the first account of a folder.
pub(crate) async fn create(
    settings: &Settings,
    folder: &DataDir,
    request: Request,
) -> anyhow::Result<Created> {
    let address = database::address(settings, &folder.database());
    let db = database::open_new(&address).await?;
    let iam = boot::identity(settings, folder, db, &public_url(settings)).await?;
    if !iam.is_initialised() {
        samples_of_another::refuse(settings.data())?;
    }
    let origin = Origin::operator(Some(rustix::process::geteuid().as_raw()));
    let made = origin.scope(iam.bootstrap(request)).await;
    iam.close().await;
    Ok(made?)
}

/// The server's address, as far as it is known before the server runs.
fn public_url(settings: &Settings) -> String {
    AdvertisedAddress::new(settings, settings.listen()).fixed()
}

fn read_password(path: &Path) -> anyhow::Result<Secret<String>> {
    let mut line = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read the password from standard input")?;
    } else {
        let file =
            std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        std::io::BufReader::new(file)
            .read_line(&mut line)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(Secret::new(line))
}

/// The new account as JSON; with password and key only if they are new and in no file.
pub(crate) fn as_json(
    [account, org, space]: [&str; 3],
    made: &Created,
    kept: Option<&Path>,
) -> Value {
    let mut value = json!({
        "account_guid": made.account.to_string(),
        "account_name": account,
        "org_guid": made.org.to_string(),
        "org_name": org,
        "space_guid": made.space.to_string(),
        "space_name": space,
        "region": made.region,
        "user": made.owner.email,
    });
    if let (Some(file), Some(object)) = (kept, value.as_object_mut()) {
        object.insert("key_file".to_owned(), file.display().to_string().into());
        return value;
    }
    if let (Some(code), Some(object)) = (&made.code, value.as_object_mut()) {
        object.insert("one_time_code".to_owned(), code.expose().as_str().into());
    }
    if let (Some(opening), Some(object)) = (&made.opening, value.as_object_mut()) {
        object.insert(
            "password".to_owned(),
            opening.password.expose().as_str().into(),
        );
        object.insert(
            "api_key".to_owned(),
            opening.api_key.expose().as_str().into(),
        );
    }
    value
}

/// The new account as text. `password` is printed instead of a password that the owner already knows.
pub(crate) fn as_text(
    [account, org, space]: [&str; 3],
    made: &Created,
    password: Option<&str>,
    kept: Option<&Path>,
) -> String {
    let opening = match (&made.opening, &made.code) {
        (Some(_), _) | (_, Some(_)) if kept.is_some() => format!(
            "{:<16}{}\n\n\
             Keep this file: what is in it is shown nowhere else.\n",
            if made.code.is_some() {
                "One-time code:"
            } else {
                "Password, key:"
            },
            kept.map(Path::display)
                .map(|file| format!("in `{file}`"))
                .unwrap_or_default(),
        ),
        (_, Some(code)) => format!(
            "One-time code:  {}\n\n\
             Somebody already uses this address, with a code that the inviter had seen: the address is not proven.\n\
             Give the code only to the owner: it is not shown again. The owner sets a password with it, and everything\n\
             that was made before ends. If you are sure of the user, they accept with the code and keep everything:\n  \
             vigie account accept {} --code CODE\n",
            code.expose(),
            made.account,
        ),
        (Some(opening), None) => format!(
            "Password:       {}\n\
             API key:        {}\n\n\
             Keep the password and the API key: they are not shown again.\n",
            password.unwrap_or(opening.password.expose()),
            opening.api_key.expose(),
        ),
        (None, None) => {
            "\nThis user existed: the password is unchanged, and no API key was made.\n".to_owned()
        }
    };
    format!(
        "Account:        {account} ({})\n\
         Region:         {}\n\
         Organization:   {org} ({})\n\
         Space:          {space} ({})\n\
         User:           {}\n\
         {opening}",
        made.account, made.region, made.org, made.space, made.owner.email,
    )
}

/// The flags of this call, for the call of the server.
fn repeated(arguments: &SettingArgs) -> String {
    let config = arguments
        .config
        .as_ref()
        .map(|path| (String::from("--config"), path.display().to_string()));
    let flags =
        arguments
            .flags()
            .into_iter()
            .map(|(_, flag, value)| match flag.strip_prefix("--set ") {
                Some(key) => ("--set".to_owned(), format!("{key}={value}")),
                None => (flag, value),
            });
    let mut text = String::new();
    for (flag, value) in flags.chain(config) {
        text.push(' ');
        text.push_str(&flag);
        // The only flag without a value.
        if flag != "--allow-plain-http-on-any-address" {
            text.push(' ');
            let value = match flag.as_str() {
                "--database" => with_password_as("PASSWORD", &value),
                _ => value,
            };
            text.push_str(&word(&value));
        }
    }
    text
}

fn as_setup_text(
    settings: &Settings,
    arguments: &InitArgs,
    made: &Created,
    kept: Option<&Path>,
) -> String {
    let data = settings.data().display();
    let names = [&*arguments.account, &*arguments.org, &*arguments.space];
    let given = arguments
        .password_file
        .as_ref()
        .map(|_| "(the one you gave)");
    format!(
        "Created `{data}`\n\n{}\n\
         Next, the server, and from another terminal a login{} and a first metric:\n\n  \
         vigied serve{}\n  \
         vigie login -a {} {} -o {} -s {}\n  \
         vigie metrics send hello.world=42\n",
        as_text(names, made, given, kept),
        if kept.is_some() {
            ""
        } else {
            " (it asks for the password)"
        },
        repeated(&arguments.settings),
        public_url(settings),
        kept.map_or_else(
            || format!("-u {}", word(&arguments.user)),
            |file| format!("--apikey {}", word(&format!("@{}", file.display()))),
        ),
        word(&arguments.org),
        word(&arguments.space),
    )
}
