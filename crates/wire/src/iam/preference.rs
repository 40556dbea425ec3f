//! Preferences of users and service IDs: `/v1/preferences`.

use serde::{Deserialize, Serialize};

/// The body of `PUT`: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SetPreference {
    /// One text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_string: Option<String>,
    /// Several texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_list_of_strings: Option<Vec<String>>,
}

/// One preference: what a client keeps for a user or service ID in an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Preference {
    /// Whose client keeps it, for example `console`.
    pub service: String,
    /// Its name, unique in the service.
    pub id: String,
    /// The account.
    pub account_id: String,
    /// `account`: there are none for all accounts together.
    pub scope: String,
    /// Its value, if it is one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_string: Option<String>,
    /// Its value, if it is several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_list_of_strings: Option<Vec<String>>,
}

/// All preferences of a user or service ID in an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Preferences {
    /// By service and name.
    pub preferences: Vec<Preference>,
}
