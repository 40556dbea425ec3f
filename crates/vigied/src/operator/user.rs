//! `vigied user`: the operator lists users, confirms addresses, and restores access after a lost password or key.

use crate::cli::{Output, UserCommand};
use crate::operator::invitation::{account_id, cli_error};
use crate::operator::key_file::KeyFile;
use crate::operator::login_address::LoginAddress;
use crate::operator::output::{self, Row};
use crate::text::shell::word;
use iam::Iam;
use serde::Serialize;
use serde_json::json;
use wire::cf::deleted::instant;

/// Runs a command of `vigied user`; returns what it prints.
pub(crate) async fn perform(
    login_address: &LoginAddress,
    iam: &Iam,
    command: &UserCommand,
) -> anyhow::Result<String> {
    match command {
        UserCommand::List { output, .. } => list(iam, *output).await,
        UserCommand::Confirm { email, output, .. } => confirm(iam, email, *output).await,
        UserCommand::ResetPassword { email, output, .. } => {
            reset_password(login_address, iam, email, *output).await
        }
        UserCommand::NewKey {
            email,
            account,
            name,
            key_file,
            output,
            ..
        } => {
            let key_file = key_file.as_deref().map(KeyFile::create).transpose()?;
            let wanted = (email.as_str(), account.as_deref(), name.as_str());
            new_key(login_address, iam, wanted, (key_file, *output)).await
        }
    }
}

async fn confirm(iam: &Iam, email: &str, output: Output) -> anyhow::Result<String> {
    iam.confirm(email).await.map_err(cli_error)?;
    let email = email.trim();
    let facts = json!({"email": email, "confirmed": true});
    Ok(output::one(output, &facts, || {
        format!("Confirmed: {email} may be a member of every account now\n")
    }))
}

async fn reset_password(
    login_address: &LoginAddress,
    iam: &Iam,
    email: &str,
    output: Output,
) -> anyhow::Result<String> {
    let made = iam.reset_code(email).await.map_err(cli_error)?;
    let (code, until) = (made.code.expose(), instant(made.expires_at));
    let facts = json!({"email": made.email, "one_time_code": code, "expires_at": until});
    let LoginAddress { address, note } = login_address;
    let text = || {
        format!(
            "User:           {email}\n\
         One-time code:  {code}\n\
         Good until:     {until}, for one use\n\n\
         Hand it to that person, and to nobody else: it is not shown again. It sets a new password and opens nothing else.\n\
         Until then the old password works; then it ends, and with it every session it opened. API keys keep working.\n\n\
         Next, by that person, who types the code where the password is asked for:\n  vigie login -a {address} -u {}\n{note}",
            word(&made.email),
            email = made.email,
        )
    };
    Ok(output::one(output, &facts, text))
}

async fn new_key(
    login_address: &LoginAddress,
    iam: &Iam,
    (email, account, name): (&str, Option<&str>, &str),
    (key_file, output): (Option<KeyFile>, Output),
) -> anyhow::Result<String> {
    let account = account.map(|asked| account_id(iam, asked)).transpose()?;
    let made = iam
        .operators_key(email, account, name)
        .await
        .map_err(cli_error)?;
    let directory = iam.directory();
    let accounts = directory.accounts();
    let key_account = accounts.iter().find(|one| one.id == made.key.account);
    let account_name = key_account.map_or("", |one| one.name.as_str());
    let facts = |place: &str, value: &str| {
        json!({
            "email": made.email,
            "account_guid": made.key.account.to_string(),
            "account_name": account_name,
            "key_id": made.key.id.to_string(),
            "key_name": made.key.name,
            place: value,
        })
    };
    let with_key = facts("api_key", made.text.expose());
    let kept = key_file.and_then(|file| file.keep_or_warn(&format!("{with_key:#}\n")));
    let kept = kept.map(|file| file.display().to_string());
    let facts = match &kept {
        Some(file) => facts("key_file", file),
        None => with_key,
    };
    let LoginAddress { address, note } = login_address;
    let text = || {
        let (key, what, argument) = match &kept {
            Some(file) => (
                format!("in `{file}`"),
                "the file",
                word(&format!("@{file}")),
            ),
            None => (made.text.expose().clone(), "it", "KEY".to_owned()),
        };
        format!(
            "User:     {}\n\
         Account:  {account_name} ({})\n\
         Key:      {} ({})\n\
         API key:  {key}\n\n\
         Hand {what} to that person, and to nobody else: the key is not shown again. The keys made before keep working until they are deleted.\n\n\
         Next, by that person:\n  vigie login -a {address} --apikey {argument}\n{note}",
            made.email, made.key.account, made.key.name, made.key.id,
        )
    };
    Ok(output::one(output, &facts, text))
}

/// An account of a user.
#[derive(Debug, Serialize)]
struct InAccount {
    account_guid: String,
    account_name: String,
}

/// A user.
#[derive(Debug, Serialize)]
struct UserRow {
    user_id: String,
    email: String,
    address_proven: bool,
    created_at: String,
    accounts: Vec<InAccount>,
}

impl Row<5> for UserRow {
    const HEADS: [&'static str; 5] = ["User", "Id", "Address", "Since", "Accounts"];

    fn cells(&self) -> [String; 5] {
        let accounts = self
            .accounts
            .iter()
            .map(|account| account.account_name.as_str());
        let proven = match self.address_proven {
            true => "proven",
            false => "not proven",
        };
        [
            self.email.clone(),
            self.user_id.clone(),
            proven.to_owned(),
            self.created_at.clone(),
            accounts.collect::<Vec<_>>().join(", "),
        ]
    }
}

async fn list(iam: &Iam, output: Output) -> anyhow::Result<String> {
    let users = iam.all_users().await?;
    let accounts = iam.directory().accounts();
    let name = |id| {
        let found = accounts.iter().find(|account| account.id == id);
        found.map_or_else(String::new, |account| account.name.clone())
    };
    let rows = users.iter().map(|user| UserRow {
        user_id: user.id.to_string(),
        email: user.email.clone(),
        address_proven: user.is_proven,
        created_at: instant(user.created_at),
        accounts: user
            .accounts
            .iter()
            .map(|id| InAccount {
                account_guid: id.to_string(),
                account_name: name(*id),
            })
            .collect(),
    });
    let rows: Vec<UserRow> = rows.collect();
    Ok(output::list(output, &rows, "There is no user.\n"))
}
