//! `vigied user`: the operator sees who there is, gives his word for addresses, and lets in again who has lost password or key.

use crate::at::{At, at};
use crate::cli::{Output, UserCommand};
use crate::columns::columns;
use crate::config::Settings;
use crate::invitation::told;
use crate::shell::word;
use anyhow::Context;
use iam::Iam;
use serde_json::{Value, json};
use wire::iam::api_key::time_text;

/// Runs a command of `vigied user`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    command: &UserCommand,
) -> anyhow::Result<String> {
    match command {
        UserCommand::List { output, .. } => list(iam, *output).await,
        UserCommand::Confirm { email, output, .. } => confirm(iam, email, *output).await,
        UserCommand::ResetPassword { email, output, .. } => {
            reset_password(settings, iam, email, *output).await
        }
        UserCommand::NewKey {
            email,
            account,
            name,
            output,
            ..
        } => new_key(settings, iam, (email, account.as_deref(), name), *output).await,
    }
}

async fn confirm(iam: &Iam, email: &str, output: Output) -> anyhow::Result<String> {
    iam.confirm(email).await.map_err(told)?;
    Ok(match output {
        Output::Json => format!("{:#}\n", json!({"email": email.trim(), "confirmed": true})),
        Output::Text => format!(
            "Confirmed: {} may be a member of every account now\n",
            email.trim()
        ),
    })
}

async fn reset_password(
    settings: &Settings,
    iam: &Iam,
    email: &str,
    output: Output,
) -> anyhow::Result<String> {
    let made = iam.reset_code(email).await.map_err(told)?;
    let (code, until) = (made.code.expose(), time_text(made.expires_at));
    if output == Output::Json {
        let value = json!({"email": made.email, "one_time_code": code, "expires_at": until});
        return Ok(format!("{value:#}\n"));
    }
    let At { address, note } = at(settings);
    Ok(format!(
        "User:           {email}\n\
         One-time code:  {code}\n\
         Good until:     {until}, for one use\n\n\
         Hand it to that person, and to nobody else: it is not shown again. It sets a new password and opens nothing else.\n\
         Until then the old password goes on; then it ends, and with it every session it opened. API keys go on.\n\n\
         Next, by that person, who types the code where the password is asked for:\n  vigie login -a {address} -u {}\n{note}",
        word(&made.email),
        email = made.email,
    ))
}

async fn new_key(
    settings: &Settings,
    iam: &Iam,
    (email, account, name): (&str, Option<&str>, &str),
    output: Output,
) -> anyhow::Result<String> {
    let account = account
        .map(|text| {
            text.parse()
                .with_context(|| format!("`{text}` is no account id"))
        })
        .transpose()?;
    let made = iam
        .operators_key(email, account, name)
        .await
        .map_err(told)?;
    let text = made.text.expose();
    if output == Output::Json {
        let value = json!({
            "email": made.email,
            "account_guid": made.key.account.to_string(),
            "key_id": made.key.id.to_string(),
            "key_name": made.key.name,
            "api_key": text,
        });
        return Ok(format!("{value:#}\n"));
    }
    let At { address, note } = at(settings);
    Ok(format!(
        "User:     {}\n\
         Account:  {}\n\
         Key:      {} ({})\n\
         API key:  {text}\n\n\
         Hand it to that person, and to nobody else: it is not shown again. The keys made before go on until they are deleted.\n\n\
         Next, by that person:\n  vigie login -a {address} --apikey KEY\n{note}",
        made.email, made.key.account, made.key.name, made.key.id,
    ))
}

async fn list(iam: &Iam, output: Output) -> anyhow::Result<String> {
    let users = iam.all_users().await?;
    let accounts = iam.directory().accounts();
    let name = |id| {
        let found = accounts.iter().find(|account| account.id == id);
        found.map_or("", |account| account.name.as_str())
    };
    if output == Output::Json {
        let rows: Vec<Value> = users
            .iter()
            .map(|user| {
                let own = user.accounts.iter();
                let own: Vec<Value> = own
                    .map(|id| json!({"account_guid": id.to_string(), "account_name": name(*id)}))
                    .collect();
                json!({
                    "user_id": user.id.to_string(), "email": user.email, "address_proven": user.is_proven,
                    "created_at": time_text(user.created_at), "accounts": own,
                })
            })
            .collect();
        return Ok(format!("{:#}\n", Value::Array(rows)));
    }
    let rows: Vec<[String; 5]> = users
        .iter()
        .map(|user| {
            let own: Vec<&str> = user.accounts.iter().map(|id| name(*id)).collect();
            let proven = if user.is_proven {
                "proven"
            } else {
                "not proven"
            };
            [
                user.email.clone(),
                user.id.to_string(),
                proven.to_owned(),
                time_text(user.created_at),
                own.join(", "),
            ]
        })
        .collect();
    Ok(columns(
        ["User", "Id", "Address", "Since", "Accounts"],
        &rows,
    ))
}
