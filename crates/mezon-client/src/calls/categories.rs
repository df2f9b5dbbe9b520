//! Categories: the headings under which a clan sorts its channels.

use mezon_api::methods;
use mezon_model::{Category, CategoryId, ClanId};
use mezon_proto::api;

use super::{check, check_clan, check_made, check_name, names, places, subject};
use crate::ClientError;

subject! {
    /// The categories of clans. From [`Client::categories`](crate::Client::categories).
    Categories,
    /// Categories: the headings under which a clan sorts its channels.
    categories
}

impl Categories {
    /// The categories of a clan. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self, clan: ClanId) -> Result<Vec<Category>, ClientError> {
        check_clan(clan)?;
        let request = api::CategoryDesc { clan_id: clan.get(), ..api::CategoryDesc::default() };
        let list = self.api.call(methods::LIST_CATEGORY_DESCS, &request).await?;
        Ok(list.categorydesc.into_iter().map(Category::from).collect())
    }

    /// The category of a clan with this name or id. [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no category or more than one is called so; as [`Categories::list`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, clan: ClanId, name: &str) -> Result<Category, ClientError> {
        let categories = self.list(clan).await?;
        Ok(names::find(name, &categories)?.clone())
    }

    /// Makes a category.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name or the clan of direct conversations, before any request;
    /// [`ClientError::Api`]. When the answer was lost, [`Categories::list`] tells whether the category is there.
    ///
    /// # Cancel safety
    /// A call that is given up may have made the category.
    pub async fn create(&self, clan: ClanId, name: impl Into<String>) -> Result<Category, ClientError> {
        let name = name.into();
        check_clan(clan)?;
        check_name(&name)?;
        let request = api::CreateCategoryDescRequest { category_name: name, clan_id: clan.get() };
        let category = self.api.call(methods::CREATE_CATEGORY_DESC, &request).await?;
        check_made(category.category_id, "the new category has no id")?;
        Ok(category.into())
    }

    /// Gives a category another name.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name or the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have renamed the category. Repeating it does no harm.
    pub async fn rename(&self, clan: ClanId, category: CategoryId, name: impl Into<String>) -> Result<(), ClientError> {
        let name = name.into();
        check_category(clan, category)?;
        check_name(&name)?;
        let request =
            api::UpdateCategoryDescRequest { category_id: category.get(), category_name: name, clan_id: clan.get() };
        Ok(self.api.call(methods::UPDATE_CATEGORY.idempotent(), &request).await?)
    }

    /// Puts the categories of a clan into this order, the first on top.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty list, one that names a category twice or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have ordered the categories. Repeating it does no harm.
    pub async fn order(&self, clan: ClanId, order: &[CategoryId]) -> Result<(), ClientError> {
        let request = order_request(clan, order)?;
        Ok(self.api.call(methods::UPDATE_CATEGORY_ORDER.idempotent(), &request).await?)
    }

    /// Deletes a category.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted the category.
    pub async fn delete(&self, clan: ClanId, category: CategoryId) -> Result<(), ClientError> {
        check_category(clan, category)?;
        let request = api::DeleteCategoryDescRequest {
            category_id: category.get(),
            clan_id: clan.get(),
            ..api::DeleteCategoryDescRequest::default()
        };
        Ok(self.api.call(methods::DELETE_CATEGORY_DESC, &request).await?)
    }
}

fn check_category(clan: ClanId, category: CategoryId) -> Result<(), ClientError> {
    check_clan(clan)?;
    check(!category.is_none(), "the category id 0 is no category")
}

/// Places count from 1: a place of 0 would be one that is left out.
fn order_request(clan: ClanId, order: &[CategoryId]) -> Result<api::UpdateCategoryOrderRequest, ClientError> {
    check_clan(clan)?;
    let places = places(order, "the category id 0 is no category")?;
    let categories = places.map(|(category_id, order)| api::CategoryOrderUpdate { category_id, order }).collect();
    Ok(api::UpdateCategoryOrderRequest { clan_id: clan.get(), categories })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_counts_from_one_and_names_nothing_twice() {
        let ids = |ids: &[i64]| ids.iter().copied().map(CategoryId::new).collect::<Vec<_>>();
        let request = order_request(ClanId::new(7), &ids(&[12, 11])).unwrap();
        let place = |category_id, order| api::CategoryOrderUpdate { category_id, order };
        assert_eq!(
            request,
            api::UpdateCategoryOrderRequest { clan_id: 7, categories: vec![place(12, 1), place(11, 2)] }
        );
        for (clan, order) in [(7, ids(&[])), (7, ids(&[11, 12, 11])), (7, ids(&[0])), (0, ids(&[11]))] {
            let refused = order_request(ClanId::new(clan), &order);
            assert!(matches!(refused, Err(ClientError::InvalidInput { .. })), "{order:?}");
        }
    }
}
