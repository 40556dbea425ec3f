//! The API keys that the settings name for senders, and why some of them let nobody in: for `vigied config check`.

use crate::boot;
use crate::config::Settings;
use base::id::KeyId;

/// A key that a setting names, and the entry in which it does.
struct NamedKey {
    setting: &'static str,
    entry: String,
    key: KeyId,
}

fn named(settings: &Settings) -> Vec<NamedKey> {
    let senders = &settings.senders;
    let sources = senders.sources.entries();
    let sources = sources.map(|(network, key)| ("senders.sources", network, key));
    let certificates = senders.certificates.entries();
    let certificates = certificates.map(|(_, key, text)| ("senders.certificates", text, key));
    let users = senders.collectd.users.entries();
    let users = users.map(|(name, key)| ("collectd.users", name, key));
    let all = sources.chain(certificates).chain(users);
    all.map(|(setting, entry, key)| NamedKey {
        setting,
        entry: entry.to_owned(),
        key,
    })
    .collect()
}

/// A sentence for each key that lets nobody in, as the directory says now. It reads beside a running server; where it cannot, the
/// only sentence says so.
pub(crate) async fn complaints(settings: &Settings) -> Vec<String> {
    let named = named(settings);
    if named.is_empty() {
        return Vec::new();
    }
    let iam = match boot::identity_of_operator(settings).await {
        Ok(iam) => iam,
        Err(error) => {
            let error = error.to_string();
            let why = error.lines().next().unwrap_or_default();
            return vec![format!(
                "whether the API keys that are named for senders let them in was not looked at: {why}"
            )];
        }
    };
    let verifier = iam.verifier();
    let mut complaints = Vec::new();
    for NamedKey {
        setting,
        entry,
        key,
    } in named
    {
        if let Err(why) = verifier.source_scope(key) {
            complaints.push(format!(
                "`{setting}` names {key} for `{entry}`, which lets nobody in: {why}"
            ));
        }
    }
    iam.close().await;
    complaints
}
