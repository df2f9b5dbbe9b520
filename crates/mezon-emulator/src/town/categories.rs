//! Categories: the groups of channels in a clan.

use mezon_proto::api;
use mezon_proto::realtime::CategoryEvent;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Audience, CHANGED, Done, GONE, Key, MADE, Record, Town, named};
use crate::failure::Failure;

/// A group of channels in a clan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Category {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) name: String,
    pub(crate) creator: i64,
    pub(crate) order: i32,
}

impl Record for Category {
    const KIND: &'static str = "category";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Category {
    fn described(&self) -> api::CategoryDesc {
        api::CategoryDesc {
            creator_id: self.creator,
            clan_id: self.clan,
            category_name: self.name.clone(),
            category_id: self.id,
            category_order: self.order,
        }
    }

    fn event(&self, status: i32) -> Message {
        Message::CategoryEvent(CategoryEvent {
            creator_id: self.creator,
            clan_id: self.clan,
            category_name: self.name.clone(),
            id: self.id,
            status,
        })
    }
}

impl Town {
    /// A category of a clan.
    pub(crate) fn category(&self, clan: i64, id: i64) -> Result<&Category, Failure> {
        let found = self.categories.get(id).filter(|category| category.clan == clan);
        found.ok_or_else(|| Failure::not_found("category not found"))
    }

    fn categories_of(&self, clan: i64) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(move |category| category.clan == clan)
    }

    /// The category of channels that name none.
    pub(super) fn first_category(&self, clan: i64) -> i64 {
        self.categories_of(clan).min_by_key(|category| (category.order, category.id)).map_or(0, |first| first.id)
    }
}

/// The categories of a clan, in their order. Of the request only the clan's id counts.
pub(crate) fn list(town: &Town, act: &Act<'_>, request: api::CategoryDesc) -> Result<api::CategoryDescList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let mut categories: Vec<api::CategoryDesc> = town.categories_of(clan).map(Category::described).collect();
    categories.sort_by_key(|category| (category.category_order, category.category_id));
    Ok(api::CategoryDescList { categorydesc: categories })
}

pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateCategoryDescRequest,
) -> Result<Done<api::CategoryDesc>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let name = named(&request.category_name, "category_name")?;
    let last = town.categories_of(clan).map(|category| category.order).max();
    let order = last.map_or(0, |last| last.saturating_add(1));
    let category = Category { id: act.id(), clan, name, creator: act.by, order };
    let done = Done::new(category.described()).push(Audience::Clan(clan), category.event(MADE));
    town.categories.put(category);
    Ok(done)
}

pub(crate) fn update(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateCategoryDescRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let mut category = town.category(clan, request.category_id)?.clone();
    category.name = named(&request.category_name, "category_name")?;
    let done = Done::new(()).push(Audience::Clan(clan), category.event(CHANGED));
    town.categories.put(category);
    Ok(done)
}

/// Deletes a category without channels.
pub(crate) fn delete(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteCategoryDescRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let category = town.category(clan, request.category_id)?.clone();
    if town.channels.iter().any(|channel| channel.category == category.id) {
        return Err(Failure::invalid("the category has channels"));
    }
    town.categories.remove(category.id);
    Ok(Done::new(()).push(Audience::Clan(clan), category.event(GONE)))
}

/// Puts the categories of a clan into another order.
pub(crate) fn reorder(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateCategoryOrderRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let mut done = Done::new(());
    for update in request.categories {
        let mut category = town.category(clan, update.category_id)?.clone();
        category.order = update.order;
        done = done.push(Audience::Clan(clan), category.event(CHANGED));
        town.categories.put(category);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn names(place: &Place, clan: i64) -> Vec<String> {
        let list = place.seen(1, list, api::CategoryDesc { clan_id: clan, ..Default::default() });
        list.categorydesc.into_iter().map(|category| category.category_name).collect()
    }

    #[test]
    fn categories_are_made_renamed_reordered_and_deleted_by_those_who_manage() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let create_it = |name: &str| api::CreateCategoryDescRequest { category_name: name.to_owned(), clan_id: clan };
        place.refused(2, create, create_it("mine"), "permission denied");
        place.refused(1, create, create_it(""), "category_name is required");
        let made = place.done(1, create, create_it("games"));
        let id = made.answer.category_id;
        let status = |done: &Done<()>| match &done.pushes[0].message {
            Message::CategoryEvent(event) => (event.id, event.status),
            other => panic!("{other:?}"),
        };
        assert_eq!(names(&place, clan), ["general", "games"]);

        let update_it =
            api::UpdateCategoryDescRequest { category_id: id, category_name: "play".to_owned(), clan_id: clan };
        assert_eq!(status(&place.done(1, update, update_it)), (id, CHANGED));
        let first = api::CategoryOrderUpdate { category_id: id, order: -1 };
        place.done(1, reorder, api::UpdateCategoryOrderRequest { clan_id: clan, categories: vec![first] });
        assert_eq!(names(&place, clan), ["play", "general"]);

        let delete_it =
            |category_id| api::DeleteCategoryDescRequest { category_id, clan_id: clan, ..Default::default() };
        assert_eq!(status(&place.done(1, delete, delete_it(id))), (id, GONE));
        place.refused(1, delete, delete_it(id), "category not found");
        let full = place.town.first_category(clan);
        place.refused(1, delete, delete_it(full), "the category has channels");
    }

    #[test]
    fn a_category_of_another_clan_is_not_found() {
        let mut place = Place::default();
        let (clan, other) = (place.clan(1, &[]), place.clan(1, &[]));
        let category_id = place.town.first_category(other);
        let request = api::UpdateCategoryDescRequest { category_id, category_name: "x".to_owned(), clan_id: clan };
        place.refused(1, update, request, "category not found");
    }
}
