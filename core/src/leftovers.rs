//! What is left in a setting of the way that it came: the quotation marks of a shell, the placeholder of a template, the
//! line break at the end of a file.

const QUOTATION_MARKS: [char; 10] = ['"', '\'', '`', '“', '”', '„', '‘', '’', '«', '»'];

/// A setting without the white space and the invisible letters around it, which copying and files add.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_invisible)
}

/// Returns `true` for what is not seen where a setting is looked at: white space, control characters, and what text editors
/// and web pages add.
pub(crate) fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFD}')
}

/// A setting without the quotation marks around it, if there are any.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    let bare = text.trim_matches(QUOTATION_MARKS);
    (bare.len() < text.len()).then(|| trimmed(bare))
}

/// The reason that a setting cannot be what was meant, if something of the way that it came is left in it.
pub(crate) fn leftover(text: &str) -> Option<&'static str> {
    if unquoted(text).is_some() {
        return Some("it is in quotation marks, which the shell or the .env file has left in it");
    }
    let is_named = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let between = |start, end| text.starts_with(start) && text.ends_with(end) && text.len() > 2;
    if text.contains("${")
        || text.contains("{{")
        || text.contains("$(")
        || text.strip_prefix('$').is_some_and(is_named)
        || between('%', '%')
    {
        return Some("it is the name of a variable, which nobody has replaced by its value");
    }
    if between('<', '>') || between('[', ']') && !text.contains(':') || between('{', '}') {
        return Some("it is a placeholder, which nobody has replaced by a value");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_quotes_variables_and_placeholders_is_told_apart() {
        for (text, word) in [
            ("\"x.example\"", "quotation marks"),
            ("'x.example", "quotation marks"),
            ("“x.example”", "quotation marks"),
            ("${SIGNALWIRE_SPACE}", "variable"),
            ("$SIGNALWIRE_SPACE", "variable"),
            ("%SIGNALWIRE_SPACE%", "variable"),
            ("x.${DOMAIN}", "variable"),
            ("{{ space }}", "variable"),
            ("$(cat token)", "variable"),
            ("<your-space>", "placeholder"),
            ("[your-space]", "placeholder"),
            ("{space}", "placeholder"),
        ] {
            assert!(leftover(text).is_some_and(|reason| reason.contains(word)), "{text}");
        }
        for text in ["x.example", "[::1]", "PT0123", "p4$$word", "$ecret", "a%b", "eyJ.x-y_z", ""] {
            assert_eq!(leftover(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_seen_is_trimmed() {
        assert_eq!(trimmed("\u{feff} x y\r\n\0"), "x y");
        assert_eq!(unquoted("\" x \""), Some("x"));
        assert_eq!(unquoted("x"), None);
    }
}
