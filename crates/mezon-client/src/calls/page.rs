//! Lists that come page by page.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;
use mezon_session::BoxFuture;

use crate::ClientError;

/// How many pages of one list are read at the most: a server may make them up as they are read.
const MAX_PAGES: usize = 1_000;

/// Where a page of a list begins, in the server's own words. It can be kept as text and used later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// The cursor that was kept as `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it, in the order of the server.
    pub items: Vec<T>,
    /// Where the next page begins. `None`: this is the last one.
    pub next: Option<Cursor>,
}

/// A list that is read page by page, as its elements are asked for. A [`Stream`] over the elements.
///
/// It ends after the last element, and after an error; [`Pages::cursor`] tells then where to go on. A list of more than
/// 1,000 pages is cut there, and so is one whose server names the same next page again.
#[must_use = "nothing is read before an element is asked for"]
pub struct Pages<T> {
    read: Box<dyn Fn(Option<Cursor>) -> Reading<T> + Send + Sync>,
    /// What is left of the page that was read last.
    items: vec::IntoIter<T>,
    /// Where the page begins that is read next, or being read.
    cursor: Option<Cursor>,
    reading: Option<Reading<T>>,
    /// How many pages may still be read.
    left: usize,
}

type Reading<T> = BoxFuture<'static, Result<Page<T>, ClientError>>;

impl<T> Pages<T> {
    /// The list whose pages `read` gives: the first one for no cursor.
    pub(super) fn new(read: impl Fn(Option<Cursor>) -> Reading<T> + Send + Sync + 'static) -> Self {
        let items = Vec::new().into_iter();
        Self { read: Box::new(read), items, cursor: None, reading: None, left: MAX_PAGES }
    }

    /// Begins at a page that was kept, not at the first one.
    pub fn starting_at(self, cursor: Cursor) -> Self {
        Self { cursor: Some(cursor), ..self }
    }

    /// Where the page begins that is read next; after an error, the one that could not be read. `None` is the first one,
    /// and the end.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The next element. `None`: the list is over.
    ///
    /// # Errors
    /// Those of the call that reads a page. Nothing comes after it.
    ///
    /// # Cancel safety
    /// Cancel safe: no element is lost, and a page that is being read is waited for by the next call.
    pub async fn next(&mut self) -> Option<Result<T, ClientError>> {
        poll_fn(|context| self.poll_element(context)).await
    }

