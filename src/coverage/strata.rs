//! Strata: months and sections in which each route finds posts at a rate of its own.

use std::collections::BTreeMap;

use super::real;
use super::table::Table;

/// Posts of one month and section.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) month: i32,
    pub(super) section: usize,
    pub(super) table: Table,
}

/// A stratum has this many posts or is not made.
const FEWEST: f64 = 40.0;

/// Divides cells wherever the routes' rates differ by more than chance: again and again at the month
/// or by the section that tells most, as a regression tree does (Zeileis, Hothorn and Hornik 2008).
pub(super) fn divide(cells: Vec<Cell>, routes: usize) -> Vec<Table> {
    let mut strata = Vec::new();
    let mut waiting = vec![cells];
    while let Some(cells) = waiting.pop() {
        match best_cut(&cells, routes) {
            Some(is_left) => {
                let (left, right) = cells.into_iter().partition(|cell| is_left.holds(cell));
                waiting.extend([left, right]);
            }
            None => strata.push(sum(&cells, routes)),
        }
    }
    strata
}

/// Where cells are cut in two.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Before(i32),
    Section(usize),
}

impl Cut {
    fn holds(self, cell: &Cell) -> bool {
        match self {
            Self::Before(month) => cell.month < month,
            Self::Section(section) => cell.section == section,
        }
    }
}

fn sum<'a>(cells: impl IntoIterator<Item = &'a Cell>, routes: usize) -> Table {
    let mut sum = Table::new(routes);
    for cell in cells {
        sum.add(&cell.table);
    }
    sum
}

fn best_cut(cells: &[Cell], routes: usize) -> Option<Cut> {
    let whole = sum(cells, routes);
    if whole.found() < 2.0 * FEWEST {
        return None;
    }
    let likelihood = whole.log_likelihood();
    let parts = parts(cells, routes);
    let candidates = real(parts.len()).max(1.0);
    let needed = 2.0 * real(routes) + 6.0 + 2.0 * candidates.ln();
    let gain = |left: &Table| {
        let mut right = whole.clone();
        right.subtract(left);
        if left.found() < FEWEST || right.found() < FEWEST {
            return None;
        }
        Some(2.0 * (left.log_likelihood() + right.log_likelihood() - likelihood))
    };
    let best = parts.iter().filter_map(|(cut, left)| Some((*cut, gain(left)?)));
    let (cut, gain) = best.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (gain > needed).then_some(cut)
}

/// All cuts, with the table of their left side.
fn parts(cells: &[Cell], routes: usize) -> Vec<(Cut, Table)> {
    let mut by_month: BTreeMap<i32, Table> = BTreeMap::new();
    let mut by_section: BTreeMap<usize, Table> = BTreeMap::new();
    for cell in cells {
        by_month.entry(cell.month).or_insert_with(|| Table::new(routes)).add(&cell.table);
        by_section.entry(cell.section).or_insert_with(|| Table::new(routes)).add(&cell.table);
    }
    let mut parts = Vec::new();
    let mut before = Table::new(routes);
    for (earlier, month) in by_month.values().zip(by_month.keys().skip(1)) {
        before.add(earlier);
        parts.push((Cut::Before(*month), before.clone()));
    }
    if by_section.len() > 1 {
        parts.extend(by_section.into_iter().map(|(section, table)| (Cut::Section(section), table)));
    }
    parts
}
