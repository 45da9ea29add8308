//! What a tool needs the user to have granted.

use crate::file::{ScopeAlternative, ScopeFile};

/// Alternatives, the preferred first; each is a set of scopes that only together are enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRule {
    alternatives: Vec<Vec<String>>,
}

impl ScopeRule {
    /// The rule of a file; no rule needs nothing.
    #[must_use]
    pub fn of(file: Option<&ScopeFile>) -> Self {
        let Some(file) = file else { return Self::default() };
        let any = file.any.iter().map(|alternative| match alternative {
            ScopeAlternative::One(scope) => vec![scope.clone()],
            ScopeAlternative::Together(scopes) => scopes.clone(),
        });
        let all = (!file.all.is_empty()).then(|| file.all.clone());
        Self { alternatives: any.chain(all).collect() }
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
        ScopeRule::of(Some(&ScopeFile { any: vec![ScopeAlternative::One("modify".into()), together], all: vec![] }))
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
