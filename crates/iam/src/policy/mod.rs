//! Permissions and visibility by the roles of a principal: decided from the directory alone.
//!
//! It knows no database and no request: the same question on the same directory has the same answer.

mod entry;
mod view;
mod visibility;

pub(crate) use entry::{account, account_from};
pub(crate) use view::{
    administers, is_administrator, is_org_visible, is_space_visible, manages, require_visible,
};
pub(crate) use visibility::Visibility;
