//! What of a file's code the collector looks at: all but what exists in tests alone.

use crate::collect::{Collector, path_of};
use crate::conditions::only_in_tests;
use crate::module::{Definition, How, Use, plain};
use crate::tokens;
use syn::visit::{self, Visit};

impl Visit<'_> for Collector<'_> {
    fn visit_item(&mut self, item: &syn::Item) {
        if only_in_tests(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Mod(one) => return self.module_item(one),
            syn::Item::Use(one) => {
                let shown = !matches!(one.vis, syn::Visibility::Inherited);
                let before = if one.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
                return self.used(&one.tree, &before, shown);
            }
            syn::Item::ExternCrate(one) if one.ident == "self" => {
                let name = one.rename.as_ref().map(|(_, name)| plain(name));
                let line = one.ident.span().start().line;
                self.module.uses.push(Use { path: vec!["crate".to_owned()], name, shown: true, line });
            }
            syn::Item::Struct(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Enum(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Union(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Fn(one) => self.define(&one.sig.ident, Definition::Item),
            syn::Item::Const(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Static(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Trait(one) => self.define(&one.ident, Definition::Item),
            syn::Item::Type(one) => {
                self.define(&one.ident, Definition::Item);
                if let syn::Type::Path(stands_for) = &*one.ty {
                    self.mention_path(&stands_for.path, How::Alias);
                }
            }
            syn::Item::Macro(one) => {
                if let Some(name) = &one.ident {
                    self.define(name, Definition::Item);
                    self.module.macros.insert(plain(name));
                } else {
                    tokens::names(one.mac.tokens.clone(), &mut self.module.made);
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &syn::ItemImpl) {
        let this = path_of(&item.self_ty);
        if let (Some(this), None) = (&this, &item.trait_) {
            let names = item.items.iter().filter_map(|one| match one {
                syn::ImplItem::Fn(method) if !only_in_tests(&method.attrs) => Some(plain(&method.sig.ident)),
                syn::ImplItem::Const(one) => Some(plain(&one.ident)),
                _ => None,
            });
            self.module.methods.push((this.clone(), names.collect()));
        }
        let outer = std::mem::replace(&mut self.this, this);
        visit::visit_item_impl(self, item);
        self.this = outer;
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        if !only_in_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_field(&mut self, field: &syn::Field) {
        if !only_in_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &syn::Variant) {
        if !only_in_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &syn::Arm) {
        if !only_in_tests(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_field_value(&mut self, field: &syn::FieldValue) {
        if !only_in_tests(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_stmt(&mut self, statement: &syn::Stmt) {
        let attributes: &[syn::Attribute] = match statement {
            syn::Stmt::Local(local) => &local.attrs,
            syn::Stmt::Macro(one) => &one.attrs,
            syn::Stmt::Expr(syn::Expr::Block(block), _) => &block.attrs,
            syn::Stmt::Expr(syn::Expr::Call(call), _) => &call.attrs,
            syn::Stmt::Expr(syn::Expr::MethodCall(call), _) => &call.attrs,
            syn::Stmt::Expr(syn::Expr::If(one), _) => &one.attrs,
            _ => &[],
        };
        if !only_in_tests(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    /// `pub(in crate::x)` says who may see it and uses nothing.
    fn visit_vis_restricted(&mut self, _: &syn::VisRestricted) {}

    /// Of attributes, serde's name functions and types in strings.
    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        if list.path.is_ident("cfg_attr") || list.path.is_ident("serde") {
            self.module.mentions.extend(tokens::paths_in_strings(list.tokens.clone()));
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.mention_path(path, How::Path);
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &syn::ExprPath) {
        self.mention_of_type(path.qself.as_ref(), &path.path);
        visit::visit_expr_path(self, path);
    }

    fn visit_pat_tuple_struct(&mut self, pattern: &syn::PatTupleStruct) {
        self.mention_of_type(pattern.qself.as_ref(), &pattern.path);
        visit::visit_pat_tuple_struct(self, pattern);
    }

    fn visit_pat_struct(&mut self, pattern: &syn::PatStruct) {
        self.mention_of_type(pattern.qself.as_ref(), &pattern.path);
        visit::visit_pat_struct(self, pattern);
    }

    fn visit_expr_call(&mut self, call: &syn::ExprCall) {
        // What is called is a function even where something bound has its name: `let found = found(..)`.
        if let syn::Expr::Path(function) = &*call.func
            && let Some(name) = function.path.get_ident()
            && self.bound.contains(&plain(name))
        {
            self.mention(vec![plain(name)], How::Path, name.span());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_struct(&mut self, literal: &syn::ExprStruct) {
        self.mention_path(&literal.path, How::Literal);
        visit::visit_expr_struct(self, literal);
    }

    fn visit_expr_field(&mut self, field: &syn::ExprField) {
        if let syn::Member::Named(name) = &field.member {
            self.mention(vec![plain(name)], How::Field, name.span());
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        let on_self = matches!(&*call.receiver, syn::Expr::Path(path) if path.path.is_ident("self"));
        let mut path = self.this.clone().filter(|_| on_self).unwrap_or_default();
        path.push(plain(&call.method));
        self.mention(path, How::Method { arguments: call.args.len() }, call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, one: &syn::Macro) {
        self.mention_path(&one.path, How::Macro);
        if one.path.is_ident("include") && syn::parse2::<syn::LitStr>(one.tokens.clone()).is_ok() {
            self.lose("include!() hides where the code lies");
        }
        self.scan(one.tokens.clone());
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(one) => &one.attrs,
        syn::Item::Enum(one) => &one.attrs,
        syn::Item::ExternCrate(one) => &one.attrs,
        syn::Item::Fn(one) => &one.attrs,
        syn::Item::ForeignMod(one) => &one.attrs,
        syn::Item::Impl(one) => &one.attrs,
        syn::Item::Macro(one) => &one.attrs,
        syn::Item::Mod(one) => &one.attrs,
        syn::Item::Static(one) => &one.attrs,
        syn::Item::Struct(one) => &one.attrs,
        syn::Item::Trait(one) => &one.attrs,
        syn::Item::TraitAlias(one) => &one.attrs,
        syn::Item::Type(one) => &one.attrs,
        syn::Item::Union(one) => &one.attrs,
        syn::Item::Use(one) => &one.attrs,
        _ => &[],
    }
}
