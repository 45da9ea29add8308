//! Pages as they are sent.

use super::*;

fn text(html: &str) -> String {
    to_text(html, &Work::default()).unwrap()
}

#[test]
fn a_letter_keeps_its_links_and_is_wrapped() {
    let html = format!(
        "<p>Dear Ana,</p><p>see <a href=\"https://example.com/x\">this</a> &amp; that. {}</p><blockquote>{}</blockquote>",
        "word ".repeat(40),
        "quoted ".repeat(20)
    );
    let letter = to_letter(&html, &Work::default()).unwrap();
    assert!(letter.starts_with("Dear Ana,\n\nsee this (https://example.com/x) & that."), "{letter}");
    assert!(letter.lines().all(|line| line.chars().count() <= LETTER_WIDTH), "{letter}");
    assert!(letter.lines().last().unwrap().starts_with("> quoted"), "{letter}");
    let long = format!("https://example.com/{}", "x".repeat(200));
    let letter = to_letter(&format!("<p>a <a href='{long}'>b</a> c</p>"), &Work::default()).unwrap();
    assert!(letter.contains(&long), "an address is never broken: {letter}");
}

#[test]
fn a_message_reads_without_its_layout() {
    let html = "<html><head><style>p{color:red}</style><script>alert(1)</script><title>t</title></head><body>\
        <table><tr><td><div>Hello&nbsp;\u{200b}\u{34f} 👋🏽</div></td><td><a href='https://t.example/aaaa'>Open</a></td></tr></table>\
        <br><br><br><p>Bye</p></body></html>";
    assert_eq!(text(html), "Hello 👋🏽\nOpen (https://t.example/aaaa)\n\nBye");
}

#[test]
fn links_stand_behind_their_words_once() {
    for (html, expected) in [
        ("<a href=https://x.example/a>Go</a> on", "Go (https://x.example/a) on"),
        ("<a href='https://x.example/a'>https://x.example/a</a>", "https://x.example/a"),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example"),
        ("<a href='mailto:a@x.example'>Ana</a>", "Ana (mailto:a@x.example)"),
        ("<a href='https://x.example/?a=1&amp;b=2'>Go</a>", "Go (https://x.example/?a=1&b=2)"),
        // A picture, a title and a button that lead to one page.
        (
            "<a href=https://x/1><img src=a.png alt='Shoe'></a><p><a href=https://x/1>The shoe</a></p><a href=https://x/1>Buy</a>",
            "[Shoe] (https://x/1)\n\nThe shoe\n\nBuy",
        ),
        ("<a href=https://x/1><img src=a.png></a>", "https://x/1"),
        ("<a href=https://x/1>one<a href=https://x/2>two</a>", "one (https://x/1)two (https://x/2)"),
        ("<a href=https://x/1>never closed", "never closed (https://x/1)"),
        ("<a href='https://x/1'><table><tr><td>a <b>cell</b></td></tr></table></a>", "a cell (https://x/1)"),
        (
            "<a href='#top'>Top</a> <a name=x>Name</a> <a href='javascript:alert(1)'>JS</a> <a href='cid:1'>C</a>",
            "Top Name JS C",
        ),
        ("<a href=' https://x.example/\na b\u{202e}'>Go</a>", "Go (https://x.example/a%20b)"),
        // What nobody sees, in words and addresses; the joiners of scripts and of emoji stay in words.
        (
            "<a href='https://x.example/\u{e0041}\u{fe0f}\u{2800}a\u{3164}'>G\u{e0041}\u{2800}\u{3164}o \u{2764}\u{fe0f}</a>",
            "Go \u{2764}\u{fe0f} (https://x.example/a)",
        ),
        ("<a href=https://x/1 href=https://y/2>Go</a>", "Go (https://x/1)"),
        ("<a href='https://'>no</a>", "no"),
    ] {
        assert_eq!(text(html), expected, "{html}");
    }
    let long = format!("<a href='https://x/{}'>Go</a>", "a".repeat(3000));
    assert_eq!(text(&long), "Go (a link of 3010 characters, left out)");
}

