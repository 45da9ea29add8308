//! What a long run is at, for whoever waits for it.

use std::io::Write;

/// Says it where the table is not. Nobody has to listen.
pub(crate) fn progress(what: &str) {
    drop(writeln!(std::io::stderr(), "{what}"));
}
