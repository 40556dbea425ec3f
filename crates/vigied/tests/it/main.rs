//! Black-box stories: each starts the real `vigied` on a free port and drives it from outside.

#[cfg(test)]
mod access;
#[cfg(test)]
mod access_groups;
#[cfg(test)]
mod access_policies;
#[cfg(test)]
mod account_deletion;
#[cfg(test)]
mod account_settings;
#[cfg(test)]
mod accounting;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod activity;
#[cfg(test)]
mod agent;
#[cfg(test)]
mod allowed_addresses;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_counts;
#[cfg(test)]
mod audited;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod central_path;
#[cfg(test)]
mod cloud_foundry_queries;
#[cfg(test)]
mod collectd;
#[cfg(test)]
mod collectd_client;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cut_off;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod deletion_bounds;
#[cfg(test)]
mod disk_full;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod ended_by_settings;
#[cfg(test)]
mod events;
#[cfg(test)]
mod for_programs;
#[cfg(test)]
mod foreign_accounts;
#[cfg(test)]
mod grafana;
#[cfg(test)]
mod graphite;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod if_match;
#[cfg(test)]
mod influx;
#[cfg(test)]
mod influx_clients;
#[cfg(test)]
mod installed;
#[cfg(test)]
mod instants;
#[cfg(test)]
mod interrupted_deletion;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod just_made;
#[cfg(test)]
mod kept_answers;
#[cfg(test)]
mod key_schedule;
#[cfg(test)]
mod key_sender;
#[cfg(test)]
mod least_values;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod line_ends;
#[cfg(test)]
mod listeners;
#[cfg(test)]
mod login_sessions;
#[cfg(test)]
mod machine_errors;
#[cfg(test)]
mod machine_output;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod mail_tls;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod members;
#[cfg(test)]
mod names;
#[cfg(test)]
mod narrowed_keys;
#[cfg(test)]
mod network;
#[cfg(test)]
mod no_forms;
#[cfg(test)]
mod no_json;
#[cfg(test)]
mod no_role;
#[cfg(test)]
mod no_role_hints;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod old_data;
#[cfg(test)]
mod operators_output;
#[cfg(test)]
mod operators_words;
#[cfg(test)]
mod packed;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod placing;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod preferences;
#[cfg(test)]
mod purge;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod raw_http;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod renewals;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod running;
#[cfg(test)]
mod sdk;
#[cfg(test)]
mod senders;
#[cfg(test)]
mod service_id_groups;
#[cfg(test)]
mod service_ids;
#[cfg(test)]
mod services;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod telegraf;
#[cfg(test)]
mod times;
#[cfg(test)]
mod token_service;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod trusted_profiles;
#[cfg(test)]
mod uaa;
#[cfg(test)]
mod undisturbed;
#[cfg(test)]
mod unknown_names;
#[cfg(test)]
mod unknown_routes;
#[cfg(test)]
mod unseen_output;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod user_list;
#[cfg(test)]
mod users;
#[cfg(test)]
mod wide_answers;
#[cfg(test)]
mod workloads;