#[test]
fn lists_tables_and_quotations() {
    for (html, expected) in [
        (
            "<p>To do:<ul><li>one<li>two<ul><li>deep</ul><li>three</ul>end",
            "To do:\n\n- one\n- two\n  - deep\n- three\n\nend",
        ),
        ("<ol start=3><li>c</li><li><p>d</p><p>more</p></li></ol>", "3. c\n4. d\n\n  more"),
        ("<ol start=9223372036854775807><li>x<li>y</ol>", "9223372036854775807. x\n9223372036854775807. y"),
        ("<table><tr><th>Item<th>Price<tr><td>Tea</td><td></td><td>2 €</td></table>", "Item | Price\nTea | 2 €"),
        ("a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n\n> > d\n\ne"),
        ("<pre>\n  x = 1\n\n    y</pre>z", "  x = 1\n\n    y\n\nz"),
        ("a <b>b</b><i>c</i>\n d<span> e </span> f", "a bc d e f"),
        ("<h1>T</h1><div>a</div><div>b</div><p>c", "T\n\na\nb\n\nc"),
        ("a<hr>b", "a\n\nb"),
        ("1 &lt; 2 &amp;&#x26; 3 &hearts;&#x110000;&bogus;", "1 < 2 && 3 ♥\u{fffd}&bogus;"),
        ("", ""),
        ("<", "<"),
        ("a <!-- b", "a"),
        ("<p", ""),
    ] {
        assert_eq!(text(html), expected, "{html}");
    }
}

#[test]
fn what_nobody_sees_is_not_read() {
    for (html, expected) in [
        ("<div style='display:none'>pre <b>header</b></div>seen", "seen"),
        ("<span STYLE='color:red; Display : none!important'>x</span>seen", "seen"),
        ("<p hidden>x<p>seen", "seen"),
        ("<div style=visibility:hidden><div>x</div>x</div>seen", "seen"),
        // What is in a cell closes nothing around its table.
        ("<div style='display:none'><table><tr><td></div>x</td></tr></table>x</div>seen", "seen"),
        ("<td hidden>x<td>seen", "seen"),
        ("<div style='max-height:0px; overflow: hidden'>preview</div>seen", "seen"),
        ("<div style='opacity: 0'>x</div>seen", "seen"),
        ("<td style='font-size:0;max-height:0'><span style='opacity:0.5'>seen</span>", "seen"),
        ("<script>x<p>x</script>seen<style>x", "seen"),
        ("<div style='font-size:0.9em; display:inline'>seen</div>", "seen"),
        ("<img alt='a picture'> <img alt=''><img src=x>", "[a picture]"),
    ] {
        assert_eq!(text(html), expected, "{html}");
    }
}

/// What is open and never closed, and closes what was never open, is only shown to a certain depth.
#[test]
fn nesting_without_end_is_read() {
    for piece in ["<ul><li></x>", "<blockquote></p>", "<div>", "<table><tr><td>", "<ol><li><a href=https://x/>"] {
        let page = format!("{}seen", piece.repeat(30_000));
        let text = text(&page);
        assert!(text.contains("seen") && text.len() < 100, "{piece}: {}", text.len());
    }
}

/// Also where nothing is written for it, and where more is written than was read.
#[test]
fn what_is_read_and_written_is_paid_for_on_the_way() {
    let quoted = format!("{}{}", "<blockquote>".repeat(8), "<br>a".repeat(20_000));
    for (what, html) in [
        ("tags", "<b></b>".repeat(20_000)),
        ("blanks", format!("<p>{}</p>", " ".repeat(100_000))),
        ("lines that begin with marks", quoted),
        ("an attribute", format!("<p title='{}'>", "x".repeat(100_000))),
    ] {
        let work = Work::default();
        let text = to_text(&html, &work).unwrap();
        let least = u64::try_from(html.len() + text.len()).unwrap();
        assert!(work.spent() >= least, "{what}: {} of {least}", work.spent());
        if what != "an attribute" {
            let just_begun = Work::with_allowance(u64::try_from(html.len()).unwrap() + 10);
            assert!(to_text(&html, &just_begun).is_err() && just_begun.is_used_up(), "{what}");
        }
    }
    let html = "word ".repeat(10_000);
    let (read, wrapped) = (Work::default(), Work::default());
    let text = to_text(&html, &read).unwrap();
    to_letter(&html, &wrapped).unwrap();
    assert!(wrapped.spent() >= read.spent() + u64::try_from(text.len()).unwrap(), "wrapping is paid for too");
}
