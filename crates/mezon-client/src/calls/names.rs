//! What somebody means by a name or an id.

use std::fmt;

use mezon_model::{Category, Channel, ChannelType, Clan, Friend, Member, Role, User};
use strsim::levenshtein;

/// How many of the things that share a name an error lists in its text.
const LISTED: usize = 8;

/// Something that people call by a name, and programs by an id.
pub trait Named {
    /// What it is, in one word for people: `channel`.
    const KIND: &'static str;

    /// Its id.
    fn id(&self) -> i64;

    /// The name that nobody else can have, if there is such a name.
    fn unique_name(&self) -> Option<&str> {
        None
    }

    /// What it is called. Empty texts are no names.
    fn names(&self) -> Vec<&str>;

    /// Where it is, to tell it from another one of the same name; may be empty.
    fn place(&self) -> String {
        String::new()
    }
}

/// The one among `all` that `wanted` means: by its id, or else its unique name, or else a name letter by letter, or else a
/// name in capital or small letters. A `#` or `@` before the name means nothing.
///
/// ```
/// use mezon_client::calls::names::{NameErrorKind, find};
/// use mezon_client::mezon_model::Role;
/// # let role = |id: i64, title: &str| {
/// #     mezon_proto::api::Role { id, title: title.into(), ..Default::default() }.into()
/// # };
///
/// let roles: [Role; 3] = [role(7, "Admin"), role(8, "guest"), role(9, "Guest")];
/// assert_eq!(find("admin", &roles)?.id.get(), 7);
/// assert_eq!(find("guest", &roles)?.id.get(), 8);
/// assert_eq!(find("9", &roles)?.title, "Guest");
///
/// let error = find("admim", &roles).unwrap_err();
/// assert_eq!(error.to_string(), r#"no role is called "admim", did you mean "Admin"?"#);
/// let error = find("GUEST", &roles).unwrap_err();
/// assert_eq!(error.to_string(), r#""GUEST" can mean more than one role, use an id: 8 "guest", 9 "Guest""#);
/// # Ok::<(), mezon_client::calls::names::NameError>(())
/// ```
///
/// # Errors
/// [`NameErrorKind::Unknown`] with the name that is nearest; [`NameErrorKind::Ambiguous`] with all that can be meant.
pub fn find<'a, T: Named>(wanted: &str, all: &'a [T]) -> Result<&'a T, NameError> {
    let wanted = wanted.trim();
    let of_number = wanted.parse().ok().and_then(|id: i64| all.iter().find(|item| item.id() == id));
    if let Some(item) = of_number {
        return Ok(item);
    }
    // A name may begin with the sign itself.
    let bare = wanted.strip_prefix(['#', '@']).unwrap_or(wanted);
    for name in [wanted, bare] {
        if let Some(found) = called(name, all) {
            return found.map_err(|candidates| NameError::new::<T>(wanted, NameErrorKind::Ambiguous { candidates }));
        }
    }
    let nearest = nearest(bare, all.iter().flat_map(Named::names)).map(str::to_owned);
    Err(NameError::new::<T>(wanted, NameErrorKind::Unknown { nearest }))
}

/// Looks for `name` in one way after the other. The first that finds anything decides, and more than one found is an error.
fn called<'a, T: Named>(name: &str, all: &'a [T]) -> Option<Result<&'a T, Vec<Candidate>>> {
    if name.is_empty() {
        return None;
    }
    let small = name.to_lowercase();
    let ways: [&dyn Fn(&T) -> bool; 3] =
        [&|item| item.unique_name() == Some(name), &|item| item.names().contains(&name), &|item| {
            item.names().iter().any(|other| other.to_lowercase() == small)
        }];
    for fits in ways {
        let mut found: Vec<&T> = all.iter().filter(|item| fits(item)).collect();
        // The same thing may be listed twice.
        found.sort_by_key(|item| item.id());
        found.dedup_by_key(|item| item.id());
        match found.as_slice() {
            [] => {}
            [one] => return Some(Ok(one)),
            several => return Some(Err(several.iter().map(|item| Candidate::of(*item)).collect())),
        }
    }
    None
}

/// The name that is most like `wanted`, for an error that asks whether it was meant: one that is a slip of the hand away, or
/// that begins like it. Capital and small letters count the same.
///
/// ```
/// use mezon_client::calls::names::nearest;
///
/// assert_eq!(nearest("genral", ["random", "General"]), Some("General"));
/// assert_eq!(nearest("xyz", ["random", "General"]), None);
/// ```
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let length = wanted.chars().count();
    let most = (length / 3).max(1);
    let rated = names.into_iter().filter(|name| length > 0 && !name.is_empty()).filter_map(|name| {
        let small = name.to_lowercase();
        let begins = length > 1 && small.starts_with(&wanted);
        let distance = if begins { most } else { levenshtein(&wanted, &small) };
        (distance <= most).then_some((distance, name))
    });
    rated.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Why a name means nothing, or too much. From [`find`] and the calls that take a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    what: &'static str,
    wanted: String,
    kind: NameErrorKind,
}

