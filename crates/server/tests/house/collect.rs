//! What stands in a file: definitions, imports, and every path that its code mentions, macros' insides included and
//! tests left out.

use crate::bound::Bound;
use crate::module::{Definition, How, Mention, Module, ModulePath, Use, plain};
use crate::tokens;
use proc_macro2::Span;
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::Visit;

/// A module with where it stands and which modules it declares in files of their own.
pub(crate) struct Collected {
    pub(crate) path: ModulePath,
    pub(crate) module: Module,
    pub(crate) declared: Vec<ModulePath>,
    pub(crate) lost: Vec<String>,
}

/// Walks one module; the inline ones in it are walked by collectors of their own.
pub(crate) struct Collector<'a> {
    path: ModulePath,
    file: &'a str,
    pub(crate) module: Module,
    declared: Vec<ModulePath>,
    lost: Vec<String>,
    inside: Vec<Collected>,
    /// Names bound by patterns: a lone small name is one of them rather than an item.
    pub(crate) bound: &'a BTreeSet<String>,
    /// The type whose methods are being walked.
    pub(crate) this: Option<Vec<String>>,
}

/// The module that a file is, and those inline in it.
pub(crate) fn collect(file: &str, path: ModulePath, parsed: &syn::File) -> Vec<Collected> {
    let mut bound = Bound::default();
    bound.visit_file(parsed);
    Collector::of(file, path, &parsed.items, &bound.0)
}

impl<'a> Collector<'a> {
    fn of(file: &'a str, path: ModulePath, items: &[syn::Item], bound: &'a BTreeSet<String>) -> Vec<Collected> {
        let module = Module {
            file: file.to_owned(),
            defines: BTreeMap::new(),
            uses: Vec::new(),
            mentions: Vec::new(),
            methods: Vec::new(),
            made: BTreeSet::new(),
            macros: BTreeSet::new(),
        };
        let (declared, lost, inside) = (Vec::new(), Vec::new(), Vec::new());
        let mut walker = Self { path, file, module, declared, lost, inside, bound, this: None };
        for item in items {
            walker.visit_item(item);
        }
        let Self { path, module, declared, lost, mut inside, .. } = walker;
        inside.push(Collected { path, module, declared, lost });
        inside
    }

    pub(crate) fn define(&mut self, name: &syn::Ident, what: Definition) {
        self.module.defines.entry(plain(name)).or_default().push(what);
    }

    pub(crate) fn mention(&mut self, path: Vec<String>, how: How, span: Span) {
        self.module.mentions.push(Mention { path, how, line: span.start().line });
    }

    /// A path of the code, `Self` being the type at hand; one that starts with `::` is another crate's.
    pub(crate) fn mention_path(&mut self, path: &syn::Path, how: How) {
        let Some(first) = path.segments.first() else { return };
        let mut names: Vec<String> = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        if path.leading_colon.is_some() {
            names.insert(0, String::new());
        }
        let alone = names.len() == 1 && how == How::Path;
        if alone && self.bound.contains(&names[0]) {
            return;
        }
        if names[0] == "Self" {
            let Some(this) = &self.this else { return };
            names.splice(..1, this.clone());
        }
        self.mention(names, how, first.ident.span());
    }

    /// `<Type>::name`, which says the type beside the path.
    pub(crate) fn mention_of_type(&mut self, before: Option<&syn::QSelf>, path: &syn::Path) {
        let Some(mut names) = before.filter(|before| before.position == 0).and_then(|before| path_of(&before.ty))
        else {
            return;
        };
        let Some(first) = path.segments.first() else { return };
        names.extend(path.segments.iter().map(|segment| plain(&segment.ident)));
        self.mention(names, How::Path, first.ident.span());
    }

    pub(crate) fn lose(&mut self, why: &str) {
        self.lost.push(format!("{}: {why}", self.file));
    }

    pub(crate) fn module_item(&mut self, item: &syn::ItemMod) {
        let mut path = self.path.clone();
        path.push(plain(&item.ident));
        self.define(&item.ident, Definition::Module(path.clone()));
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            self.lose(&format!("mod {} has a #[path], which hides where it lies", item.ident));
        }
        match &item.content {
            Some((_, items)) => self.inside.extend(Self::of(self.file, path, items, self.bound)),
            None => self.declared.push(path),
        }
    }

    pub(crate) fn used(&mut self, tree: &syn::UseTree, before: &[String], shown: bool) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([plain(name)]).collect::<Vec<_>>();
        let mut add = |path: Vec<String>, name: Option<String>, span: Span| {
            // `{self}` is the thing before it.
            let path = match path.split_last() {
                Some((last, front)) if last == "self" && !front.is_empty() => front.to_vec(),
                _ => path,
            };
            let name = name.map(|name| if name == "self" { path.last().cloned().unwrap_or_default() } else { name });
            self.module.uses.push(Use { path, name, shown, line: span.start().line });
        };
        match tree {
            syn::UseTree::Path(part) => self.used(&part.tree, &with(&part.ident), shown),
            syn::UseTree::Name(part) => add(with(&part.ident), Some(plain(&part.ident)), part.ident.span()),
            syn::UseTree::Rename(part) => add(with(&part.ident), Some(plain(&part.rename)), part.ident.span()),
            syn::UseTree::Glob(part) => add(before.to_vec(), None, part.star_token.spans[0]),
            syn::UseTree::Group(part) => part.items.iter().for_each(|one| self.used(one, before, shown)),
        }
    }

    pub(crate) fn scan(&mut self, tokens: proc_macro2::TokenStream) {
        for mut found in tokens::mentions(tokens) {
            if let (Some("Self"), Some(this)) = (found.path.first().map(String::as_str), &self.this) {
                found.path.splice(..1, this.clone());
            }
            self.module.mentions.push(found);
        }
    }
}

/// The path of a plain type.
pub(crate) fn path_of(of: &syn::Type) -> Option<Vec<String>> {
    match of {
        syn::Type::Path(path) => Some(path.path.segments.iter().map(|segment| plain(&segment.ident)).collect()),
        syn::Type::Reference(reference) => path_of(&reference.elem),
        _ => None,
    }
}
