//! What a path leads to: a module, an item in the file that defines it, or another crate. Re-exports are followed.

use crate::module::{Definition, ModulePath, Use};
use crate::source::Crate;
use std::collections::BTreeSet;

/// What a path may lead to; a name can be a module, a type and a function at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Module(ModulePath),
    /// An item of this name in this module; what comes after it (a variant, a method) is the rest.
    Item {
        module: ModulePath,
        name: String,
        rest: Vec<String>,
    },
    Other(Vec<String>),
}

/// Names being looked up, so that re-exports that go round end.
type Under = BTreeSet<(ModulePath, String)>;

impl Crate {
    /// What this path leads to where it is written in this module.
    pub(crate) fn leads(&self, from: &[String], path: &[String]) -> BTreeSet<Target> {
        self.resolve(from, path, &mut Under::new())
    }

    /// The file that a target is defined in.
    pub(crate) fn file_of(&self, target: &Target) -> Option<&str> {
        match target {
            Target::Item { module, .. } => self.modules.get(module).map(|module| module.file.as_str()),
            Target::Module(_) | Target::Other(_) => None,
        }
    }

    fn resolve(&self, from: &[String], path: &[String], under: &mut Under) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::from([Target::Module(from.to_vec())]) };
        match first.as_str() {
            "crate" => self.walk(&[], rest, under),
            "self" => self.walk(from, rest, under),
            "super" => match from.split_last() {
                Some((_, parent)) => self.walk(parent, rest, under),
                None => BTreeSet::new(),
            },
            "" => BTreeSet::from([Target::Other(rest.to_vec())]),
            _ => {
                let found = self.walk(from, path, under);
                if found.is_empty() { BTreeSet::from([Target::Other(path.to_vec())]) } else { found }
            }
        }
    }

    /// From a module on, name by name.
    fn walk(&self, at: &[String], path: &[String], under: &mut Under) -> BTreeSet<Target> {
        let Some((name, rest)) = path.split_first() else { return BTreeSet::from([Target::Module(at.to_vec())]) };
        if name == "super" || name == "self" {
            return self.resolve(at, path, under);
        }
        let mut found = BTreeSet::new();
        for target in self.look_up(at, name, under) {
            match target {
                Target::Module(module) => found.extend(self.walk(&module, rest, under)),
                Target::Item { module, name, rest: mut after } => {
                    after.extend_from_slice(rest);
                    found.insert(Target::Item { module, name, rest: after });
                }
                Target::Other(mut other) => {
                    other.extend_from_slice(rest);
                    found.insert(Target::Other(other));
                }
            }
        }
        found
    }

    /// What a name stands for in a module: what it defines, what it imports by name, and else what its globs bring.
    fn look_up(&self, at: &[String], name: &str, under: &mut Under) -> BTreeSet<Target> {
        let Some(module) = self.modules.get(at) else { return BTreeSet::new() };
        if !under.insert((at.to_vec(), name.to_owned())) {
            return BTreeSet::new();
        }
        let mut found: BTreeSet<Target> = module
            .defines
            .get(name)
            .into_iter()
            .flatten()
            .map(|what| match what {
                Definition::Module(path) => Target::Module(path.clone()),
                Definition::Item => Target::Item { module: at.to_vec(), name: name.to_owned(), rest: Vec::new() },
            })
            .collect();
        for one in module.uses.iter().filter(|one| one.name.as_deref() == Some(name)) {
            found.extend(self.resolve(at, &one.path, under));
        }
        if found.is_empty() && module.made.contains(name) {
            found.insert(Target::Item { module: at.to_vec(), name: name.to_owned(), rest: Vec::new() });
        }
        if found.is_empty() {
            found = self.through_globs(at, module.uses.iter().filter(|one| one.name.is_none()), name, under);
        }
        under.remove(&(at.to_vec(), name.to_owned()));
        found
    }

    fn through_globs<'a>(
        &self,
        at: &[String],
        globs: impl Iterator<Item = &'a Use>,
        name: &str,
        under: &mut Under,
    ) -> BTreeSet<Target> {
        let (mut ours, mut others) = (BTreeSet::new(), BTreeSet::new());
        for glob in globs {
            for target in self.resolve(at, &glob.path, under) {
                match target {
                    Target::Module(module) => ours.extend(self.look_up(&module, name, under)),
                    Target::Other(mut path) => {
                        path.push(name.to_owned());
                        others.insert(Target::Other(path));
                    }
                    Target::Item { .. } => {}
                }
            }
        }
        if ours.is_empty() { others } else { ours }
    }
}
