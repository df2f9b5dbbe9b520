//! Names of files: what people see, and what the store takes.

use unicode_segmentation::UnicodeSegmentation as _;

/// The longest name that common file systems take, in bytes.
const MAX_NAME: usize = 255;

/// The longest part behind the last dot that is kept as an extension, in bytes.
const MAX_EXTENSION: usize = 32;

/// The last part of a path of any system, without control characters. Never empty, and at most 255 bytes: of a longer name
/// the part before the extension is shortened, between two characters as people count them.
pub(crate) fn display_name(path: &str) -> String {
    let name: String = last_part(path).chars().filter(|c| !c.is_control()).collect();
    let name = name.trim();
    if matches!(name, "" | "." | "..") {
        return "file".to_owned();
    }
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= MAX_EXTENSION => (stem, extension),
        _ => (name, ""),
    };
    let dot = usize::from(!extension.is_empty());
    let room = MAX_NAME - extension.len() - dot;
    let end =
        stem.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len()).take_while(|end| *end <= room).last();
    let stem = stem.get(..end.unwrap_or(0)).unwrap_or_default().trim_end();
    match (stem, dot) {
        ("", 0) => "file".to_owned(),
        ("", _) => format!("file.{extension}"),
        (stem, 0) => stem.to_owned(),
        (stem, _) => format!("{stem}.{extension}"),
    }
}

/// The name under which the store keeps a file: others than letters, digits, `.` and `_` fail there.
pub(crate) fn stored_name(display_name: &str) -> String {
    let fold = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '_' };
    display_name.chars().map(fold).collect()
}

/// The name in a path of any system.
pub(crate) fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_last_part_of_a_path_is_a_name() {
        for (path, name) in [
            ("/home/linh/plan.pdf", "plan.pdf"),
            (r"C:\Users\linh\plan.pdf", "plan.pdf"),
            ("plan\n.pdf", "plan.pdf"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
        ] {
            assert_eq!(display_name(path), name);
        }
    }

    /// The end was cut off, and the type with it.
    #[test]
    fn a_long_name_keeps_its_extension_and_whole_characters() {
        let name = display_name(&format!("{}.tar.gz", "kỳ nghỉ ".repeat(40)));
        assert!(name.len() <= 255 && name.strip_suffix(".gz").is_some() && name.starts_with("kỳ nghỉ kỳ"), "{name}");
        // A family of four people is one character of 25 bytes.
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        let name = display_name(&(family.repeat(30) + ".png"));
        assert_eq!(name, family.repeat(10) + ".png");
        // An accent of its own stays with its letter.
        let name = display_name(&("a\u{301}".repeat(200) + ".txt"));
        assert_eq!(name, "a\u{301}".repeat(83) + ".txt");
        // A first character that alone is too long leaves the extension, which tells the type.
        assert_eq!(display_name(&("a".to_owned() + &"\u{301}".repeat(200) + ".png")), "file.png");
        let no_extension = format!("a.{}", "x".repeat(300));
        assert_eq!(display_name(&no_extension).len(), 255);
        assert_eq!(display_name(&("ä".repeat(300))).len(), 254);
    }

    #[test]
    fn the_store_gets_a_name_that_it_takes() {
        assert_eq!(stored_name("Kỳ nghỉ (1).tar.gz"), "K__ngh___1_.tar.gz");
        assert_eq!(stored_name("plan_2.pdf"), "plan_2.pdf");
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(path in any::<String>(), times in 1..80_usize) {
            let name = display_name(&path.repeat(times));
            prop_assert!(!name.is_empty() && name.len() <= MAX_NAME);
            prop_assert!(!name.contains(['/', '\\', '\0']) && name != ".." && name != ".");
            let stored = stored_name(&name);
            prop_assert!(stored.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')));
        }
    }
}
