//! The names that prost gives to what is in `.proto` files.

use protox::prost_reflect::MessageDescriptor;

/// The path of a message's type inside `mezon-proto`: `crate::api::FcmTokens` of `mezon.api.FCMTokens`.
pub(super) fn rust_type(message: &MessageDescriptor) -> String {
    match message.full_name() {
        "google.protobuf.Empty" => return "()".to_owned(),
        "google.protobuf.StringValue" => return "String".to_owned(),
        "google.protobuf.BoolValue" => return "bool".to_owned(),
        "google.protobuf.Int32Value" => return "i32".to_owned(),
        "google.protobuf.BytesValue" => return "bytes::Bytes".to_owned(),
        _ => {}
    }
    let mut path = type_name(message.name());
    let mut parent = message.parent_message();
    while let Some(message) = parent {
        path = format!("{}::{path}", snake_case(message.name()));
        parent = message.parent_message();
    }
    format!("crate::{}::{path}", message.package_name().trim_start_matches("mezon."))
}

/// The name prost gives to the type: `FCMTokens` becomes `FcmTokens`.
pub(super) fn type_name(name: &str) -> String {
    let mut words = words(name);
    for word in &mut words {
        *word = word.to_ascii_lowercase();
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    words.concat()
}

/// `list_roles` of `ListRoles`.
pub(super) fn snake_case(name: &str) -> String {
    words(name).join("_").to_ascii_lowercase()
}

/// The words of a name in capitals and small letters, or with underscores between them.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        // Inside a run of capitals only the first starts a word, and the last if a word goes on behind it.
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || letters.get(at + 1).is_some_and(char::is_ascii_lowercase)
            });
        if letter == '_' || starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && letter != '_'
        {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_those_of_prost() {
        for (proto, rust) in [
            ("Session", "Session"),
            ("FCMTokens", "FcmTokens"),
            ("LoginIDResponse", "LoginIdResponse"),
            ("ConfirmLinkMezonOTPData", "ConfirmLinkMezonOtpData"),
            ("SFUSignalingFwd", "SfuSignalingFwd"),
        ] {
            assert_eq!(type_name(proto), rust);
        }
    }

    #[test]
    fn names_are_cut_into_words() {
        for (name, snake) in [
            ("ListRoles", "list_roles"),
            ("GetPubKeys", "get_pub_keys"),
            ("ListChannelUsersUC", "list_channel_users_uc"),
            ("FCMTokens", "fcm_tokens"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
