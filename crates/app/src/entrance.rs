//! Where callers come in: a credential becomes a [`Ctx`](valetkey_domain::Ctx), a browser is known again.

mod asking;
pub mod browsers;
pub mod doors;
pub mod grants;
pub(crate) mod openid;
pub mod sessions;
pub mod sign_in;
pub mod sign_on;

pub(crate) use asking::Asking;

#[cfg(test)]
mod tests;
