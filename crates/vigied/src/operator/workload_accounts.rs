//! The accounts that the issuers of workloads' tokens are for, and which of them are none here: for `vigied config check`.

use crate::boot;
use crate::config::Settings;
use base::id::AccountId;

/// A sentence for each issuer, with its account, whose account this server does not have now. It reads beside a running server; where
/// it cannot, the only sentence says so.
pub(crate) async fn complaints(
    settings: &Settings,
    issuers: Vec<(String, AccountId)>,
) -> Vec<String> {
    if issuers.is_empty() {
        return Vec::new();
    }
    let iam = match boot::identity_of_operator(settings).await {
        Ok(iam) => iam,
        Err(error) => {
            let error = error.to_string();
            let why = error.lines().next().unwrap_or_default();
            return vec![format!(
                "whether the accounts of the issuers of workloads are there was not looked at: {why}"
            )];
        }
    };
    let accounts = iam.directory().accounts();
    let is_missing =
        |(_, account): &(String, AccountId)| accounts.iter().all(|known| known.id != *account);
    let missing = issuers.into_iter().filter(is_missing);
    let complaints = missing.map(|(issuer, account)| {
        format!(
            "no workload of the issuer `{issuer}` gets in: this server has no account `{account}`; `vigied account list` shows them"
        )
    });
    let complaints = complaints.collect();
    iam.close().await;
    complaints
}
