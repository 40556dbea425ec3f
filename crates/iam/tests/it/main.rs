//! Scenarios of the identity service with a manual clock, each on SQLite and on PostgreSQL.

#[cfg(test)]
mod access_groups;
#[cfg(test)]
mod access_policies;
#[cfg(test)]
mod account_settings;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod accounts_apart;
#[cfg(test)]
mod activity;
#[cfg(test)]
mod allowed_addresses;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod authorizations;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod committed;
#[cfg(test)]
mod delegated;
#[cfg(test)]
mod deleted;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod events;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod from_other_node;
#[cfg(test)]
mod gone;
#[cfg(test)]
mod identity_reports;
#[cfg(test)]
mod introspect;
#[cfg(test)]
mod invitations_of_others;
#[cfg(test)]
mod invited_today;
#[cfg(test)]
mod just_made;
#[cfg(test)]
mod key;
#[cfg(test)]
mod late_renewal;
#[cfg(test)]
mod locked_keys;
#[cfg(test)]
mod lost_answer;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod newest_versions;
#[cfg(test)]
mod node;
#[cfg(test)]
mod notified;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod open_sessions;
#[cfg(test)]
mod other_nodes;
#[cfg(test)]
mod password;
#[cfg(test)]
mod policies_of_nowhere;
#[cfg(test)]
mod policy_times;
#[cfg(test)]
mod preferences;
#[cfg(test)]
mod prepared;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod reads_beside_a_writer;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod restored_invitations;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod right;
#[cfg(test)]
mod rule_hours;
#[cfg(test)]
mod service;
#[cfg(test)]
mod service_ids;
#[cfg(test)]
mod session;
#[cfg(test)]
mod session_settings;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod settings_of_others;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod taken_right;
#[cfg(test)]
mod token_bodies;
#[cfg(test)]
mod unchanged;
#[cfg(test)]
mod up_to_date;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod watching;
#[cfg(test)]
mod workloads;
#[cfg(test)]
mod world;
