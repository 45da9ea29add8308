//! The hand that changes what is in service of a user's own connector files.

use crate::connector::Connector;
use crate::error::Error;
use crate::lint::Author;
use crate::made::of_file;
use crate::own::{Change, Digests, Folder, Own};
use std::sync::{Arc, PoisonError, RwLock};

/// Changes what is in service of a user's own connector files, in the catalogue that it was had from.
#[derive(Clone, Debug)]
pub struct OwnFiles {
    own: Arc<RwLock<Arc<Own>>>,
}

impl OwnFiles {
    pub(crate) fn new(own: Arc<RwLock<Arc<Own>>>) -> Self {
        Self { own }
    }

    /// Takes a folder as it is now, whatever it was before: what is good takes the place of what the same file said, what
    /// is wrong leaves that in service, and what is gone is gone. Who holds a connector keeps it. Says what differs.
    pub fn take(&self, folder: Folder) -> Vec<Change> {
        let compile = |file: &str, text: &str, digests: &Digests| -> Result<Connector, Error> {
            let connector = of_file(file, text, digests, Author::User)?;
            // Whoever searches next does not wait for what this file changed.
            connector.segment();
            Ok(connector)
        };
        let (next, changes) = self.now().next(folder, compile);
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        changes
    }

    /// How each file stands.
    #[must_use]
    pub fn standing(&self) -> Vec<Change> {
        self.now().standing()
    }

    fn now(&self) -> Arc<Own> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use crate::starter::starter;

    fn catalogue() -> (Catalog, OwnFiles) {
        let mut catalog = Catalog::shipped().unwrap();
        let files = catalog.own_files();
        (catalog, files)
    }

    fn folder(files: &[(&str, String)]) -> Folder {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        Folder { files, digests: Digests::new() }
    }

    fn told(changes: &[Change]) -> Vec<String> {
        let word = |change: &Change| match change {
            Change::Taken { file, connector } => format!("{file} is {connector}"),
            Change::Refused { file, kept, why } => {
                let kept = kept.as_deref().unwrap_or("nothing");
                let taken = if matches!(**why, Error::Taken { .. }) { "taken" } else { "wrong" };
                format!("{file} {taken}, {kept} kept")
            }
            Change::Gone { file, .. } => format!("{file} is gone"),
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn a_bad_change_keeps_what_was_there_and_a_good_one_takes_its_place() {
        let (catalog, files) = catalogue();
        let good = starter("box");
        assert_eq!(told(&files.take(folder(&[("a", good.clone())]))), ["a is box"]);
        let (first, revision) = (catalog.connector("box").unwrap(), catalog.revision());
        assert_eq!(told(&files.take(folder(&[("a", good.clone())]))), [""; 0]);
        assert_eq!(catalog.revision(), revision, "nothing changed");

        let bad = good.replace("map: query.limit", "map: querry.limit");
        assert_eq!(told(&files.take(folder(&[("a", bad.clone())]))), ["a wrong, box kept"]);
        assert!(Arc::ptr_eq(&first, &catalog.connector("box").unwrap()) && catalog.revision() == revision);
        assert_eq!(told(&files.standing()), ["a wrong, box kept"]);
        assert_eq!(told(&files.take(folder(&[("a", bad)]))), [""; 0], "it is told once");

        let other = good.replace("title: List tasks", "title: Show tasks");
        assert_eq!(told(&files.take(folder(&[("a", other)]))), ["a is box"]);
        assert_eq!(catalog.tool("box_list_tasks").unwrap().1.definition.title, "Show tasks");
        assert_ne!(catalog.revision(), revision);
        assert_eq!(first.tools["box_list_tasks"].definition.title, "List tasks", "a call under way keeps what it has");

        assert_eq!(told(&files.take(folder(&[]))), ["a is gone"]);
        assert!(catalog.connector("box").is_none() && catalog.tool("box_list_tasks").is_none());
    }

    #[test]
    fn names_belong_to_who_has_them() {
        let (_, files) = catalogue();
        files.take(folder(&[("b", starter("box")), ("c", starter("crate1"))]));
        // One that comes before it in the alphabet takes nothing from it.
        let both = [("a", starter("box")), ("b", starter("box")), ("c", starter("crate1"))];
        assert_eq!(told(&files.take(folder(&both))), ["a taken, nothing kept"]);
        // Two may change their names at once.
        let swapped = [("b", starter("crate1")), ("c", starter("box"))];
        assert_eq!(told(&files.take(folder(&swapped))), ["b is crate1", "c is box", "a is gone"]);
        // A shipped name is nobody's, nor is it in another case.
        assert_eq!(
            told(&files.take(folder(&[("b", starter("gmail")), ("c", starter("box"))]))),
            ["b taken, crate1 kept"]
        );
        // What was refused only for its name is taken once that is free.
        let waits = [("c", starter("box")), ("d", starter("box"))];
        assert_eq!(told(&files.take(folder(&waits))), ["d taken, nothing kept", "b is gone"]);
        assert_eq!(told(&files.take(folder(&[("d", starter("box"))]))), ["d is box", "c is gone"]);
    }
}
