//! The parts of `doctor` that are this process's own matter: settings, files, the certificate, connector files. What the database and the
//! outside say is [`valetkey_app::upkeep::doctor`]'s.

mod certificate;
mod connectors;
mod files;
mod settings;

use crate::connector_files::Own;
use crate::settings::Settings;
use valetkey_app::upkeep::doctor::Check;
use valetkey_domain::Clock;

/// Looks at all three.
pub(crate) fn look(settings: &Settings, clock: &dyn Clock) -> Vec<Check> {
    let parts = [settings::look(settings), files::look(settings), certificate::look(settings, clock.now())];
    parts.into_iter().flat_map(valetkey_app::upkeep::doctor::Part::done).collect()
}

/// Looks at the connector files of one's own, as this process has them.
pub(crate) fn connectors(own: &Own) -> Vec<Check> {
    connectors::look(own).done()
}
