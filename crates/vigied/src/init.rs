//! `vigied init`: the data folder, the signing key, the first account, and what opens it, shown once.

use crate::boot;
use crate::cli::{InitArgs, Output};
use crate::config::Settings;
use crate::data_dir::DataDir;
use anyhow::Context;
use base::secret::Secret;
use iam::bootstrap::{Bootstrap, Request};
use std::io::BufRead;
use std::path::Path;

/// Runs `vigied init`; returns what it prints.
pub(crate) async fn init(settings: &Settings, arguments: &InitArgs) -> anyhow::Result<String> {
    let password = arguments
        .password_file
        .as_deref()
        .map(read_password)
        .transpose()?;
    let folder = boot::folder(settings)?;
    let request = Request {
        account: arguments.account.clone(),
        region: arguments.region.clone(),
        org: arguments.org.clone(),
        space: arguments.space.clone(),
        user: arguments.user.clone(),
        password,
    };
    let made = create(settings, &folder, request).await?;
    Ok(match arguments.output {
        Output::Json => as_json(arguments, &made),
        Output::Text => as_text(settings, arguments, &made),
    })
}

/// Makes the first account in a folder.
pub(crate) async fn create(
    settings: &Settings,
    folder: &DataDir,
    request: Request,
) -> anyhow::Result<Bootstrap> {
    let iam = boot::identity(settings, folder, &settings.public_url(settings.listen())).await?;
    let made = iam.bootstrap(request).await;
    iam.close().await;
    Ok(made?)
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

fn as_json(arguments: &InitArgs, made: &Bootstrap) -> String {
    let value = serde_json::json!({
        "account_guid": made.account.to_string(),
        "account_name": arguments.account,
        "org_guid": made.org.to_string(),
        "org_name": arguments.org,
        "space_guid": made.space.to_string(),
        "space_name": arguments.space,
        "region": arguments.region,
        "user": arguments.user,
        "password": made.password.expose(),
        "api_key": made.api_key.expose(),
    });
    format!("{value:#}\n")
}

fn as_text(settings: &Settings, arguments: &InitArgs, made: &Bootstrap) -> String {
    let data = settings.data().display();
    let password = if arguments.password_file.is_some() {
        "(the one you gave)"
    } else {
        made.password.expose()
    };
    format!(
        "Created {data}\n\n\
         Account:        {} ({})\n\
         Region:         {}\n\
         Organization:   {} ({})\n\
         Space:          {} ({})\n\
         User:           {}\n\
         Password:       {password}\n\
         API key:        {}\n\n\
         Keep the password and the API key: they are not shown again.\n\n\
         Next:\n  vigied serve --data {data}\n  vigie login -a http://{} --apikey API_KEY -o {} -s {}\n",
        arguments.account,
        made.account,
        arguments.region,
        arguments.org,
        made.org,
        arguments.space,
        made.space,
        arguments.user,
        made.api_key.expose(),
        settings.listen(),
        arguments.org,
        arguments.space,
    )
}
