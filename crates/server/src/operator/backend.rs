//! What commands act on: the running server, or the data folder itself.

use crate::connector_files::Own;
use crate::presence::Presence;
use crate::settings::Settings;
use std::path::PathBuf;
use std::sync::Arc;
use valetkey_app::App;
use valetkey_domain::ctx::Progress;

/// What the operator's requests are carried out on.
#[derive(Clone)]
pub(crate) struct Backend {
    /// The use cases.
    pub(crate) app: App,
    /// What clients on this machine must trust, if the certificate is a local one.
    pub(crate) ca_bundle: Option<PathBuf>,
    /// How this process stands to its database.
    pub(crate) presence: Presence,
    /// Its connector files of one's own.
    pub(crate) connectors: Own,
    /// What this process runs with.
    pub(crate) settings: Arc<Settings>,
    /// Who wants to know how far a long verb has come.
    pub(crate) progress: Arc<dyn Progress>,
}
