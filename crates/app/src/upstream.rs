//! Remote MCP servers as users' accounts see them: the tools that a server lists for an account, kept for a while, and the
//! way by which requests with the account's credential get there. Calls themselves are in `calls::upstream`.
//!
//! What a server answers is counted with all that the process and the environment hold, before it is read and before it is
//! parsed (`room`), and a long answer is read off the async threads.
//!
//! One bad server costs only itself: lists of one server are fetched a few at a time, a fetch ends in time, and how it
//! failed is kept for a moment so that nobody waits for the same again.
//!
//! Read [`tools`] first, then `carrier` (where a credential meets a request).

mod carrier;
mod kept;
mod lists;
mod room;
mod stand_ins;
mod stop;

pub(crate) use carrier::{Fault, ToServer};
pub(crate) use kept::{KnownTools, MOST_BYTES, Upstreams};
pub(crate) use lists::{Missing, kept_tools, tools, tools_anew, transport};
pub(crate) use room::{Holding, RoomTaken};
pub(crate) use stand_ins::{is_sign_in, sign_in_tool, unlisted_tool};

#[cfg(test)]
pub(crate) mod hostile;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;
