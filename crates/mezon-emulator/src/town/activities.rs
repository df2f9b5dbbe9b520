//! What users are doing, such as playing a game.

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// What a user is doing. A user does one thing at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Activity {
    pub(crate) user: i64,
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) description: String,
    pub(crate) app: i64,
    pub(crate) status: i32,
    pub(crate) start: u32,
}

impl Record for Activity {
    const KIND: &'static str = "activity";
    /// The key is a user's.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.user.into()
    }
}

impl Activity {
    fn described(&self) -> api::UserActivity {
        api::UserActivity {
            user_id: self.user,
            activity_name: self.name.clone(),
            activity_type: self.kind,
            activity_description: self.description.clone(),
            start_time_seconds: self.start,
            application_id: self.app,
            status: self.status,
            ..api::UserActivity::default()
        }
    }
}

/// What the caller's friends are doing.
pub(crate) fn list(town: &Town, act: &Act<'_>, (): ()) -> Result<api::ListUserActivity, Failure> {
    let activities = town.friends_of(act.by).filter_map(|friend| town.activities.get(friend));
    Ok(api::ListUserActivity { activities: activities.map(Activity::described).collect() })
}

/// The caller begins to do something, in place of what was done before. Without a name the caller does nothing any more.
pub(crate) fn begin(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateActivityRequest,
) -> Result<Done<api::UserActivity>, Failure> {
    let activity = Activity {
        user: act.by,
        name: request.activity_name,
        kind: request.activity_type,
        description: request.activity_description,
        app: request.application_id,
        status: request.status,
        start: if request.start_time_seconds == 0 { act.now() } else { request.start_time_seconds },
    };
    let done = Done::new(activity.described());
    if activity.name.is_empty() {
        town.activities.remove(act.by);
    } else {
        town.activities.put(activity);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::friends;
    use crate::town::testing::Place;

    #[test]
    fn friends_see_what_one_is_doing() {
        let mut place = Place::default();
        let chess = api::CreateActivityRequest { activity_name: "chess".to_owned(), ..Default::default() };
        assert_eq!(place.done(1, begin, chess).answer.start_time_seconds, 1_800_000_000);
        let names = |place: &Place, user| -> Vec<String> {
            place.seen(user, list, ()).activities.into_iter().map(|activity| activity.activity_name).collect()
        };
        assert!(names(&place, 2).is_empty());
        place.done(1, friends::add, api::AddFriendsRequest { ids: vec![2], ..Default::default() });
        place.done(2, friends::add, api::AddFriendsRequest { ids: vec![1], ..Default::default() });
        assert_eq!(names(&place, 2), ["chess"]);
        place.done(1, begin, api::CreateActivityRequest::default());
        assert!(names(&place, 2).is_empty());
    }
}
