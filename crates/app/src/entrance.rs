//! Where callers come in: a credential becomes a [`Ctx`](valetkey_domain::Ctx), a browser is known again.

mod asking;
pub mod browsers;
pub mod doors;
pub mod grants;
pub(crate) mod openid;
pub mod sessions;
pub mod sign_in;
pub mod sign_on;
mod tries;

pub(crate) use asking::Asking;
pub(crate) use tries::Tries;

#[cfg(test)]
mod tests;
