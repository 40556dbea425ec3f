//! All SQL statements. Each table has a file of its name (`invitations` has a folder, because one file would be too long) with
//! the statements that write the table or return its rows. That file alone reads the columns: it decodes the rows into types.
//! (The rows of the directory are read as `Rows` and decoded later, by the same files.) A statement may look into other tables.
//! `transactions` changes several tables in one transaction, by the functions of their files.

pub(crate) mod access_group_members;
pub(crate) mod access_group_rules;
pub(crate) mod access_groups;
pub(crate) mod account_limits;
pub(crate) mod account_settings;
pub(crate) mod accounts;
pub(crate) mod activity;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod changes;
mod column;
pub(crate) mod counters;
pub(crate) mod counts;
pub(crate) mod custom_roles;
pub(crate) mod deleted_roles;
pub(crate) mod deletions;
mod departures;
pub(crate) mod domains;
pub(crate) mod event_counts;
pub(crate) mod events;
pub(crate) mod invitation_groups;
pub(crate) mod invitation_roles;
pub(crate) mod invitations;
pub(crate) mod issuers;
pub(crate) mod login_secret;
pub(crate) mod login_sources;
pub(crate) mod members;
pub(crate) mod orgs;
pub(crate) mod passcodes;
pub(crate) mod password_resets;
pub(crate) mod policies;
pub(crate) mod preferences;
pub(crate) mod principals;
pub(crate) mod public_access;
pub(crate) mod refresh_tokens;
pub(crate) mod regions;
pub(crate) mod reports;
pub(crate) mod resource_groups;
pub(crate) mod resource_instances;
pub(crate) mod resource_keys;
pub(crate) mod roles;
pub(crate) mod rows;
mod selection;
pub(crate) mod service_id_groups;
pub(crate) mod service_ids;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod spaces;
pub(crate) mod transactions;
pub(crate) mod used_today;
pub(crate) mod users;
