//! Accounts: `/coe/v2/accounts`, and one as the account management has it: `/v4/accounts`.

use crate::cf::list::Metadata;
use serde::{Deserialize, Serialize};

/// The answer of `GET /coe/v2/accounts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Accounts {
    /// The address of the next page.
    #[serde(default)]
    pub next_url: Option<String>,
    /// The accounts the caller belongs to.
    pub resources: Vec<AccountResource>,
}

/// One account; what `GET /coe/v2/accounts/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountResource {
    /// Its id and dates.
    pub metadata: Metadata,
    /// The account itself.
    pub entity: AccountEntity,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct AccountEntity {
    /// Its name.
    pub name: String,
    /// Its type, for example `STANDARD`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its state, for example `ACTIVE`.
    pub state: String,
    /// The owner's id.
    pub owner: String,
    /// The owner's user name.
    pub owner_userid: String,
    /// The owner's unique id.
    pub owner_unique_id: String,
    /// The owner's IAM id.
    pub owner_iam_id: String,
    /// The account's country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The account's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_code: Option<String>,
    /// Its organizations, each with its region.
    pub organizations_region: Vec<OrganizationRegion>,
}

/// An organization and the region it lives in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrganizationRegion {
    /// The organization's GUID.
    pub guid: String,
    /// The region's id.
    pub region: String,
}

/// What `GET /v4/accounts/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManagedAccount {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The owner's id.
    pub owner: String,
    /// The owner's user name.
    pub owner_userid: String,
    /// The owner's IAM id.
    pub owner_iamid: String,
    /// Its type, for example `TRIAL`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its state, for example `ACTIVE`.
    pub status: String,
    /// An account of the classic infrastructure: always empty here.
    pub linked_softlayer_account: String,
    /// Whether its users see each other: always `false` here.
    pub team_directory_enabled: bool,
    /// What it is marked with.
    pub traits: AccountTraits,
}

/// Marks of the original's accounts, none of which is set here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountTraits {
    /// For support from the European Union alone.
    pub eu_supported: bool,
    /// For a trial of a product.
    pub poc: bool,
    /// For health data, in the original's spelling.
    pub hippa: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_with_few_fields_is_read() {
        let text = "{\"resources\":[{\"metadata\":{\"guid\":\"0a\",\"url\":\"/coe/v2/accounts/0a\"},\
                    \"entity\":{\"name\":\"Vigie\",\"type\":\"STANDARD\",\"unknown\":1}}]}";
        let accounts: Accounts = serde_json::from_str(text).unwrap();
        assert_eq!(accounts.resources[0].entity.kind, "STANDARD");
        let again = serde_json::to_string(&accounts).unwrap();
        assert_eq!(serde_json::from_str::<Accounts>(&again).unwrap(), accounts);
    }
}
