//! Users.

use mezon_proto::api;
use mezon_proto::realtime::UserProfileRedis;
use serde::{Deserialize, Serialize};

use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// Somebody who has signed in, or whom others have named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    /// Empty: the same as the username.
    pub(crate) display_name: String,
    pub(crate) avatar: String,
    pub(crate) about: String,
    /// A word for how reachable the user is, such as `Idle`.
    pub(crate) state: Shown,
    /// Text that the user has written about the moment.
    pub(crate) status: Shown,
    pub(crate) lang_tag: String,
    pub(crate) location: String,
    pub(crate) timezone: String,
    pub(crate) logo: String,
    pub(crate) email: String,
    pub(crate) bot: bool,
    /// False for a user who was only named as a peer so far.
    pub(crate) signed_in: bool,
    pub(crate) created: u32,
}

/// What a user shows for a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// In Unix seconds; 0 for without an end.
    pub(crate) until: u32,
}

impl Shown {
    /// What is shown at the moment of an operation.
    pub(crate) fn at(&self, act: &Act<'_>) -> &str {
        if self.until != 0 && self.until <= act.now() { "" } else { &self.text }
    }
}

impl Record for User {
    const KIND: &'static str = "user";
    /// Clients bring ids of their own.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl User {
    /// The name that people read.
    pub(crate) fn shown_name(&self) -> &str {
        if self.display_name.is_empty() { &self.username } else { &self.display_name }
    }

    /// How events show the user.
    pub(crate) fn profile(&self, act: &Act<'_>) -> UserProfileRedis {
        UserProfileRedis {
            user_id: self.id,
            username: self.username.clone(),
            avatar: self.avatar.clone(),
            display_name: self.shown_name().to_owned(),
            status: self.state.at(act).to_owned(),
            user_status: self.status.at(act).to_owned(),
            online: (act.online)(self.id),
            create_time_second: self.created,
            is_bot: self.bot,
            ..UserProfileRedis::default()
        }
    }

    /// How answers show the user.
    pub(crate) fn described(&self, act: &Act<'_>) -> api::User {
        api::User {
            id: self.id,
            username: self.username.clone(),
            display_name: self.shown_name().to_owned(),
            avatar_url: self.avatar.clone(),
            about_me: self.about.clone(),
            lang_tag: self.lang_tag.clone(),
            location: self.location.clone(),
            timezone: self.timezone.clone(),
            status: self.state.at(act).to_owned(),
            user_status: self.status.at(act).to_owned(),
            online: (act.online)(self.id),
            create_time_seconds: self.created,
            ..api::User::default()
        }
    }
}

impl Town {
    pub(crate) fn user(&self, id: i64) -> Result<&User, Failure> {
        self.users.get(id).ok_or_else(|| Failure::not_found("user not found"))
    }

    pub(crate) fn user_named(&self, username: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == username)
    }

    /// A user who may not have been here yet. Whom others name before they sign in gets a name that says so.
    pub(crate) fn registered(&mut self, act: &Act<'_>, id: i64) -> Result<&User, Failure> {
        if id <= 0 {
            return Err(Failure::not_found("user not found"));
        }
        if !self.users.has(id) {
            let username = format!("user-{id}");
            self.users.put(User { id, username, created: act.now(), ..User::default() });
        }
        self.user(id)
    }
}

/// Who signs in.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignIn {
    /// `None`: the name decides.
    pub(crate) id: Option<i64>,
    /// Empty: the name that is known stays.
    pub(crate) username: String,
    pub(crate) bot: bool,
}

/// Signs a user in; tells whether it is the first time.
pub(crate) fn sign_in(town: &mut Town, act: &Act<'_>, request: SignIn) -> Result<Done<(User, bool)>, Failure> {
    let username = request.username.trim();
    if request.id.is_some_and(|id| id <= 0) || (request.id.is_none() && username.is_empty()) {
        return Err(Failure::invalid("user_id or username is required"));
    }
    let known = request.id.or_else(|| town.user_named(username).map(|user| user.id));
    let mut user = town.registered(act, known.unwrap_or_else(|| act.id()))?.clone();
    let first = !user.signed_in;
    user.signed_in = true;
    user.bot |= request.bot;
    if !username.is_empty() {
        username.clone_into(&mut user.username);
    }
    if town.users.get(user.id) != Some(&user) {
        town.users.put(user.clone());
    }
    Ok(Done::new((user, first)))
}

/// The user of a name, or of an id who has this name from now on: somebody who needs no client.
pub(crate) fn resident(
    town: &mut Town,
    act: &Act<'_>,
    (id, username): (Option<i64>, String),
) -> Result<Done<User>, Failure> {
    let username = super::named(&username, "username")?;
    let known = id.or_else(|| town.user_named(&username).map(|user| user.id));
    let mut user = town.registered(act, known.unwrap_or_else(|| act.id()))?.clone();
    if user.username != username {
        user.username = username;
        town.users.put(user.clone());
    }
    Ok(Done::new(user))
}

/// The account of the caller.
pub(crate) fn account(town: &Town, act: &Act<'_>, (): ()) -> Result<api::Account, Failure> {
    let user = town.user(act.by)?;
    Ok(api::Account {
        user: Some(user.described(act)),
        email: user.email.clone(),
        logo: user.logo.clone(),
        ..api::Account::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn a_name_finds_its_user_and_an_id_renames_one() {
        let mut place = Place::default();
        let by_name = |username: &str| SignIn { username: username.to_owned(), ..SignIn::default() };
        let (an, first) = place.done(1, sign_in, by_name(" an ")).answer;
        assert!(first);
        assert_eq!(an.username, "an");
        let (again, first) = place.done(1, sign_in, by_name("an")).answer;
        assert_eq!((again.id, first), (an.id, false));

        let renamed = SignIn { id: Some(an.id), ..by_name("an2") };
        assert_eq!(place.done(1, sign_in, renamed).answer.0.username, "an2");
        let unnamed = SignIn { id: Some(an.id), ..SignIn::default() };
        assert_eq!(place.done(1, sign_in, unnamed).answer.0.username, "an2");
        place.refused(1, sign_in, by_name(" "), "user_id or username is required");
    }

    #[test]
    fn a_peer_who_was_only_named_signs_in_for_the_first_time() {
        let mut place = Place::default();
        place.dm(1, 2);
        assert_eq!(place.town.user(2).unwrap().username, "user-2");
        let (_, first) = place.done(2, sign_in, SignIn { id: Some(2), ..SignIn::default() }).answer;
        assert!(first);
    }
}
