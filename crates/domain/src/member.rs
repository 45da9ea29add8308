//! Members: the people who sign in to the dashboard, and what each of their roles may do there.

use crate::Timestamp;
use crate::id::{MemberId, SessionId};
use crate::name::MemberName;
use serde::{Deserialize, Serialize};

/// A person with access to the dashboard of this installation, in all its environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// What the person signs in as; unique ignoring case.
    pub name: MemberName,
    /// What the person may do.
    pub role: Role,
    /// Whether there is a password to sign in with. Without one a link from the command line is the way in.
    pub has_password: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a member is to the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, the other members included.
    Owner,
    /// Sets connections, MCP configs and API clients up.
    Developer,
    /// Sees everything and changes nothing.
    Auditor,
    /// Helps users: sees their accounts, sends links, disconnects.
    Support,
}

/// What a page of the dashboard does. A role has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See what is there.
    See,
    /// Act on users' accounts and instances.
    HelpUsers,
    /// Change connections, MCP configs and API clients, and see MCP URLs.
    Develop,
    /// Add and remove members.
    ManageMembers,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Developer, Self::Auditor, Self::Support];

    /// The role in one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Support => "support",
        }
    }

    /// Whether the role has this right.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::See => true,
            Right::HelpUsers => matches!(self, Self::Owner | Self::Developer | Self::Support),
            Right::Develop => matches!(self, Self::Owner | Self::Developer),
            Right::ManageMembers => matches!(self, Self::Owner),
        }
    }
}

/// A word that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no role: there are owner, developer, auditor and support")]
pub struct UnknownRole(String);

impl TryFrom<String> for Role {
    type Error = UnknownRole;
    fn try_from(word: String) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or(UnknownRole(word))
    }
}

/// One browser that a member is signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub member: MemberId,
    /// What the browser calls itself, shortened.
    pub browser: String,
    /// When the member signed in.
    pub created_at: Timestamp,
    /// When a page was last asked for, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_rights_of_the_table_and_no_other() {
        let rights = [Right::See, Right::HelpUsers, Right::Develop, Right::ManageMembers];
        let table = [
            (Role::Owner, [true, true, true, true]),
            (Role::Developer, [true, true, true, false]),
            (Role::Auditor, [true, false, false, false]),
            (Role::Support, [true, true, false, false]),
        ];
        for (role, expected) in table {
            assert_eq!(rights.map(|right| role.may(right)), expected, "{role:?}");
            assert_eq!(Role::try_from(role.as_str().to_owned()), Ok(role));
        }
        assert!(Role::try_from("admin".to_owned()).unwrap_err().to_string().contains("developer"));
    }
}
