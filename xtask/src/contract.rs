//! Holds `proto/` to the contract: the studied facts about the protocol in `proto/contract/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use protox::prost_reflect::{Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::codegen::{compile, messages, methods, redaction, workspace_root};

/// What is one line of a table: package, message, number, and the rest.
type Rows = BTreeSet<[String; 6]>;

fn pool() -> DescriptorPool {
    compile().unwrap().descriptor_pool()
}

fn is_ours(package: &str) -> bool {
    package.starts_with("mezon.")
}

fn enums(pool: &DescriptorPool) -> Vec<EnumDescriptor> {
    pool.all_enums().filter(|descriptor| is_ours(descriptor.package_name())).collect()
}

/// `Friend.State` of `mezon.api.Friend.State`.
fn local_name(full_name: &str, package: &str) -> String {
    full_name.trim_start_matches(package).trim_start_matches('.').to_owned()
}

fn short_package(package: &str) -> String {
    package.trim_start_matches("mezon.").to_owned()
}

fn table<const COLUMNS: usize>(name: &str) -> Vec<[String; COLUMNS]> {
    let path = workspace_root().join("proto/contract").join(name);
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1);
    rows.map(|row| row.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()).collect()
}

fn type_of(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(descriptor) => descriptor.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

fn label_and_type(field: &FieldDescriptor) -> (String, String) {
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let [key, value] =
            [entry.map_entry_key_field(), entry.map_entry_value_field()].map(|side| type_of(&side.kind()));
        return ("map".to_owned(), format!("map<{key},{value}>"));
    }
    let label = match (field.containing_oneof(), field.cardinality()) {
        (Some(oneof), _) => format!("oneof:{}", oneof.name()),
        (None, Cardinality::Repeated) => "repeated".to_owned(),
        (None, _) => "singular".to_owned(),
    };
    (label, type_of(&field.kind()))
}

fn field_rows(pool: &DescriptorPool) -> Rows {
    let mut rows = Rows::new();
    for message in messages(pool) {
        let package = short_package(message.package_name());
        let name = local_name(message.full_name(), message.package_name());
        if message.fields().len() == 0 {
            rows.insert([package.clone(), name.clone(), String::new(), String::new(), String::new(), String::new()]);
        }
        for field in message.fields() {
            let (label, kind) = label_and_type(&field);
            let number = field.number().to_string();
            rows.insert([package.clone(), name.clone(), number, field.name().to_owned(), label, kind]);
        }
    }
    rows
}

#[test]
fn every_field_is_that_of_the_contract() {
    let contract = Rows::from_iter(table("fields.tsv"));
    let proto = field_rows(&pool());
    let missing: Vec<_> = contract.difference(&proto).collect();
    let surplus: Vec<_> = proto.difference(&contract).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "in the contract, not in proto/: {missing:#?}\nin proto/, not in the contract: {surplus:#?}"
    );
}

#[test]
fn every_enum_value_is_that_of_the_contract() {
    let contract = BTreeSet::from_iter(table::<4>("enums.tsv"));
    let mut proto = BTreeSet::new();
    for descriptor in enums(&pool()) {
        let package = short_package(descriptor.package_name());
        let name = local_name(descriptor.full_name(), descriptor.package_name());
        for value in descriptor.values() {
            proto.insert([package.clone(), name.clone(), value.name().to_owned(), value.number().to_string()]);
        }
    }
    assert_eq!(proto, contract);
}

#[test]
fn every_method_is_that_of_the_contract() {
    let contract = BTreeSet::from_iter(table::<5>("methods.tsv"));
    let subjects = methods::subjects(&pool()).unwrap();
    let listed: Vec<_> = subjects.iter().flat_map(|subject| &subject.methods).collect();
    let proto: BTreeSet<_> = listed
        .iter()
        .map(|method| {
            let index = method.socket_index.map(|index| index.to_string()).unwrap_or_default();
            let [request, response] =
                [method.descriptor.input(), method.descriptor.output()].map(|message| message.full_name().to_owned());
            [method.descriptor.name().to_owned(), request, response, index, method.repeatable.name().to_owned()]
        })
        .collect();
    assert_eq!(proto, contract);
    assert_eq!((listed.len(), proto.len()), (222, 222));
    let constants: BTreeSet<_> = listed.iter().map(|method| method.constant()).collect();
    assert_eq!(constants.len(), 222);
    assert!(listed.iter().all(|method| method.about.ends_with('.')), "a method without a sentence");
}

