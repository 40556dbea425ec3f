//! People in more than one account: logging in, switching, inviting, removing. Every story runs on SQLite and on
//! PostgreSQL.

mod members;
mod returning;
mod switching;
mod world;
