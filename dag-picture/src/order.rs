//! In which order the items of a column stand: so that few arrows cross. Barycentres, a few times to and fro; the best order
//! seen is the one that is kept.

use crate::items::Items;

/// How often the columns are gone through, to and fro.
const SWEEPS: usize = 12;
/// Beyond so many parts of arrows only two sweeps are made: time stays bounded.
const MANY: usize = 60_000;

pub(crate) fn order(items: &mut Items) {
    begin(items);
    let mut best = (crossings(items), items.columns.clone());
    let sweeps = if items.parts.len() > MANY { 2 } else { SWEEPS };
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        go_through(items, sweep % 2 == 0);
        let now = crossings(items);
        if now < best.0 {
            best = (now, items.columns.clone());
        }
    }
    items.columns = best.1;
}

/// To begin with, what hangs together stands together: as it is met when the arrows are followed from the left.
fn begin(items: &mut Items) {
    let mut rank = vec![usize::MAX; items.column.len()];
    let mut next = 0;
    let starts: Vec<usize> =
        items.columns.iter().flatten().copied().filter(|&item| items.left[item].is_empty()).collect();
    for start in starts {
        let mut open = vec![start];
        while let Some(item) = open.pop() {
            if rank[item] != usize::MAX {
                continue;
            }
            rank[item] = next;
            next += 1;
            open.extend(items.right[item].iter().rev());
        }
    }
    for column in &mut items.columns {
        column.sort_by_key(|&item| rank[item]);
    }
}

fn places(items: &Items) -> Vec<usize> {
    let mut place = vec![0; items.column.len()];
    for column in &items.columns {
        for (at, &item) in column.iter().enumerate() {
            place[item] = at;
        }
    }
    place
}

fn go_through(items: &mut Items, to_the_right: bool) {
    let mut place = places(items);
    let width = items.columns.len();
    for step in 0..width {
        let number = if to_the_right { step } else { width - 1 - step };
        let beside = if to_the_right { &items.left } else { &items.right };
        let wish = |item: usize| {
            let those = &beside[item];
            if those.is_empty() {
                return place[item] as f64;
            }
            those.iter().map(|&other| place[other]).sum::<usize>() as f64 / those.len() as f64
        };
        let mut column: Vec<(f64, usize)> = items.columns[number].iter().map(|&item| (wish(item), item)).collect();
        column.sort_by(|a, b| a.0.total_cmp(&b.0));
        items.columns[number] = column.into_iter().map(|(_, item)| item).collect();
        for (at, &item) in items.columns[number].iter().enumerate() {
            place[item] = at;
        }
    }
}

/// How many pairs of arrows cross.
fn crossings(items: &Items) -> usize {
    let place = places(items);
    let mut between: Vec<Vec<(usize, usize)>> = vec![Vec::new(); items.columns.len()];
    for part in &items.parts {
        between[items.column[part.from]].push((place[part.from], place[part.to]));
    }
    let mut all = 0;
    for (number, parts) in between.iter_mut().enumerate() {
        parts.sort_unstable();
        let height = items.columns.get(number + 1).map_or(0, Vec::len);
        // How many ends were seen at each place and above, as a Fenwick tree: pairs are counted without comparing each.
        let mut seen = vec![0_usize; height + 1];
        for (count, &(_, to)) in parts.iter().enumerate() {
            let mut at = to + 1;
            let mut above = 0;
            while at > 0 {
                above += seen[at];
                at &= at - 1;
            }
            all += count - above;
            let mut at = to + 1;
            while at <= height {
                seen[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
    }
    all
}
