//! What is wrong with a file is told with its place: what cannot be read, and what the check finds.

use super::*;

/// Each finding has its line, also where what is wrong is deep in a step, or missing.
#[test]
fn what_is_wrong_is_told_with_line_and_path() {
    let step = "    steps:\n      - {call: pages.get, with: {path.id: input.page_id}}\n      - call: pages.other\n        save: more\n        set:\n          querry.a: 1\n    example:";
    let both = OWN.replace("map: path.id", "map: expression").replace("    example:", step);
    let both = both.replace("auth:", "scope_includes: {all: [some]}\nauth:");
    let Err(crate::Error::Wrong { problems, .. }) = Catalog::shipped().unwrap().add("own.yaml", &both) else {
        panic!("it was taken")
    };
    let line = |text: &str| both.lines().position(|line| line.contains(text)).map(|at| at as u64 + 1);
    for (at, stands) in
        [("tools.intranet_get_page.steps[1].set.querry.a", "querry.a: 1"), ("scope_includes.all", "scope_includes:")]
    {
        let found = problems.iter().find(|problem| problem.at == at);
        assert_eq!(found.unwrap_or_else(|| panic!("{at}: {problems:#?}")).line, line(stands), "{at}");
    }
    assert!(problems.iter().all(|problem| problem.line.is_some()), "{problems:#?}");
}

#[test]
fn what_cannot_be_read_is_told_with_line_and_path() {
    let said = added("title: Get a page", "titel: Get a page").unwrap_err();
    assert!(said.contains("line 13") && said.contains("tools.intranet_get_page") && said.contains("titel"), "{said}");
    assert_eq!(said.matches("line 13").count(), 1, "the place is said once: {said}");
    let said = added("effect: read", "effect: reads").unwrap_err();
    assert!(said.contains("tools.intranet_get_page.effect"), "{said}");
    assert!(added("title: Get a page", "title: Get a page\n    title: Twice").is_err());
}

#[test]
fn attack_73_yaml_that_grows_or_turns_on_itself_is_refused() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    let deep = format!("connector: {}{}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("connector: {}", "x".repeat(2_000_000));
    for text in [
        bomb,
        "connector: &a [*a]",
        "<<: &a {b: 1}\nc: *a",
        &deep,
        &long,
        "connector: !!binary aGk=",
        "a: 1\n---\nb: 2",
    ] {
        let mut catalog = Catalog::shipped().unwrap();
        assert!(matches!(catalog.add("bomb.yaml", text), Err(crate::Error::Unreadable { .. })), "{text:.60}");
    }
}

/// The page shows what a start says of two mistakes.
#[test]
fn the_page_shows_what_is_said() {
    let page = include_str!("../../../../../docs/CONNECTORS.md");
    let said = |changes: &[(&str, &str)]| {
        let text = changes.iter().fold(crate::starter::STARTER.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        Catalog::shipped().unwrap().add("my-connectors/acme.yaml", &text).unwrap_err().to_string()
    };
    let misplaced = said(&[("map: query.limit", "map: querry.limit"), ("effect: write", "effect: read")]);
    assert!(page.contains(&format!("valetkey: {misplaced}\n")), "{misplaced}");
    let misspelt = said(&[("    title: List tasks", "    titel: List tasks")]);
    let (shown, _) = page.split_once("expected one of title, description, effect, …").unwrap();
    let (_, shown) = shown.rsplit_once("valetkey: ").unwrap();
    assert!(misspelt.starts_with(shown), "{misspelt}");
}
