//! What clients could not show or answer, found before it is sent.

use std::fmt;

use super::{ButtonStyle, Component, ComponentKind, Select, SelectKind};

/// A component that clients could not show, or whose use nobody could tell from another's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComponentError {
    /// The id of the component; empty when that is what is missing.
    pub id: String,
    /// What is wrong with it.
    pub problem: ComponentProblem,
}

/// What is wrong with a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComponentProblem {
    /// It has no id, so a click on it tells nothing.
    NoId,
    /// Another one in the message has the same id.
    DuplicateId,
    /// It is a link without an address.
    NoUrl,
    /// It offers nothing to choose.
    NoOptions,
    /// More has to be chosen than may be, or than there is.
    Options,
}

impl fmt::Display for ComponentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        match self.problem {
            ComponentProblem::NoId => {
                f.write_str("a component has no id: give it one, a click on it tells nothing else")
            }
            ComponentProblem::DuplicateId => {
                write!(f, "two components have the id {id:?}: give each its own, or nobody can tell them apart")
            }
            ComponentProblem::NoUrl => write!(f, "the link button {id:?} has no address: give it a url"),
            ComponentProblem::NoOptions => write!(f, "the component {id:?} offers nothing to choose: give it options"),
            ComponentProblem::Options => write!(
                f,
                "the select box {id:?} wants more options chosen than it allows or has: mend its min_options and max_options"
            ),
        }
    }
}

impl std::error::Error for ComponentError {}

/// Looks at the components of one message as they are put together.
///
/// Only a program that makes components runs this, so only such a program links what knows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checker {
    ids: Vec<String>,
    found: Option<Box<ComponentError>>,
}

impl Checker {
    pub(crate) fn look_at<'a>(&mut self, components: impl IntoIterator<Item = &'a Component>) {
        for component in components {
            let is_taken = !component.id.is_empty() && self.ids.contains(&component.id);
            let problem = problem(component).or(is_taken.then_some(ComponentProblem::DuplicateId));
            if let (Some(problem), None) = (problem, &self.found) {
                self.found = Some(Box::new(ComponentError { id: component.id.clone(), problem }));
            }
            self.ids.push(component.id.clone());
        }
    }

    /// The first thing that was found.
    pub(crate) fn found(self) -> Option<Box<ComponentError>> {
        self.found
    }
}

fn problem(component: &Component) -> Option<ComponentProblem> {
    match &component.kind {
        ComponentKind::Button(button) if button.style == ButtonStyle::Link => {
            button.url.as_deref().is_none_or(str::is_empty).then_some(ComponentProblem::NoUrl)
        }
        // Nothing to use; or of a type that is not known here, and its author knows the rules.
        ComponentKind::Animation(_) | ComponentKind::Grid(_) | ComponentKind::Other(_) => None,
        _ if component.id.is_empty() => Some(ComponentProblem::NoId),
        ComponentKind::Select(select) => select_problem(select),
        ComponentKind::Radio(radio) => radio.options.is_empty().then_some(ComponentProblem::NoOptions),
        _ => None,
    }
}

fn select_problem(select: &Select) -> Option<ComponentProblem> {
    let has_own = select.kind == SelectKind::Text;
    if has_own && select.options.is_empty() {
        return Some(ComponentProblem::NoOptions);
    }
    let least = select.min_options.unwrap_or(0);
    let most = select.max_options.unwrap_or(u32::MAX);
    let there_are = if has_own { u32::try_from(select.options.len()).unwrap_or(u32::MAX) } else { u32::MAX };
    (least > most.min(there_are)).then_some(ComponentProblem::Options)
}
