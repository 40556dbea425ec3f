//! People in more than one account: logging in, switching, inviting, removing. Every story runs on SQLite and on
//! PostgreSQL.

mod members;
mod switching;
mod world;
