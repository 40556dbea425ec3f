//! Users in more than one account: logging in, switching, inviting, removing. Every test runs on SQLite and on
//! PostgreSQL.

mod addresses;
mod invited_groups;
mod left_behind;
mod members;
mod names;
mod proof;
mod returning;
mod switching;
mod world;
