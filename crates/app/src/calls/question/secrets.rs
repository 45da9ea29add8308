//! What looks like a question for a secret, by its words. It is a net and no wall: who asks stands before every question.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// What names a secret wherever it stands, written together: in English, and in what else users are asked in.
const NAMES: [&str; 45] = [
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "passkey",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "sshkey",
    "licensekey",
    "recoverykey",
    "pincode",
    "pinnumber",
    "onetimecode",
    "onetimepass",
    "verificationcode",
    "securitycode",
    "recoverycode",
    "backupcode",
    "authenticationcode",
    "authcode",
    "logincode",
    "smscode",
    "seedphrase",
    "recoveryphrase",
    "mnemonic",
    "cardnumber",
    "sessioncookie",
    "socialsecurity",
    "kennwort",
    "geheimzahl",
    "contrasena",
    "motdepasse",
    "wachtwoord",
    "senha",
    "пароль",
    "密码",
    "パスワード",
];
/// What names one as a word of its own.
const WORDS: [&str; 18] = [
    "pass", "pwd", "pw", "psw", "key", "keys", "pin", "pins", "otp", "totp", "mfa", "2fa", "cvv", "cvc", "csc", "ssn",
    "jwt", "bearer",
];

/// Whether a text names a secret, however it is spaced, pointed or spelt.
pub(super) fn named_in(text: &str) -> bool {
    let plain: String = apart(text).nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let folded: String = plain.chars().map(latin).collect();
    [plain, folded].iter().any(|text| {
        let together: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        NAMES.iter().any(|name| together.contains(name)) || words.any(|word| WORDS.contains(&word))
    })
}

/// With a blank before each capital that begins a word: `apiKey` is two.
fn apart(text: &str) -> String {
    let mut apart = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            apart.push(' ');
        }
        apart.push(c);
        before = c;
    }
    apart
}

/// The Latin letter that a sign looks like.
const fn latin(c: char) -> char {
    match c {
        'а' | 'α' | '@' | '4' => 'a',
        'е' | 'ε' | '3' => 'e',
        'о' | 'ο' | '0' => 'o',
        'і' | 'ι' | '1' | '!' => 'i',
        'ѕ' | '5' | '$' => 's',
        'р' | 'ρ' => 'p',
        'с' | 'ϲ' => 'c',
        'у' | 'υ' => 'y',
        'к' | 'κ' => 'k',
        'т' | 'τ' => 't',
        'ԝ' => 'w',
        'п' | 'η' => 'n',
        'г' => 'r',
        'ԁ' => 'd',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_72_what_asks_for_a_secret_is_known_by_its_words() {
        for secret in [
            "password",
            "userPassword",
            "Pass-Word",
            "P A S S W O R D",
            "passw\u{f6}rd",
            "pa\u{455}sw\u{43e}rd",
            "p@ssw0rd",
            "ＰＡＳＳＷＯＲＤ",
            "api_key",
            "apiKey",
            "API key",
            "x-api-key",
            "Your PIN",
            "one-time code",
            "token",
            "accessToken",
            "client secret",
            "2FA",
            "your key",
            "Contraseña",
            "Mot de passe",
            "пароль",
            "card number",
            "JWT",
            "session cookie",
        ] {
            assert!(named_in(secret), "{secret}");
        }
        for plain in [
            "name",
            "keyboard",
            "monkey",
            "passenger",
            "compass",
            "opinion",
            "shipping",
            "spinning",
            "Turkey",
            "code",
            "postal code",
            "E-mail",
            "passes",
            "Which colour?",
            "region",
            "How many tickets?",
            "Schlüsselanhänger",
        ] {
            assert!(!named_in(plain), "{plain}");
        }
    }
}
