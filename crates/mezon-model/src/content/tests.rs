use proptest::prelude::*;

use super::*;
use crate::draft::{CONTENT_LIMIT, Draft, DraftError};
use crate::id::{ChannelId, EmojiId, RoleId, UserId};

fn spans(content: &MessageContent) -> Vec<&str> {
    content.links().iter().map(|span| span.slice(content.as_text()).unwrap()).collect()
}

fn linked(text: &str) -> Vec<String> {
    let mut content = MessageContent::text(text);
    content.mark_links();
    spans(&content).into_iter().map(str::to_owned).collect()
}

#[test]
fn plain_text_is_one_key() {
    assert_eq!(MessageContent::text("hi").to_json(), r#"{"t":"hi"}"#);
    assert_eq!(MessageContent::text("").to_json(), r#"{"t":""}"#);
    assert_eq!(MessageContent::text("a\"\\\n\u{1}😀/").to_json(), r#"{"t":"a\"\\\n\u0001😀/"}"#);
}

#[test]
fn every_inbound_form_keeps_its_text() {
    let forms = [
        // As sent by current clients.
        (r#"{"t":"hi"}"#, "hi"),
        (" { \"t\" : \"hi\" } ", "hi"),
        // A string literal, raw text, and what looks like nothing.
        (r#""hi""#, "hi"),
        (r#""two\nlines""#, "two\nlines"),
        ("hi there", "hi there"),
        ("  spaces kept ", "  spaces kept "),
        ("", ""),
        ("\"\"", ""),
        ("[]", "[]"),
        // JSON that is no content: somebody wrote it as text.
        ("[1,2]", "[1,2]"),
        ("42", "42"),
        ("null", "null"),
        ("true", "true"),
        // Bare line breaks and other control characters inside strings.
        ("{\"t\":\"a\nb\r\nc\td\u{1}\"}", "a\nb\r\nc\td\u{1}"),
        ("{\n  \"t\": \"a\nb\"\n}", "a\nb"),
        ("\"a\nb\"", "a\nb"),
        ("{\"t\":\"say \\\"x\ny\\\"\"}", "say \"x\ny\""),
        ("{\"t\":\"a\\\nb\"}", "a\\\nb"),
        // Cut off, or followed by something.
        (r#"{"t":"hi"#, r#"{"t":"hi"#),
        ("{\"t\":\"hi\n", "{\"t\":\"hi\n"),
        ("{", "{"),
        (r#""hi" he said"#, r#""hi" he said"#),
        (r#"{"t":"a"}{"t":"b"}"#, r#"{"t":"a"}{"t":"b"}"#),
        // `t` of another type, absent, twice.
        (r#"{"t":5}"#, "5"),
        (r#"{"t":1e400}"#, "1e400"),
        (r#"{"t":["a"]}"#, r#"["a"]"#),
        (r#"{"t":{"a":1}}"#, r#"{"a":1}"#),
        (r#"{"t":false}"#, "false"),
        (r#"{"t":null}"#, ""),
        (r#"{"embed":[]}"#, ""),
        ("{}", ""),
        (r#"{"t":"first","t":"last"}"#, "last"),
        // Half a surrogate pair is one unit wide, before and after.
        (r#"{"t":"a\ud83dz"}"#, "a\u{fffd}z"),
        (r#"{"t":"\udc00\ud83d\ude00"}"#, "\u{fffd}😀"),
    ];
    for (raw, text) in forms {
        let content = MessageContent::parse(raw);
        assert_eq!(content.as_text(), text, "{raw:?}");
        assert_eq!(text_in(raw), text, "{raw:?}");
        let again = MessageContent::parse(&content.to_json());
        assert_eq!(again.as_text(), text, "{raw:?} after a round trip");
    }
}

#[test]
fn unknown_keys_keep_their_order_and_their_json() {
    let raw = r#"{"zz":1.50,"t":"hi","aa":{"b":12345678901234567890123,"a":[1e2]},"poll":null,"zz":"\u00e9\ud800"}"#;
    let content = MessageContent::parse(raw);
    assert_eq!(content.to_json(), raw);
    assert_eq!(content.keys().collect::<Vec<_>>(), ["zz", "t", "aa", "poll", "zz"]);
    assert_eq!(content.raw("aa"), Some(r#"{"b":12345678901234567890123,"a":[1e2]}"#));
    assert_eq!(content.raw("poll"), Some("null"));
    assert_eq!(content.raw("none"), None);
    assert_eq!(serde_json::to_string(&content).unwrap(), raw);
}

#[test]
fn the_text_changes_in_place() {
    let mut content = MessageContent::parse(r#"{"a":1,"t":"old","b":2}"#);
    content.set_text("new");
    assert_eq!(content.to_json(), r#"{"a":1,"t":"new","b":2}"#);
    assert_eq!(content.as_text(), "new");
    content.set("t", "newer").unwrap();
    assert_eq!(content.as_text(), "newer");
}

#[test]
fn other_keys_can_be_set_and_read() {
    let mut content = MessageContent::text("hi");
    content.set("embed", &[("title", 1)]).unwrap();
    assert_eq!(content.to_json(), r#"{"t":"hi","embed":[["title",1]]}"#);
    assert_eq!(content.get::<Vec<(String, u8)>>("embed"), Some(vec![("title".to_owned(), 1)]));
    assert_eq!(content.get::<u8>("embed"), None);

    let no_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = content.set("bad", &no_json).unwrap_err();
    assert_eq!(error.to_string(), "the value for the key \"bad\" of a message cannot be written as JSON");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(content.raw("bad"), None);
}

#[test]
fn marks_are_read_with_what_is_wrong_left_out() {
    let content = MessageContent::parse(
        r##"{"t":"#c :e: https://a.b code","hg":[{"channelId":"5","s":0,"e":2},{"channelid":6,"s":0,"e":2},{"s":0,"e":1},
        {"channel_id":"8","channelId":"7","s":0,"e":2},{"channelId":"","channelid":9,"e":2},{"channelId":"x","e":2}],
        "ej":[{"emojiid":"7","s":3,"e":6},null,{"emojiId":3,"emoji_id":2,"e":1}],"lk":[{"s":7,"e":18},{"s":-1,"e":4},{"s":1.5,"e":2},"x"],
        "mk":[{"type":"c","s":19,"e":23},{"type":"new","s":0,"e":1,"extra":[]},{"type":5,"s":0,"e":1},
              {"type":"pre","e":2,"language":"rust"},{"type":"lk_yt","s":7,"e":18}],"vk":"no list"}"##,
    );
    let text = content.as_text();
    let channels: Vec<_> = content.hashtags().iter().map(|mark| mark.channel_id.get()).collect();
    assert_eq!(channels, [5, 6, 7, 9], "with several spellings, the first that is an id counts");
    assert_eq!(content.emojis().len(), 2);
    assert_eq!(content.emojis()[1].emoji_id, EmojiId::new(3));
    assert_eq!(content.emojis()[0].emoji_id, EmojiId::new(7));
    assert_eq!(content.emojis()[0].span.slice(text), Some(":e:"));
    assert_eq!(spans(&content), ["https://a.b", "https://a.b"]);
    let kinds: Vec<_> = content.marks().into_iter().map(|mark| mark.kind).collect();
    let expected = [MarkKind::Code, MarkKind::Other("new".to_owned()), MarkKind::CodeBlock, MarkKind::YouTubeLink];
    assert_eq!(kinds, expected);
    assert_eq!(content.marks()[0].span.slice(text), Some("code"));
    assert_eq!(content.marks()[2].span, Span::new(0, 2));
    assert_eq!(content.marks()[2].language.as_deref(), Some("rust"));
    assert_eq!(content.voice_links(), []);

    for raw in [r#"{"t":"x","lk":5,"mk":{},"hg":"","ej":null,"vk":[[]]}"#, "{}", "x"] {
        let content = MessageContent::parse(raw);
        assert!(content.links().is_empty() && content.marks().is_empty() && content.hashtags().is_empty());
        assert!(content.emojis().is_empty() && content.voice_links().is_empty());
    }
}

#[test]
fn mark_kinds_survive_by_name() {
    for name in ["pre", "c", "t", "s", "b", "lk", "vk", "lk_yt", "lk_fb", "lk_tt", "lk_ogp", "later"] {
        let kind = MarkKind::from_name(name);
        assert_eq!(kind.name(), name);
        assert_eq!(matches!(kind, MarkKind::Other(_)), name == "later");
    }
}

#[test]
fn a_span_counts_utf16_and_refuses_what_does_not_fit() {
    let text = "a😀é";
    assert_eq!(Span::new(0, 4).slice(text), Some(text));
    assert_eq!(Span::new(1, 3).slice(text), Some("😀"));
    assert_eq!(Span::new(3, 4).slice(text), Some("é"));
    assert_eq!(Span::new(4, 4).slice(text), Some(""));
    for (start, end) in [(1, 2), (2, 3), (0, 5), (3, 1), (5, 5), (0, u32::MAX)] {
        assert_eq!(Span::new(start, end).slice(text), None, "{start}..{end}");
    }
}

#[test]
fn the_builder_writes_every_mark() {
    let draft = MessageContent::builder()
        .text("😀 ")
        .mention_user(UserId::new(1), "an")
        .text(" ")
        .mention_role(RoleId::new(2), "team")
        .text(" ")
        .hashtag(ChannelId::new(3), "general")
        .emoji(EmojiId::new(4), ":ok:")
        .link("https://a.b")
        .bold("B")
        .code("c()")
        .code_block("rust", "fn main() {}")
        .code_block("", "x")
        .bold("")
        .build();
    let text = "😀 @an @team #general:ok:https://a.bBc()fn main() {}x";
    assert_eq!(draft.content.as_text(), text);
    assert_eq!(
        draft.content.to_json(),
        format!(
            concat!(
                r#"{{"t":"{}","hg":[{{"channelId":"3","s":13,"e":21}}],"ej":[{{"emojiid":"4","s":21,"e":25}}],"#,
                r#""lk":[{{"s":25,"e":36}}],"mk":[{{"type":"b","s":36,"e":37}},{{"type":"c","s":37,"e":40}},"#,
                r#"{{"type":"pre","s":40,"e":52,"language":"rust"}},{{"type":"pre","s":52,"e":53}}]}}"#,
            ),
            text
        )
    );
    let named: Vec<_> = draft.mentions.iter().map(|mention| mention.span().slice(text).unwrap()).collect();
    assert_eq!(named, ["@an", "@team"]);
    assert_eq!((draft.mentions[0].user_id, draft.mentions[0].username.as_str()), (UserId::new(1), "an"));
    assert_eq!((draft.mentions[1].role_id, draft.mentions[1].rolename.as_str()), (RoleId::new(2), "team"));
    assert!(draft.mentions[1].user_id.is_none());
}

#[test]
fn links_end_where_the_address_ends() {
    let cases: [(&str, &[&str]); 19] = [
        ("https://mezon.ai", &["https://mezon.ai"]),
        ("go to http://a.b/c?d=e&f=g#h, now.", &["http://a.b/c?d=e&f=g#h"]),
        ("(see https://a.b/x)", &["https://a.b/x"]),
        ("https://a.b/wiki/X_(y)", &["https://a.b/wiki/X_(y)"]),
        ("(https://a.b/wiki/X_(y)).", &["https://a.b/wiki/X_(y)"]),
        ("[https://a.b]!?", &["https://a.b"]),
        ("<https://a.b>", &["https://a.b"]),
        ("\"https://a.b\"", &["https://a.b"]),
        ("HTTPS://A.B and hTTp://c", &["HTTPS://A.B", "hTTp://c"]),
        ("http://[::1]:80/x", &["http://[::1]:80/x"]),
        ("看https://a.b/路，好。", &["https://a.b/路"]),
        ("https://a.b/…", &["https://a.b/"]),
        ("https://", &[]),
        ("http://.", &[]),
        ("http:// x", &[]),
        ("xhttps://a.b", &[]),
        ("ftp://a.b www.a.b mailto:a@b.c", &[]),
        ("http://a\nhttp://b\thttp://c", &["http://a", "http://b", "http://c"]),
        ("hhttp http://.http://a", &["http://a"]),
    ];
    for (text, expected) in cases {
        assert_eq!(linked(text), expected, "{text}");
    }
}

#[test]
fn links_are_counted_in_utf16() {
    let mut content = MessageContent::text("😀😀 https://a.b 😀");
    content.mark_links();
    assert_eq!(content.links(), [Span::new(5, 16)]);
}

#[test]
fn links_leave_other_marks_alone() {
    let mut draft = MessageContent::builder()
        .code("curl https://a.b")
        .text(" https://c.d ")
        .link("https://e.f")
        .text(" ")
        .mention_user(UserId::new(1), "https://g.h")
        .build();
    draft.mark_links();
    assert_eq!(spans(&draft.content), ["https://e.f", "https://c.d"]);
    let once = draft.clone();
    draft.mark_links();
    assert_eq!(draft, once);
}

#[test]
fn marking_links_keeps_the_links_that_are_there() {
    let mut content = MessageContent::parse(r#"{"t":"a https://b.c","lk":[{"s":0,"e":1,"note":"x"}],"z":1}"#);
    content.mark_links();
    assert_eq!(content.to_json(), r#"{"t":"a https://b.c","lk":[{"s":0,"e":1,"note":"x"},{"s":2,"e":13}],"z":1}"#);
    // Nothing found, nothing touched.
    let mut content = MessageContent::parse(r#"{"t":"a","lk":"odd"}"#);
    content.mark_links();
    assert_eq!(content.to_json(), r#"{"t":"a","lk":"odd"}"#);
}

#[test]
fn the_limit_counts_utf16_units_of_the_json() {
    let frame = r#"{"t":""}"#.len();
    let fits = "x".repeat(CONTENT_LIMIT - frame);
    assert!(Draft::from(fits.as_str()).check().is_ok());
    let error = Draft::from(format!("{fits}y")).check().unwrap_err();
    assert_eq!(error, DraftError::ContentTooLong { units: CONTENT_LIMIT + 1, limit: CONTENT_LIMIT });

    // An astral character is two units, whatever its bytes; an escape is as long as it is written.
    assert!(Draft::from("😀".repeat((CONTENT_LIMIT - frame) / 2)).check().is_ok());
    assert!(Draft::from("é".repeat(CONTENT_LIMIT - frame)).check().is_ok());
    assert!(Draft::from("\n".repeat(CONTENT_LIMIT / 2)).check().is_err());
}

#[test]
fn the_json_of_a_text_is_kept_and_tells_contents_apart() {
    let plain = MessageContent::text("A/");
    for raw in [r#"{"t":"A/"}"#, "{ \"t\" : \"A/\" }", r#"{"\u0074":"A/"}"#, r#""A/""#, "A/"] {
        let content = MessageContent::parse(raw);
        assert_eq!(content, plain, "{raw}");
        assert_eq!(content.to_json(), r#"{"t":"A/"}"#);
        assert_eq!(content.raw("t"), Some(r#""A/""#));
    }
    // The same text in other JSON is not the same content.
    for raw in [r#"{"t":"\u0041/"}"#, r#"{"t":"A\/"}"#, r#"{"t":"A/","t":"A/"}"#, r#"{"t":"A/","a":1}"#] {
        let content = MessageContent::parse(raw);
        assert_eq!(content.as_text(), "A/");
        assert_ne!(content, plain);
        assert_eq!(content.to_json(), raw);
        assert_eq!(serde_json::to_string(&content).unwrap(), raw);
        assert_eq!(format!("{content:?}"), format!("MessageContent({raw})"));
    }
    let mut content = MessageContent::parse(r#"{"t":"\u0041/"}"#);
    content.set_text("A/");
    assert_eq!(content, plain);
}

#[test]
fn a_content_without_keys_is_an_empty_object() {
    let mut content = MessageContent::default();
    assert_eq!(content, MessageContent::parse("{}"));
    assert_eq!((content.to_json().as_str(), content.as_text(), content.keys().count()), ("{}", "", 0));
    assert_eq!(content.raw("t"), None);
    content.set_text("a\nb");
    assert_eq!(content, MessageContent::text("a\nb"));
    assert_eq!(content.keys().collect::<Vec<_>>(), ["t"]);
}

#[test]
fn keys_with_escapes_are_decoded_and_written_again() {
    let raw = r#"{"a\"\n":1,"t":"x","\u0061":2,"":3}"#;
    let mut content = MessageContent::parse(raw);
    assert_eq!(content.keys().collect::<Vec<_>>(), ["a\"\n", "t", "a", ""]);
    assert_eq!(content.raw("a\"\n"), Some("1"));
    assert_eq!(content.raw(""), Some("3"));
    content.set("a\"\n", &"new").unwrap();
    assert_eq!(content.to_json(), r#"{"a\"\n":"new","t":"x","a":2,"":3}"#);
    assert_eq!(content.as_text(), "x");
}

#[test]
fn deep_and_wide_input_is_survived() {
    let brackets = "[".repeat(100_000) + &"]".repeat(100_000);
    let deep = format!(r#"{{"t":"x","mk":{brackets}}}"#);
    let content = MessageContent::parse(&deep);
    assert_eq!(content.as_text(), "x");
    assert!(content.marks().is_empty());
    assert!(content.to_json() == format!(r#"{{"t":"x","mk":"{brackets}"}}"#), "the value is kept as text");
    assert_eq!(text_in(&deep), "x");
    assert_eq!(linked(&"http://.".repeat(100_000)), Vec::<String>::new());
    assert_eq!(linked(&format!("http://a{}", ")".repeat(100_000))), ["http://a"]);
}

/// A piece for the builder.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Bold(String),
    Code(String),
    Block(String),
    Link(String),
    User(String),
    Role(String),
    Hashtag(String),
    Emoji(String),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let text = "[a-z😀é\n\"\\\\ ]{0,6}";
    let piece = prop_oneof![
        text.prop_map(Piece::Text),
        text.prop_map(Piece::Bold),
        text.prop_map(Piece::Code),
        text.prop_map(Piece::Block),
        text.prop_map(Piece::Link),
        text.prop_map(Piece::User),
        text.prop_map(Piece::Role),
        text.prop_map(Piece::Hashtag),
        text.prop_map(Piece::Emoji),
    ];
    proptest::collection::vec(piece, 0..12)
}

/// The text between two UTF-16 offsets, the way JavaScript takes it.
fn utf16_slice(text: &str, span: Span) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    String::from_utf16(&units[span.start as usize..span.end as usize]).unwrap()
}

proptest! {
    #[test]
    fn any_text_is_kept(raw: String) {
        let content = MessageContent::parse(&raw);
        if !raw.trim_ascii_start().starts_with(['{', '"']) {
            prop_assert_eq!(content.as_text(), raw.as_str());
        }
        let again = MessageContent::parse(&content.to_json());
        prop_assert_eq!(again, content);
    }

    #[test]
    fn text_survives_as_object_and_as_string(text: String) {
        let content = MessageContent::text(text.as_str());
        prop_assert_eq!(MessageContent::parse(&content.to_json()), content);
        let literal = serde_json::to_string(&text).unwrap();
        let parsed = MessageContent::parse(&literal);
        prop_assert_eq!(parsed.as_text(), text.as_str());
    }

    #[test]
    fn nothing_that_looks_like_json_panics(raw in r#"[{}\[\]",:tlkmse\\0-9udn\n \-.]{0,60}"#) {
        let content = MessageContent::parse(&raw);
        let (_, _, _) = (content.links(), content.marks(), content.hashtags());
        let mut marked = content.clone();
        marked.mark_links();
        prop_assert_eq!(marked.as_text(), content.as_text());
        prop_assert_eq!(MessageContent::parse(&marked.to_json()), marked);
    }

    #[test]
    fn bare_line_breaks_are_mended(text in "[a-z\n\r\t\"\\\\😀]{0,20}") {
        // What a client does that escapes quotes and backslashes, but no line breaks.
        let sloppy = format!("{{\"t\":\"{}\"}}", text.replace('\\', "\\\\").replace('"', "\\\""));
        let content = MessageContent::parse(&sloppy);
        prop_assert_eq!(content.as_text(), text.as_str());
    }

    #[test]
    fn offsets_always_point_at_the_marked_text(pieces in pieces()) {
        let mut builder = MessageContent::builder();
        let mut expected: Vec<String> = Vec::new();
        for piece in pieces {
            let marked = match &piece {
                Piece::Text(_) => String::new(),
                Piece::User(name) | Piece::Role(name) => format!("@{name}"),
                Piece::Hashtag(label) => format!("#{label}"),
                Piece::Bold(text) | Piece::Code(text) | Piece::Block(text) | Piece::Link(text) | Piece::Emoji(text) => {
                    text.clone()
                }
            };
            expected.extend(Some(marked).filter(|text| !text.is_empty()));
            builder = match piece {
                Piece::Text(text) => builder.text(&text),
                Piece::Bold(text) => builder.bold(&text),
                Piece::Code(text) => builder.code(&text),
                Piece::Block(text) => builder.code_block("rust", &text),
                Piece::Link(text) => builder.link(&text),
                Piece::User(text) => builder.mention_user(UserId::new(1), &text),
                Piece::Role(text) => builder.mention_role(RoleId::new(2), &text),
                Piece::Hashtag(text) => builder.hashtag(ChannelId::new(3), &text),
                Piece::Emoji(text) => builder.emoji(EmojiId::new(4), &text),
            };
        }
        let draft = builder.build();
        // Read back what goes over the wire.
        let content = MessageContent::parse(&draft.content.to_json());
        let mut spans: Vec<Span> = content.links();
        spans.extend(content.marks().into_iter().map(|mark| mark.span));
        spans.extend(content.hashtags().into_iter().map(|mark| mark.span));
        spans.extend(content.emojis().into_iter().map(|mark| mark.span));
        spans.extend(draft.mentions.iter().map(crate::Mention::span));
        spans.sort_unstable();
        let sliced: Vec<String> = spans.iter().map(|span| utf16_slice(content.as_text(), *span)).collect();
        prop_assert_eq!(&sliced, &expected);
        for (span, text) in spans.iter().zip(&sliced) {
            prop_assert_eq!(span.slice(content.as_text()), Some(text.as_str()));
        }
    }

    #[test]
    fn found_links_are_addresses_and_stay_the_same(text in "(http://|https://|[a-z0-9.,()😀é ]){0,30}") {
        let mut content = MessageContent::text(text);
        content.mark_links();
        for url in spans(&content) {
            prop_assert!(url.starts_with("http://") || url.starts_with("https://"), "{}", url);
            prop_assert!(!url.contains(' ') && !url.ends_with(['.', ',']), "{}", url);
        }
        let once = content.clone();
        content.mark_links();
        prop_assert_eq!(content, once);
    }
}

/// 274 bytes of content ended programs: a message could be written to a string, and not to a JSON value.
#[test]
fn a_content_that_nests_without_end_harms_no_parser() {
    for depth in [64, 65, 127, 128, 5_000, 100_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let value = open.repeat(depth) + "1" + &close.repeat(depth);
            // With a blank and without: two readers.
            for raw in [format!(r#"{{"t":"hi","x":{value}}}"#), format!(r#"{{"t":"hi", "x":{value}}}"#)] {
                let content = MessageContent::parse(&raw);
                assert_eq!(content.as_text(), "hi");
                let kept = content.get::<String>("x");
                assert_eq!(kept, (depth > 64).then(|| value.clone()), "as text, nothing of it lost");
                assert!(serde_json::to_value(&content).is_ok(), "{depth}");
                assert_eq!(MessageContent::parse(&content.to_json()), content);
                let parts = crate::MessageParts { content: raw, ..Default::default() };
                let message = crate::ChannelMessage::from(parts);
                assert!(serde_json::to_value([[[&message]]]).is_ok(), "{depth}");
                assert!(serde_json::to_value(crate::Reference::reply_to(&message)).is_ok());
            }
        }
    }
    // As the text itself, which is shown as its JSON.
    let deep = "[".repeat(200) + &"]".repeat(200);
    let raw = format!(r#"{{"t":{deep}}}"#);
    assert_eq!(MessageContent::parse(&raw).as_text(), deep);
    let parts = crate::MessageParts { content: raw, ..Default::default() };
    assert_eq!(crate::ChannelMessage::from(parts).text(), deep);
}

#[test]
fn brackets_in_texts_are_no_depth() {
    let text = r#"\"[[{"#.repeat(100);
    let content = MessageContent::parse(&format!(r#"{{"t":"","x":["{text}"] }}"#));
    assert_eq!(content.raw("x"), Some(format!(r#"["{text}"]"#).as_str()));
}

#[test]
fn a_value_that_nests_too_deep_is_refused_with_what_to_do() {
    let mut value = serde_json::Value::Null;
    for _ in 0..65 {
        value = serde_json::Value::from(vec![value]);
    }
    let mut content = MessageContent::text("hi");
    let error = content.set("x", &value).unwrap_err().to_string();
    assert!(error.contains("\"x\"") && error.contains("flatten"), "{error}");
    content.set("x", &value[0]).unwrap();
}
