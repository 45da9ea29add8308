//! What a tool needs the user to have granted.

use crate::file::{Ordered, ScopeAlternative, ScopeFile};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// By scope, the narrower ones that are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeIncludes(BTreeMap<String, Vec<String>>);

impl ScopeIncludes {
    /// What a file says.
    pub(crate) fn of(file: &Ordered<Vec<String>>) -> Self {
        Self(file.iter().map(|(wider, narrower)| (wider.to_owned(), narrower.clone())).collect())
    }

    /// What was granted with all that is in it.
    #[must_use]
    pub fn with_narrower<'a>(&self, granted: &'a [String]) -> Cow<'a, [String]> {
        if self.0.is_empty() {
            return Cow::Borrowed(granted);
        }
        let mut all = granted.to_vec();
        let mut looked_at = 0;
        while let Some(scope) = all.get(looked_at) {
            let narrower = self.0.get(scope).into_iter().flatten();
            let new: Vec<String> = narrower.filter(|scope| !all.contains(scope)).cloned().collect();
            all.extend(new);
            looked_at += 1;
        }
        Cow::Owned(all)
    }
}

/// Alternatives, the preferred first; each is a set of scopes that only together are enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRule {
    alternatives: Vec<Vec<String>>,
    includes: Arc<ScopeIncludes>,
}

impl ScopeRule {
    /// The rule of a file; no rule needs nothing.
    #[must_use]
    pub fn of(file: Option<&ScopeFile>, includes: &Arc<ScopeIncludes>) -> Self {
        let Some(file) = file else { return Self::default() };
        let any = file.any.iter().map(|alternative| match alternative {
            ScopeAlternative::One(scope) => vec![scope.clone()],
            ScopeAlternative::Together(scopes) => scopes.clone(),
        });
        let all = (!file.all.is_empty()).then(|| file.all.clone());
        Self { alternatives: any.chain(all).collect(), includes: Arc::clone(includes) }
    }

    /// The alternatives, the preferred first.
    #[must_use]
    pub fn alternatives(&self) -> &[Vec<String>] {
        &self.alternatives
    }

    /// What is missing in what was granted: of the alternative that lacks least. Nothing granted means that the app
    /// did not say, and then nothing is known to be missing.
    #[must_use]
    pub fn missing(&self, granted: &[String]) -> Vec<String> {
        if granted.is_empty() {
            return Vec::new();
        }
        let granted = self.includes.with_narrower(granted);
        let lacking =
            |scopes: &Vec<String>| scopes.iter().filter(|s| !granted.contains(s)).cloned().collect::<Vec<_>>();
        self.alternatives.iter().map(lacking).min_by_key(Vec::len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> ScopeRule {
        let together = ScopeAlternative::Together(vec!["read".into(), "send".into()]);
        let file = ScopeFile { any: vec![ScopeAlternative::One("modify".into()), together], all: vec![] };
        ScopeRule::of(Some(&file), &Arc::default())
    }

    fn includes(pairs: &[(&str, &[&str])]) -> ScopeIncludes {
        let owned = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect();
        ScopeIncludes::of(&pairs.iter().map(|(wider, narrower)| ((*wider).to_owned(), owned(narrower))).collect())
    }

    #[test]
    fn a_wider_scope_stands_for_the_narrower_ones_and_never_the_other_way_round() {
        let all = includes(&[("admin", &["write"]), ("write", &["read", "admin"]), ("repo", &["status"])]);
        let with = |granted: &str| all.with_narrower(&[granted.to_owned()]).join(" ");
        assert_eq!(with("admin"), "admin write read");
        assert_eq!(with("read"), "read");
        assert_eq!(with("write"), "write read admin", "a circle ends");
        let one = includes(&[("admin", &["write"]), ("write", &["read"])]);
        let rule = |scope: &str| {
            let file = ScopeFile { any: vec![ScopeAlternative::One(scope.into())], all: vec![] };
            ScopeRule::of(Some(&file), &Arc::new(one.clone()))
        };
        assert!(rule("read").missing(&["admin".to_owned()]).is_empty());
        assert_eq!(rule("write").missing(&["read".to_owned()]), ["write"]);
    }

    fn missing(granted: &[&str]) -> Vec<String> {
        rule().missing(&granted.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn any_alternative_is_enough_and_the_nearest_one_is_asked_for() {
        assert!(missing(&["modify"]).is_empty());
        assert!(missing(&["send", "read", "openid"]).is_empty());
        assert_eq!(missing(&["openid"]), ["modify"]);
        assert_eq!(missing(&["send"]), ["modify"]);
    }

    #[test]
    fn unknown_grants_and_no_rule_stop_nothing() {
        assert!(missing(&[]).is_empty());
        assert!(ScopeRule::default().missing(&["x".into()]).is_empty());
    }
}
