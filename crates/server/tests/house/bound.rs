//! The names that patterns bind, wherever in a file.

use crate::module::plain;
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// The names that patterns bind.
#[derive(Default)]
pub(crate) struct Bound(pub(crate) BTreeSet<String>);

impl Visit<'_> for Bound {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        let name = plain(&pattern.ident);
        if !name.starts_with(char::is_uppercase) {
            self.0.insert(name);
        }
        visit::visit_pat_ident(self, pattern);
    }
}