/// What is wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameErrorKind {
    /// Nothing has this name or id.
    Unknown {
        /// The name that is most like it, if one is.
        nearest: Option<String>,
    },
    /// More than one thing has this name.
    Ambiguous {
        /// All of them, at least two.
        candidates: Vec<Candidate>,
    },
}

/// One of the things that a name can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its id, which means nothing else.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Where it is; may be empty.
    pub place: String,
}

impl Candidate {
    fn of(item: &impl Named) -> Self {
        let name = item.names().first().map(|name| (*name).to_owned()).unwrap_or_default();
        Self { id: item.id(), name, place: item.place() }
    }
}

impl NameError {
    fn new<T: Named>(wanted: &str, kind: NameErrorKind) -> Self {
        Self { what: T::KIND, wanted: wanted.to_owned(), kind }
    }

    /// What is wrong with the name.
    pub fn kind(&self) -> &NameErrorKind {
        &self.kind
    }

    /// The name that was looked for.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, wanted, kind } = self;
        match kind {
            NameErrorKind::Unknown { nearest } => {
                write!(f, "no {what} is called {wanted:?}")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, ", did you mean {nearest:?}?"))
            }
            NameErrorKind::Ambiguous { candidates } => {
                write!(f, "{wanted:?} can mean more than one {what}, use an id: ")?;
                for (index, Candidate { id, name, place }) in candidates.iter().take(LISTED).enumerate() {
                    write!(f, "{}{id} {name:?}", if index == 0 { "" } else { ", " })?;
                    if !place.is_empty() {
                        write!(f, " in {place:?}")?;
                    }
                }
                let more = candidates.len().saturating_sub(LISTED);
                if more == 0 { Ok(()) } else { write!(f, " and {more} more") }
            }
        }
    }
}

impl std::error::Error for NameError {}

impl Named for Clan {
    const KIND: &'static str = "clan";

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

impl Named for Category {
    const KIND: &'static str = "category";

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

impl Named for Role {
    const KIND: &'static str = "role";

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.title]
    }
}

impl Named for Channel {
    const KIND: &'static str = "channel";

    fn id(&self) -> i64 {
        self.id().get()
    }

    /// The label; a direct conversation is called by the other person as well.
    fn names(&self) -> Vec<&str> {
        let direct = self.kind() == ChannelType::Direct;
        let people = [self.usernames(), self.display_names()].into_iter().filter(|_| direct);
        let people = people.flatten().map(String::as_str);
        [self.label()].into_iter().chain(people).filter(|name| !name.is_empty()).collect()
    }

    fn place(&self) -> String {
        match self.kind() {
            ChannelType::Direct => "direct conversations".to_owned(),
            ChannelType::Group => "group conversations".to_owned(),
            _ => {
                let parts = [self.clan_name(), self.category_name()].into_iter().filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(" / ")
            }
        }
    }
}

impl Named for User {
    const KIND: &'static str = "user";

    fn id(&self) -> i64 {
        self.id.get()
    }

    fn unique_name(&self) -> Option<&str> {
        Some(&self.username)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.username, &self.display_name]
    }
}

impl Named for Member {
    const KIND: &'static str = "member";

    fn id(&self) -> i64 {
        self.user.as_ref().map_or(0, Named::id)
    }

    fn unique_name(&self) -> Option<&str> {
        self.user.as_ref().and_then(Named::unique_name)
    }

    /// The name in the clan as well.
    fn names(&self) -> Vec<&str> {
        self.user.iter().flat_map(Named::names).chain([self.nick.as_str()]).collect()
    }
}

impl Named for Friend {
    const KIND: &'static str = "friend";

    fn id(&self) -> i64 {
        self.user.as_ref().map_or(0, Named::id)
    }

    fn unique_name(&self) -> Option<&str> {
        self.user.as_ref().and_then(Named::unique_name)
    }

    fn names(&self) -> Vec<&str> {
        self.user.iter().flat_map(Named::names).collect()
    }
}

#[cfg(test)]
mod tests {
    use mezon_proto::api;

    use super::*;

    fn channel(id: i64, label: &str, clan: &str) -> Channel {
        let description = api::ChannelDescription {
            channel_id: id,
            channel_label: label.into(),
            clan_name: clan.into(),
            clan_id: i64::from(!clan.is_empty()),
            r#type: if clan.is_empty() { 3 } else { 1 },
            ..Default::default()
        };
        description.into()
    }

