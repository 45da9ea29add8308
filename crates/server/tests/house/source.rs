//! A crate as its compiler sees it without its tests: which module lies in which file, what it defines, what it
//! imports, and what it mentions.

use crate::collect::collect;
use crate::module::{Module, ModulePath};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The text of a file, and where it lies below `src`.
#[derive(Clone)]
pub(crate) struct Source {
    /// As `consent/start.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A crate's modules, and what could not be followed.
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
    pub(crate) lost: Vec<String>,
}

impl Crate {
    /// The modules that the crate's root leads to. Those that exist for tests alone are not among them.
    pub(crate) fn read(sources: &[Source]) -> Self {
        let files: BTreeMap<&str, &str> = sources.iter().map(|s| (s.path.as_str(), s.text.as_str())).collect();
        let mut read = Self { modules: BTreeMap::new(), lost: Vec::new() };
        match ["lib.rs", "main.rs"].into_iter().find(|root| files.contains_key(root)) {
            Some(root) => read.follow(&files, root, Vec::new()),
            None => read.lost.push("neither lib.rs nor main.rs".to_owned()),
        }
        read
    }

    /// Takes in a file as the module of this path, and what it declares.
    fn follow(&mut self, files: &BTreeMap<&str, &str>, file: &str, path: ModulePath) {
        let parsed = match syn::parse_file(files[file]) {
            Ok(parsed) => parsed,
            Err(wrong) => return self.lost.push(format!("{file}: {wrong}")),
        };
        for found in collect(file, path, &parsed) {
            for child in &found.declared {
                let lies = child.join("/");
                let places = [format!("{lies}.rs"), format!("{lies}/mod.rs")];
                match places.iter().find(|place| files.contains_key(place.as_str())) {
                    Some(place) => self.follow(files, place, child.clone()),
                    None => {
                        self.lost
                            .push(format!("{file}: mod {} is in no file where it is looked for", child.join("::")));
                    }
                }
            }
            self.lost.extend(found.lost);
            self.modules.insert(found.path, found.module);
        }
    }
}

/// The files of Rust below a folder, by their paths from there.
pub(crate) fn below(folder: &Path) -> Vec<Source> {
    let mut found: Vec<Source> = files(folder)
        .into_iter()
        .map(|file| Source {
            path: file.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/"),
            text: std::fs::read_to_string(&file).unwrap(),
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every file of Rust below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// Sources written in a test.
pub(crate) fn planted(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}
