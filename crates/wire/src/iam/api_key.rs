//! API keys as objects: `/v1/apikeys`.

use crate::iam::activity::Activity;
use crate::iam::history::HistoryEntry;
use crate::secret::SecretText;
use base::time::Millis;
use serde::{Deserialize, Deserializer, Serialize};

/// One API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// `ApiKey-<GUID>`.
    pub id: String,
    /// Changes with every change; goes into `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_tag: Option<String>,
    /// Its cloud resource name.
    pub crn: String,
    /// Whether it is locked against changes and deletion; it keeps working.
    pub locked: bool,
    /// Whether it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The IAM id of its creator.
    pub created_by: String,
    /// When it was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<String>,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The IAM id of its principal.
    pub iam_id: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The key itself, on creation alone; empty ever after.
    pub apikey: SecretText,
    /// Whether a login with it by the command line is a session: it always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_sessions: Option<bool>,
    /// The action if it leaks: `none`, as nobody watches for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_when_leaked: Option<String>,
    /// When it ceases to work, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its reach, where that is less than its user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<KeyReach>,
    /// The changes made to it, the latest first, where `include_history` asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
    /// When it has authenticated last, and how often, where `include_activity` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// The rights of its user that an API key has. It is for metrics alone then, and manages nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyReach {
    /// The one domain it opens, as `X-Auth-Scope-Id` names it; every one of its account when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `send`: it may send, and nothing else; all that its user may do when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// A page of API keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApiKeyList {
    /// How many keys came before this page.
    #[serde(default)]
    pub offset: u64,
    /// How many keys a page holds at most.
    #[serde(default)]
    pub limit: u64,
    /// The address of the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The address of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The address of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The keys.
    pub apikeys: Vec<ApiKey>,
}

/// The body of `POST /v1/apikeys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateApiKey {
    /// Its name.
    pub name: String,
    /// The IAM id of its principal: the caller's own, or that of a service ID of the account.
    pub iam_id: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The account it shall belong to: the token's, as without it. Another one that the caller is in is refused with 403, and any
    /// other with 404.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// A key of the caller's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apikey: Option<SecretText>,
    /// Whether the key's text shall be kept: `false` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_value: Option<bool>,
    /// Whether logins with it shall be sessions: `true` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_sessions: Option<bool>,
    /// The action if it leaks: `none` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_when_leaked: Option<String>,
    /// When it shall cease to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its reach: one domain, sending alone, or both. It cannot be changed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<KeyReach>,
}

/// The body of `PUT /v1/apikeys/{id}`; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateApiKey {
    /// Its new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether logins with it shall be sessions: `true` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_sessions: Option<bool>,
    /// The action if it leaks: `none` alone is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_when_leaked: Option<String>,
    /// When it shall cease to work: a time to come; empty or `null` for never.
    #[serde(
        default,
        deserialize_with = "empty_for_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<String>,
    /// Its reach: as it is, or absent. It cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<KeyReach>,
}

/// Reads a member that is there, whatever it is: `null` as an empty text.
fn empty_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(Some(text.unwrap_or_default()))
}

/// A time as the identity interface writes it, to the minute: `2024-03-05T09:08+0000`.
#[must_use]
pub fn time_text(at: Millis) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else {
        return String::new();
    };
    let utc = jiff::tz::TimeZone::UTC.to_datetime(instant);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}+0000",
        utc.year(),
        utc.month(),
        utc.day(),
        utc.hour(),
        utc.minute()
    )
}

/// Reads what [`time_text`] writes, and any RFC 3339 time; `None` for anything else.
#[must_use]
pub fn read_time(text: &str) -> Option<Millis> {
    let zoned = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M%z", text)
        .and_then(|parsed| parsed.to_timestamp())
        .or_else(|_| text.parse::<jiff::Timestamp>());
    zoned.ok().map(|instant| Millis(instant.as_millisecond()))
}

/// Reads a date, `2024-03-05`: the first and the last moment of that day in UTC; `None` for anything else.
#[must_use]
pub fn read_date(text: &str) -> Option<(Millis, Millis)> {
    let parsed = jiff::fmt::strtime::parse("%Y-%m-%d", text).ok()?;
    let date = parsed.to_date().ok()?;
    let midnight = |date: jiff::civil::Date| {
        let instant = jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
        Some(instant.ok()?.as_millisecond())
    };
    let (first, next) = (midnight(date)?, midnight(date.tomorrow().ok()?)?);
    Some((Millis(first), Millis(next.saturating_sub(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_shown_once_and_empty_ever_after() {
        let text = "{\"id\":\"ApiKey-1\",\"crn\":\"crn:v1\",\"locked\":false,\"created_by\":\"IBMid-1\",\"name\":\"ci\",\
                    \"iam_id\":\"IBMid-1\",\"account_id\":\"0a\",\"apikey\":\"\"}";
        let key: ApiKey = serde_json::from_str(text).unwrap();
        assert_eq!(key.apikey.expose(), "");
        assert_eq!(serde_json::to_string(&key).unwrap(), text);
    }

    #[test]
    fn a_time_reads_back() {
        let at = Millis(1_709_629_680_000);
        assert_eq!(read_time(&time_text(at)), Some(at));
        assert_eq!(read_time("2024-03-05T09:08:00Z"), Some(at));
        assert_eq!(read_time("tomorrow"), None);
    }

    #[test]
    fn a_date_is_its_whole_day() {
        let first = read_time("2024-02-29T00:00:00Z").unwrap();
        let last = read_time("2024-02-29T23:59:59.999Z").unwrap();
        assert_eq!(read_date("2024-02-29"), Some((first, last)));
        for text in [
            "2023-02-29",
            "2024-02-29T00:00Z",
            "2024-02",
            "yesterday",
            "",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_to_the_minute() {
        assert_eq!(
            time_text(Millis(1_709_629_687_006)),
            "2024-03-05T09:08+0000"
        );
    }
}