/// Counted from the descriptor, so that a contract cut short is found.
#[test]
fn the_protocol_is_complete() {
    let pool = pool();
    let messages: Vec<_> = messages(&pool).collect();
    let count = |package| messages.iter().filter(|message| message.package_name() == package).count();
    let fields: usize = messages.iter().map(|message| message.fields().len()).sum();
    assert_eq!((count("mezon.api"), count("mezon.realtime"), messages.len(), fields), (366, 104, 470, 2_163));
    let enums = enums(&pool);
    let values: usize = enums.iter().map(|descriptor| descriptor.values().len()).sum();
    assert_eq!((enums.len(), values), (10, 45));
}

/// A sentence on each message becomes its Rust documentation.
#[test]
fn every_message_and_enum_says_what_it_is_for() {
    let pool = pool();
    let mut silent = Vec::new();
    for (file, path, name) in messages(&pool)
        .map(|message| (message.parent_file(), message.path().to_vec(), message.full_name().to_owned()))
        .chain(enums(&pool).iter().map(|descriptor| {
            (descriptor.parent_file(), descriptor.path().to_vec(), descriptor.full_name().to_owned())
        }))
    {
        let info = file.file_descriptor_proto().source_code_info.clone().unwrap();
        let comment =
            info.location.iter().find(|location| location.path == path).and_then(|it| it.leading_comments.clone());
        if comment.unwrap_or_default().trim().is_empty() {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "no comment: {silent:?}");
}

/// `UserPresence` is written by hand in `mezon-proto`: a change of these fields or of the arms that carry it must be
/// followed in `presence.rs` and `wire/outbound.rs`.
#[test]
fn the_hand_written_message_is_as_expected() {
    let pool = pool();
    let presence = pool.get_message_by_name("mezon.realtime.UserPresence").unwrap();
    let fields: Vec<_> =
        presence.fields().map(|field| (field.number(), field.name().to_owned(), label_and_type(&field).1)).collect();
    let expected = [
        (1, "user_id", "int64"),
        (2, "session_id", "int32"),
        (3, "username", "string"),
        (4, "status", "google.protobuf.StringValue"),
        (5, "is_mobile", "bool"),
        (6, "user_status", "string"),
    ];
    assert_eq!(fields, expected.map(|(number, name, kind)| (number, name.to_owned(), kind.to_owned())));

    let envelope = pool.get_message_by_name("mezon.realtime.Envelope").unwrap();
    let carrying: Vec<_> = envelope
        .fields()
        .filter(
            |arm| matches!(arm.kind(), Kind::Message(message) if reaches(&message, &presence, &mut BTreeSet::new())),
        )
        .map(|arm| arm.name().to_owned())
        .collect();
    let expected = [
        "channel",
        "channel_presence_event",
        "status",
        "status_presence_event",
        "stream_data",
        "stream_presence_event",
    ];
    assert_eq!(carrying, expected);
}

fn reaches(from: &MessageDescriptor, to: &MessageDescriptor, seen: &mut BTreeSet<String>) -> bool {
    from == to
        || seen.insert(from.full_name().to_owned())
            && from.fields().any(|field| matches!(field.kind(), Kind::Message(inner) if reaches(&inner, to, seen)))
}

/// Parts of field names that make a reader ask whether the field is a credential.
const SUSPECT: &[&str] = &[
    "auth",
    "body",
    "credential",
    "hash",
    "json_data",
    "jwt",
    "key",
    "link",
    "login_id",
    "otp",
    "passw",
    "secret",
    "session_id",
    "token",
    "url",
    "vars",
    "web_app",
];

/// Suspect names that are no credentials, reviewed one by one; `*` stands for every message.
const HARMLESS: &[(&str, &str)] = &[
    // Pictures, and addresses of servers and pages that are the same for everybody.
    ("*", "avatar_url"),
    ("*", "image_url"),
    ("*", "app_url"),
    ("*", "short_url"),
    ("Session", "api_url"),
    ("Session", "ws_url"),
    ("Session", "tcp_url"),
    ("ForSaleItem", "preview_url"),
    ("GetKeyServerResp", "url"),
    // Files in the store, by their public address.
    ("MessageAttachment", "url"),
    ("ChannelAttachment", "url"),
    ("ChannelTimelineAttachment", "file_url"),
    ("DirectFcmProto", "attachment_link"),
    ("DirectFcmProto", "link"),
    // Numbers a connection for others to see; admits to nothing, unlike `Session.session_id`.
    ("UserPresence", "session_id"),
    // The text of a push notification.
    ("FcmDataPayload", "body"),
    // Meant to be passed on.
    ("LinkInviteUser", "invite_link"),
    // Flags, amounts, durations and names of methods.
    ("Account", "password_setted"),
    ("UpdateClanWebhookRequest", "reset_token"),
    ("GiveCoffeeEvent", "token_count"),
    ("MezonOauthClient", "access_token_strategy"),
    ("MezonOauthClient", "client_secret_expires_at"),
    ("MezonOauthClient", "token_endpoint_auth_method"),
    ("MezonOauthClient", "token_endpoint_auth_signing_alg"),
    ("MezonOauthClient", "authorization_code_grant_access_token_lifespan"),
    ("MezonOauthClient", "authorization_code_grant_id_token_lifespan"),
    ("MezonOauthClient", "authorization_code_grant_refresh_token_lifespan"),
    ("MezonOauthClient", "client_credentials_grant_access_token_lifespan"),
    ("MezonOauthClient", "implicit_grant_access_token_lifespan"),
    ("MezonOauthClient", "implicit_grant_id_token_lifespan"),
    ("MezonOauthClient", "jwt_bearer_grant_access_token_lifespan"),
    ("MezonOauthClient", "refresh_token_grant_access_token_lifespan"),
    ("MezonOauthClient", "refresh_token_grant_id_token_lifespan"),
    ("MezonOauthClient", "refresh_token_grant_refresh_token_lifespan"),
];

#[test]
fn fields_that_look_like_credentials_are_redacted_or_reviewed() {
    let mut unjudged = Vec::new();
    let mut used = BTreeSet::new();
    for message in messages(&pool()) {
        for field in message.fields() {
            let name = field.name().to_lowercase();
            // The message behind a field answers for itself.
            let holds_value = !matches!(field.kind(), Kind::Message(inner) if is_ours(inner.package_name()));
            if !holds_value || !SUSPECT.iter().any(|part| name.contains(part)) || redaction::is_redacted(&field) {
                continue;
            }
            let verdict = HARMLESS.iter().find(|(of, what)| (*of == "*" || *of == message.name()) && *what == name);
            match verdict {
                Some(verdict) => _ = used.insert(verdict),
                None => unjudged.push(field.full_name().to_owned()),
            }
        }
    }
    assert!(unjudged.is_empty(), "mark with debug_redact or list as harmless: {unjudged:#?}");
    let unused: Vec<_> = HARMLESS.iter().filter(|verdict| !used.contains(verdict)).collect();
    assert!(unused.is_empty(), "no such field is left to judge: {unused:?}");
}

/// What is marked today. A field that loses its mark is noticed here.
#[test]
fn the_redacted_fields_are_those_reviewed() {
    let mut redacted = BTreeMap::<String, Vec<String>>::new();
    for message in redaction::redacted_messages(&pool()) {
        let fields = message.fields().filter(redaction::is_redacted).map(|field| field.name().to_owned()).collect();
        redacted.insert(message.full_name().trim_start_matches("mezon.").to_owned(), fields);
    }
    let lines: Vec<_> = redacted.iter().map(|(message, fields)| format!("{message}: {}", fields.join(" "))).collect();
    let reviewed = fs::read_to_string(workspace_root().join("proto/contract/redacted.txt")).unwrap();
    assert_eq!(lines, reviewed.lines().collect::<Vec<_>>());
}
