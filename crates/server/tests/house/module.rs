//! What is known of one module: what it defines, imports and mentions.

use std::collections::{BTreeMap, BTreeSet};

/// The way to a module from the crate's root, which is empty.
pub(crate) type ModulePath = Vec<String>;

/// What a name stands for in the module that defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    Item,
    Module(ModulePath),
}

/// One module, inline or a file of its own.
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) defines: BTreeMap<String, Vec<Definition>>,
    pub(crate) uses: Vec<Use>,
    pub(crate) mentions: Vec<Mention>,
    /// Blocks of methods: the type they are for, and their names.
    pub(crate) methods: Vec<(Vec<String>, BTreeSet<String>)>,
    /// Names in calls of macros between the items, which may define them.
    pub(crate) made: BTreeSet<String>,
    /// Macros that are known by their place in the text, not by a path.
    pub(crate) macros: BTreeSet<String>,
}

/// One name that a `use` brings in; a glob has none.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) path: Vec<String>,
    pub(crate) name: Option<String>,
    pub(crate) shown: bool,
    pub(crate) line: usize,
}

/// How something is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A path somewhere in the code.
    Path,
    /// The path before the braces of a struct literal.
    Literal,
    /// What a type alias stands for.
    Alias,
    /// A macro's name, perhaps one that is known by its place in the text.
    Macro,
    /// The last name is a method, called on something; the number of its arguments is known.
    Method { arguments: usize },
    /// The last name is a field of something.
    Field,
}

/// A path that code mentions.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) how: How,
    pub(crate) line: usize,
}

/// A name without the `r#` by which it is told from a word of the language.
pub(crate) fn plain(name: &syn::Ident) -> String {
    let text = name.to_string();
    text.strip_prefix("r#").map_or(text.clone(), ToOwned::to_owned)
}
