//! Text as text, wherever it comes from.

/// Text within HTML, in elements and in quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No letters of any text, and not allowed in HTML.
            '\0' => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Text within HTML, with what stands between backticks as code.
pub(crate) fn escaped_with_code(text: &str) -> String {
    let mut parts = text.split('`');
    let mut safe = escaped(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => {
                safe += &format!("<code>{}</code>{}", escaped(code), escaped(after));
            }
            // A backtick that stands alone is one.
            None => safe += &format!("`{}", escaped(code)),
        }
    }
    safe
}

/// JSON within a `script` element: nothing in it can end the element or open a comment.
pub(crate) fn json_in_script(value: &serde_json::Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn nothing_leaves_its_attribute_or_element() {
        let hostile = "</td><script>alert('x')</script>\" onload=\"&";
        let expected =
            "&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;&amp;";
        assert_eq!(escaped(hostile), expected);
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let text = "try `--epochs 2000` or `<b>`";
        let expected = "try <code>--epochs 2000</code> or <code>&lt;b&gt;</code>";
        assert_eq!(escaped_with_code(text), expected);
        assert_eq!(escaped_with_code("a ` b"), "a ` b");
        assert_eq!(escaped_with_code(""), "");
    }

    #[test]
    fn json_does_not_end_its_script_and_stays_what_it_is() {
        let value = json!({ "name": "</script><!--<script>", "key\u{2028}": 1 });
        let text = json_in_script(&value);
        assert!(!text.contains('<'), "{text}");
        let back: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back, value);
    }
}