    /// What is left of the list, in one piece. For lists that are known to be short.
    ///
    /// # Errors
    /// Those of the call that reads a page. What was read before it is gone.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn all(mut self) -> Result<Vec<T>, ClientError> {
        let mut all = Vec::new();
        while let Some(element) = self.next().await {
            all.push(element?);
        }
        Ok(all)
    }

    fn poll_element(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, ClientError>>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            let reading = match &mut self.reading {
                Some(reading) => reading,
                None if self.left == 0 => return Poll::Ready(None),
                None => {
                    self.left -= 1;
                    self.reading.insert((self.read)(self.cursor.clone()))
                }
            };
            let page = ready!(reading.as_mut().poll(context));
            self.reading = None;
            match page {
                Ok(page) => {
                    if page.next.is_none() || page.next == self.cursor {
                        self.left = 0;
                    }
                    self.cursor = page.next;
                    self.items = page.items.into_iter();
                }
                Err(error) => {
                    self.left = 0;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<T: 'static> Pages<T> {
    /// The list whose pages have numbers, from `first` on. A page with less than `limit` elements is the last one.
    pub(super) fn numbered(
        first: u16,
        limit: u8,
        read: impl Fn(u16) -> BoxFuture<'static, Result<Vec<T>, ClientError>> + Send + Sync + 'static,
    ) -> Self {
        Self::new(move |cursor| {
            let page = cursor.map_or(Some(first.max(1)), |cursor| cursor.as_str().parse().ok());
            let reading = page.map(|page| (page, read(page)));
            Box::pin(async move {
                let foreign = ClientError::InvalidInput { problem: "the cursor is not one of this list".into() };
                let (page, reading) = reading.ok_or(foreign)?;
                let items = reading.await?;
                let full = items.len() >= usize::from(limit);
                let next = page.checked_add(1).filter(|_| full).map(|next| Cursor::new(next.to_string()));
                Ok(Page { items, next })
            })
        })
    }

    /// The list whose server says with each page where the next one begins; an empty text after the last one. The first
    /// page is read with an empty text.
    pub(super) fn linked(
        read: impl Fn(String) -> BoxFuture<'static, Result<(Vec<T>, String), ClientError>> + Send + Sync + 'static,
    ) -> Self {
        Self::new(move |cursor| {
            let reading = read(cursor.map(|cursor| cursor.0).unwrap_or_default());
            Box::pin(async move {
                let (items, next) = reading.await?;
                Ok(Page { items, next: Some(next).filter(|next| !next.is_empty()).map(Cursor::new) })
            })
        })
    }
}

// Nothing in it is pinned: the page that is being read is in a box.
impl<T> Unpin for Pages<T> {}

impl<T> Stream for Pages<T> {
    type Item = Result<T, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_element(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("cursor", &self.cursor).field("ready", &self.items.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Pages of two numbers each, up to `last`. Counts what is read.
    fn numbers(last: usize, reads: &Arc<AtomicUsize>) -> Pages<usize> {
        let reads = Arc::clone(reads);
        Pages::new(move |cursor| {
            reads.fetch_add(1, Ordering::Relaxed);
            let first = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
            let next = (first + 2 <= last).then(|| Cursor::new((first + 2).to_string()));
            Box::pin(async move { Ok(Page { items: (first..=last.min(first + 1)).collect(), next }) })
        })
    }

    #[tokio::test]
    async fn pages_are_read_as_their_elements_are_asked_for() {
        let reads = Arc::default();
        let mut pages = numbers(4, &reads);
        assert_eq!(reads.load(Ordering::Relaxed), 0);
        for number in 0..=2 {
            assert_eq!(pages.next().await.unwrap().unwrap(), number);
        }
        assert_eq!((reads.load(Ordering::Relaxed), pages.cursor()), (2, Some(&Cursor::new("4"))));
        assert_eq!(pages.all().await.unwrap(), [3, 4]);
        assert_eq!(numbers(4, &reads).starting_at(Cursor::new("2")).all().await.unwrap(), [2, 3, 4]);
    }

    #[tokio::test]
    async fn a_page_that_is_not_full_is_the_last_one() {
        let read = |page: u16| -> BoxFuture<'static, Result<Vec<u16>, ClientError>> {
            Box::pin(async move { Ok(if page < 3 { vec![page, page] } else { vec![page] }) })
        };
        assert_eq!(Pages::numbered(0, 2, read).all().await.unwrap(), [1, 1, 2, 2, 3]);
        assert_eq!(Pages::numbered(2, 2, read).all().await.unwrap(), [2, 2, 3]);
        assert_eq!(Pages::numbered(1, 2, read).starting_at(Cursor::new("3")).all().await.unwrap(), [3]);
        let foreign = Pages::numbered(1, 2, read).starting_at(Cursor::new("third")).all().await;
        assert!(matches!(foreign, Err(ClientError::InvalidInput { .. })));
    }

    #[tokio::test]
    async fn a_server_that_names_no_next_page_is_done() {
        let pages = Pages::linked(|cursor| {
            Box::pin(async move {
                let next = if cursor.is_empty() { "second" } else { "" };
                Ok((vec![cursor], next.to_owned()))
            })
        });
        assert_eq!(pages.all().await.unwrap(), ["", "second"]);
    }

    #[tokio::test]
    async fn after_an_error_the_cursor_tells_where_to_go_on() {
        let mut pages = Pages::new(|cursor| {
            Box::pin(async move {
                match cursor {
                    None => Ok(Page { items: vec![1], next: Some(Cursor::new("second")) }),
                    Some(_) => Err(ClientError::NotConnected),
                }
            })
        });
        assert_eq!(pages.next().await.unwrap().unwrap(), 1);
        assert!(pages.next().await.unwrap().is_err());
        assert!(pages.next().await.is_none());
        assert_eq!(pages.cursor(), Some(&Cursor::new("second")));
    }

    #[tokio::test]
    async fn a_list_that_never_ends_is_ended() {
        let same = Pages::new(|_| Box::pin(async { Ok(Page { items: vec![()], next: Some(Cursor::new("again")) }) }));
        assert_eq!(same.all().await.unwrap().len(), 2);
        let reads = Arc::default();
        assert_eq!(numbers(usize::MAX, &reads).all().await.unwrap().len(), 2 * MAX_PAGES);
    }
}
