//! What somebody may have meant by a name that is none.

/// How much alike two names are that could be the same one, mistyped: 1 is the same.
const ALIKE: f64 = 0.8;

/// The one among `names` that is most like `name`, if any is. Capital and small letters count the same.
pub(crate) fn suggest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let rated = names.into_iter().map(|other| (strsim::jaro_winkler(&name, &other.to_lowercase()), other));
    let best = rated.filter(|(alike, _)| *alike >= ALIKE).max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        let names = ["general", "random", "Kế hoạch"];
        assert_eq!(suggest("genral", names), Some("general"));
        assert_eq!(suggest("RANDOM", names), Some("random"));
        assert_eq!(suggest("kế hoach", names), Some("Kế hoạch"));
        assert_eq!(suggest("xyz", names), None);
        assert_eq!(suggest("a", []), None);
    }
}
