//! Every place where one module uses what another one has, imports among them.

use crate::module::{How, ModulePath};
use crate::resolve::Target;
use crate::source::Crate;
use std::collections::{BTreeMap, BTreeSet};

/// One use of something, with all that its path leads to.
pub(crate) struct Used<'a> {
    pub(crate) module: &'a ModulePath,
    pub(crate) file: &'a str,
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
    /// Nothing for an import.
    pub(crate) how: Option<How>,
    /// An import that is shown to others, and whether under another name.
    pub(crate) shown: bool,
    pub(crate) renamed: bool,
    pub(crate) glob: bool,
    pub(crate) targets: BTreeSet<Target>,
}

impl Used<'_> {
    /// Where it stands and what it says, for people.
    pub(crate) fn said(&self) -> String {
        format!("{}:{}: {}", self.file, self.line, self.path.join("::"))
    }
}

impl Crate {
    /// All of them, module by module.
    pub(crate) fn used(&self) -> Vec<Used<'_>> {
        let methods = self.method_files();
        let mut all = Vec::new();
        for (at, module) in &self.modules {
            for one in &module.uses {
                let renamed = one.name.is_some() && one.name != one.path.last().cloned();
                let targets = self.leads(at, &one.path);
                let (file, path) = (module.file.as_str(), one.path.clone());
                let glob = one.name.is_none();
                all.push(Used {
                    module: at,
                    file,
                    line: one.line,
                    path,
                    how: None,
                    shown: one.shown,
                    renamed,
                    glob,
                    targets,
                });
            }
            for one in &module.mentions {
                let targets = self.mentioned(at, &one.path, one.how, &methods);
                let (file, path) = (module.file.as_str(), one.path.clone());
                let (how, shown, renamed, glob) = (Some(one.how), false, false, false);
                all.push(Used { module: at, file, line: one.line, path, how, shown, renamed, glob, targets });
            }
        }
        all
    }

    fn mentioned(&self, at: &[String], path: &[String], how: How, methods: &Methods) -> BTreeSet<Target> {
        if let (How::Method { .. } | How::Field, 1) = (how, path.len()) {
            return BTreeSet::new();
        }
        let mut targets = self.leads(at, path);
        let unknown = targets.iter().all(|target| matches!(target, Target::Other(_)));
        if how == How::Macro && unknown && path.len() == 1 {
            targets.extend(self.macros(&path[0]));
        }
        let spread: Vec<Target> = targets.iter().flat_map(|target| self.where_method_lies(target, methods)).collect();
        if !spread.is_empty() && matches!(how, How::Method { .. }) {
            // A method on itself uses what defines the method, not the type.
            targets.clear();
        }
        targets.extend(spread);
        targets
    }

    fn macros(&self, name: &str) -> BTreeSet<Target> {
        let defining = self.modules.iter().filter(|(_, module)| module.macros.contains(name));
        defining.map(|(at, _)| Target::Item { module: at.clone(), name: name.to_owned(), rest: Vec::new() }).collect()
    }

    /// The modules that give this type's methods, where they are not the type's own.
    fn where_method_lies(&self, target: &Target, methods: &Methods) -> Vec<Target> {
        let Target::Item { module, name, rest } = target else { return Vec::new() };
        let Some(method) = rest.first() else { return Vec::new() };
        let key = (module.clone(), name.clone(), method.clone());
        let lies = methods.get(&key).into_iter().flatten();
        lies.map(|at| Target::Item { module: at.clone(), name: format!("{name}::{method}"), rest: Vec::new() })
            .collect()
    }

    fn method_files(&self) -> Methods {
        let mut found = Methods::new();
        for (at, module) in &self.modules {
            for (this, names) in &module.methods {
                for target in self.leads(at, this) {
                    let Target::Item { module, name, .. } = target else { continue };
                    for method in names {
                        let key = (module.clone(), name.clone(), method.clone());
                        found.entry(key).or_default().insert(at.clone());
                    }
                }
            }
        }
        found
    }
}

/// Of a type's method, the modules whose blocks define it.
type Methods = BTreeMap<(ModulePath, String, String), BTreeSet<ModulePath>>;
