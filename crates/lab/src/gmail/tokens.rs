//! The search language cut into words, phrases, operators and brackets.

/// One word of the search language.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// `(` or `{`.
    Open(char),
    Close(char),
    Not,
    Or,
    /// A word, or a phrase that stood in quotes.
    Text(String),
    /// An operator in lower case and its value.
    Pair(String, String),
}

/// Cuts a query.
pub(crate) fn tokens(query: &str) -> Vec<Token> {
    let mut rest = query.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '(' | '{' => tokens.push(Token::Open(first)),
            ')' | '}' => tokens.push(Token::Close(first)),
            '-' => tokens.push(Token::Not),
            _ => {
                let (token, left) = word(rest);
                tokens.extend(token);
                rest = left.trim_start();
                continue;
            }
        }
        rest = after.trim_start();
    }
    tokens
}

/// A word, a phrase, or an operator with its value, and what follows it.
fn word(text: &str) -> (Option<Token>, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let (phrase, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
        return (Some(Token::Text(phrase.to_owned())), rest);
    }
    let ends = |c: char| c.is_whitespace() || "(){}\"".contains(c);
    let end = text.find(ends).unwrap_or(text.len());
    let (plain, rest) = text.split_at(end.max(1).min(text.len()));
    match plain.split_once(':') {
        Some((name, "")) if !name.is_empty() => {
            let (value, rest) = bracketed(rest);
            (Some(Token::Pair(name.to_ascii_lowercase(), value.to_owned())), rest)
        }
        Some((name, value)) if !name.is_empty() => {
            (Some(Token::Pair(name.to_ascii_lowercase(), value.to_owned())), rest)
        }
        _ if plain == "OR" => (Some(Token::Or), rest),
        _ if plain == "AND" => (None, rest),
        _ => (Some(Token::Text(plain.to_owned())), rest),
    }
}

/// The value of an operator that stands in quotes or brackets.
fn bracketed(text: &str) -> (&str, &str) {
    for (open, close) in [('"', '"'), ('(', ')')] {
        if let Some(inner) = text.strip_prefix(open) {
            return inner.split_once(close).unwrap_or((inner, ""));
        }
    }
    ("", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_cut_where_gmail_cuts_it() {
        let pair = |name: &str, value: &str| Token::Pair(name.into(), value.into());
        assert_eq!(
            tokens("From:ann -subject:(big sale) OR \"two words\" {a:b} x-y"),
            [
                pair("from", "ann"),
                Token::Not,
                pair("subject", "big sale"),
                Token::Or,
                Token::Text("two words".into()),
                Token::Open('{'),
                pair("a", "b"),
                Token::Close('}'),
                Token::Text("x-y".into()),
            ]
        );
    }

    #[test]
    fn what_is_left_open_ends_with_the_query() {
        assert_eq!(tokens("\"open"), [Token::Text("open".into())]);
        assert_eq!(tokens("from:(open"), [Token::Pair("from".into(), "open".into())]);
        assert_eq!(tokens(":"), [Token::Text(":".into())]);
        assert!(tokens("  AND ").is_empty());
    }
}