    fn member(id: i64, username: &str, display_name: &str, nick: &str) -> Member {
        let user = api::User { id, username: username.into(), display_name: display_name.into(), ..Default::default() };
        api::clan_user_list::ClanUser { user: Some(user), clan_nick: nick.into(), ..Default::default() }.into()
    }

    fn ids(error: &NameError) -> Vec<i64> {
        match error.kind() {
            NameErrorKind::Ambiguous { candidates } => candidates.iter().map(|candidate| candidate.id).collect(),
            NameErrorKind::Unknown { .. } => Vec::new(),
        }
    }

    #[test]
    fn a_name_of_two_channels_lists_both_with_their_places() {
        let channels = [channel(12, "general", "Alpha"), channel(34, "general", "Beta"), channel(5, "General", "Beta")];
        let error = find("#general", &channels).unwrap_err();
        assert_eq!(ids(&error), [12, 34]);
        let text = r##""#general" can mean more than one channel, use an id: 12 "general" in "Alpha", 34 "general" in "Beta""##;
        assert_eq!(error.to_string(), text);
        assert_eq!(find("General", &channels).unwrap().id().get(), 5);
        assert_eq!(find("34", &channels).unwrap().id().get(), 34);
        assert_eq!(ids(&find("GENERAL", &channels).unwrap_err()), [5, 12, 34]);
    }

    #[test]
    fn what_is_listed_twice_is_one_thing() {
        let channels = [channel(12, "general", "Alpha"), channel(12, "general", "Alpha")];
        assert_eq!(find("general", &channels).unwrap().id().get(), 12);
    }

    #[test]
    fn a_sign_before_a_name_means_nothing_unless_the_name_has_it() {
        let channels = [channel(1, "#random", "Alpha"), channel(2, "random", "Alpha"), channel(3, "kế hoạch", "Alpha")];
        assert_eq!(find("#random", &channels).unwrap().id().get(), 1);
        assert_eq!(find("random", &channels).unwrap().id().get(), 2);
        assert_eq!(find(" KẾ HOẠCH ", &channels).unwrap().id().get(), 3);
    }

    #[test]
    fn a_direct_conversation_is_called_by_the_other_person() {
        let description = api::ChannelDescription {
            channel_id: 7,
            r#type: 3,
            usernames: vec!["minh".into()],
            display_names: vec!["Minh Tran".into()],
            ..Default::default()
        };
        let channels = [Channel::from(description), channel(8, "general", "Alpha")];
        assert_eq!(find("@minh", &channels).unwrap().id().get(), 7);
        assert_eq!(find("minh tran", &channels).unwrap().id().get(), 7);
    }

    /// Everybody can call themselves anything, but the user name is of one person.
    #[test]
    fn nobody_is_taken_for_another_by_a_name_they_gave_themselves() {
        let members =
            [member(1, "mallory", "linh", "linh"), member(2, "linh", "Linh Nguyen", ""), member(3, "an", "An", "An")];
        assert_eq!(Named::id(find("@linh", &members).unwrap()), 2);
        assert_eq!(Named::id(find("Linh nguyen", &members).unwrap()), 2);
        assert_eq!(Named::id(find("AN", &members).unwrap()), 3);
        assert_eq!(ids(&find("LINH", &members).unwrap_err()), [1, 2]);
    }

    #[test]
    fn an_unknown_name_comes_with_the_nearest_one() {
        let channels = [channel(1, "general", "Alpha"), channel(2, "random", "Alpha"), channel(3, "", "Alpha")];
        let nearest = |wanted: &str| match find(wanted, &channels).unwrap_err().kind {
            NameErrorKind::Unknown { nearest } => nearest,
            NameErrorKind::Ambiguous { .. } => panic!("{wanted} is no name"),
        };
        assert_eq!(nearest("genral").as_deref(), Some("general"));
        assert_eq!(nearest("RANDOMS").as_deref(), Some("random"));
        assert_eq!(nearest("gen").as_deref(), Some("general"));
        assert_eq!(nearest("#").as_deref(), None);
        assert_eq!((nearest("xyz"), nearest(""), nearest("999")), (None, None, None));
        assert_eq!(find("", &channels).unwrap_err().to_string(), r#"no channel is called """#);
    }

    #[test]
    fn a_text_of_an_error_has_a_bound() {
        let channels: Vec<Channel> = (1..=20).map(|id| channel(id, "general", "")).collect();
        let error = find("general", &channels).unwrap_err();
        assert_eq!(ids(&error).len(), 20);
        assert!(error.to_string().ends_with(r#"8 "general" in "direct conversations" and 12 more"#), "{error}");
    }
}
