//! The operations of the engine on files and folders, and which of them may be retried after a failure.

use std::fmt;

/// An operation on a file or folder of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileAction {
    AskFreeSpace,
    Create,
    /// To remove the end of a file.
    Cut,
    Encode,
    List,
    Open,
    Read,
    Remove,
    /// To give a new file the name of an old one.
    Replace,
    Sync,
    /// To make sense of what was read.
    Use,
    Write,
}

impl FileAction {
    /// Whether it may be done again once the operating system has descriptors and memory: it changes nothing when it fails, or its
    /// caller undoes that.
    pub(crate) const fn is_repeatable(self) -> bool {
        match self {
            Self::Create | Self::List | Self::Open | Self::Read | Self::Write => true,
            Self::AskFreeSpace
            | Self::Cut
            | Self::Encode
            | Self::Remove
            | Self::Replace
            | Self::Sync
            | Self::Use => false,
        }
    }

    /// Whether it may be done again once there is room. A sync may not: what it should have secured may be lost already.
    pub(crate) const fn may_wait_for_room(self) -> bool {
        !matches!(self, Self::Sync)
    }
}

impl fmt::Display for FileAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AskFreeSpace => "ask for the free space of",
            Self::Create => "create",
            Self::Cut => "cut",
            Self::Encode => "encode",
            Self::List => "list",
            Self::Open => "open",
            Self::Read => "read",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Sync => "sync",
            Self::Use => "use",
            Self::Write => "write",
        })
    }
}
