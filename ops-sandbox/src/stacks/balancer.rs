//! The instances of a service, as far as its balancer asks them.

use super::template::{SIDES, Values, is_sound};

/// Those that are healthy, by the version that they run: the blue side's, and the green side's.
#[derive(Clone, Debug, Default)]
pub(super) struct Balancer {
    sides: [Vec<String>; 2],
    asked: usize,
}

impl Balancer {
    /// Takes out who is of another version than the side shall run, and who is too many. Whether somebody is to come.
    pub(super) fn lower(&mut self, values: &Values, meant: &dyn Fn(&str) -> bool) -> bool {
        let mut to_come = false;
        for (side, up) in SIDES.iter().zip(&mut self.sides).filter(|(side, _)| meant(side.group)) {
            up.retain(|version| version == side.version(values));
            up.truncate(side.size(values));
            to_come |= up.len() < side.size(values);
        }
        to_come
    }

    /// Whether nobody is missing on the side of this group.
    pub(super) fn is_full(&self, values: &Values, group: &str) -> bool {
        SIDES.iter().zip(&self.sides).all(|(side, up)| side.group != group || up.len() >= side.size(values))
    }

    /// Takes in who is missing, where it gets healthy.
    pub(super) fn fill(&mut self, values: &Values, meant: &dyn Fn(&str) -> bool) {
        self.lower(values, meant);
        for (side, up) in SIDES.iter().zip(&mut self.sides).filter(|(side, _)| meant(side.group)) {
            if is_sound(side.version(values)) {
                up.resize(side.size(values), side.version(values).to_owned());
            }
        }
    }

    /// The version that is kept, where somebody still runs it, or else the next one's: one after the other, of both sides in
    /// turn.
    pub(super) fn next(&mut self, kept: Option<&str>) -> Option<String> {
        let [blue, green] = &self.sides;
        let at = |place: usize| blue.get(place).into_iter().chain(green.get(place));
        let all: Vec<&String> = (0..blue.len().max(green.len())).flat_map(at).collect();
        if let Some(version) = all.iter().find(|version| Some(version.as_str()) == kept) {
            return Some((*version).clone());
        }
        let turn = self.asked.checked_rem(all.len())?;
        self.asked += 1;
        all.get(turn).map(|version| (*version).clone())
    }
}
