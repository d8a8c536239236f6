//! League tables (排名通报): units in the order of their scores under one scheme, with red and black lists (红黑榜).

use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Name, UnitCode};
use super::quantity::Points;
use super::scoring::Score;
use super::standard::StandardFacts;

crate::choice! {
    /// The list a unit is on.
    pub enum LeagueList {
        /// 红榜
        Red = "red", "红榜";
        /// 黑榜
        Black = "black", "黑榜";
        /// Neither
        Neither = "neither", "不上榜";
    }
}

/// A unit's place in a league table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeagueEntry {
    /// Its rank: one more than the number of units that are better, so that equals share one.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub rank: i32,
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// Its rank a month earlier; null in January, and for a unit that was not there.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub previous_rank: Option<i32>,
    /// How many ranks it rose since then; negative where it fell.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub movement: Option<i32>,
    /// The list it is on.
    pub list: LeagueList,
    /// Its score, every point explained. The rank is that of what is earned for sure.
    pub score: Score,
}

/// A unit with what it earned, and what it had earned a month earlier.
#[derive(Debug, Clone)]
pub struct Contender {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: Name,
    /// Its score.
    pub score: Score,
    /// What it had earned a month earlier.
    pub before: Option<Points>,
}

/// Ranks of points, in their order: one more than the number that are more.
pub fn ranks(points: &[Points]) -> Vec<i32> {
    let mut sorted: Vec<Points> = points.to_vec();
    sorted.sort_unstable();
    let rank = |one: &Points| sorted.len() - sorted.partition_point(|other| other <= one) + 1;
    points.iter().map(|one| i32::try_from(rank(one)).unwrap_or(i32::MAX)).collect()
}

/// The league table of these units: the best first, equals in the order of their codes.
pub fn table(contenders: Vec<Contender>, standard: &StandardFacts) -> Vec<LeagueEntry> {
    let now: Vec<Points> = contenders.iter().map(|one| one.score.earned).collect();
    let (best, worst) = (now.iter().max().copied(), now.iter().min().copied());
    let from_above = ranks(&now);
    let upside_down: Vec<Points> = now.iter().map(|one| Points::ZERO - *one).collect();
    let from_below = ranks(&upside_down);
    let known: Vec<Points> = contenders.iter().filter_map(|one| one.before).collect();
    let mut earlier = ranks(&known).into_iter();
    let mut entries = Vec::with_capacity(contenders.len());
    for ((contender, rank), below) in contenders.into_iter().zip(from_above).zip(from_below) {
        let Contender { unit, name, score, before } = contender;
        let previous_rank = before.and_then(|_| earlier.next());
        // Nobody is first or last among equals.
        let list = if rank <= standard.red_list.number() && Some(score.earned) > worst {
            LeagueList::Red
        } else if below <= standard.black_list.number() && Some(score.earned) < best {
            LeagueList::Black
        } else {
            LeagueList::Neither
        };
        let movement = previous_rank.map(|previous| previous - rank);
        entries.push(LeagueEntry { rank, unit, name, previous_rank, movement, list, score });
    }
    entries.sort_by(|one, other| (one.rank, &one.unit).cmp(&(other.rank, &other.unit)));
    entries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::standard::Bands;

    fn contender(unit: &str, earned: i64, before: Option<i64>) -> Contender {
        let code = "own".parse().unwrap();
        let score = Score { earned: Points::of_hundredths(earned), ..Score::unknown(&code, Bands::NATIONAL) };
        let (unit, name) = (unit.parse().unwrap(), "镇".parse().unwrap());
        Contender { unit, name, score, before: before.map(Points::of_hundredths) }
    }

    #[test]
    fn equals_share_a_rank_and_the_next_is_passed_over() {
        let rows = [("a", 80, Some(1)), ("b", 90, Some(2)), ("c", 80, Some(9)), ("d", 70, None), ("e", 60, Some(2))];
        let table =
            table(rows.map(|(unit, now, before)| contender(unit, now, before)).into(), &StandardFacts::default());
        let read: Vec<_> =
            table.iter().map(|one| (one.unit.as_str(), one.rank, one.previous_rank, one.movement, one.list)).collect();
        assert_eq!(
            read,
            [
                ("b", 1, Some(2), Some(1), LeagueList::Red),
                ("a", 2, Some(4), Some(2), LeagueList::Red),
                ("c", 2, Some(1), Some(-1), LeagueList::Red),
                ("d", 4, None, None, LeagueList::Black),
                ("e", 5, Some(2), Some(-3), LeagueList::Black),
            ]
        );
    }

    #[test]
    fn nobody_is_first_or_last_among_equals() {
        let table = table(["a", "b"].map(|unit| contender(unit, 50, None)).into(), &StandardFacts::default());
        assert!(table.iter().all(|one| one.rank == 1 && one.list == LeagueList::Neither));
    }

    proptest! {
        #[test]
        fn a_table_does_not_depend_on_the_order_of_its_rows(
            points in proptest::collection::vec((0_i64..20, proptest::option::of(0_i64..20)), 1..40),
            turn in any::<prop::sample::Index>()
        ) {
            let mut rows: Vec<_> = points.iter().enumerate()
                .map(|(place, (now, before))| contender(&format!("u{place:03}"), *now, *before))
                .collect();
            let one = table(rows.clone(), &StandardFacts::default());
            let turn = turn.index(rows.len());
            rows.rotate_left(turn);
            rows.reverse();
            prop_assert_eq!(&table(rows, &StandardFacts::default()), &one);
            for pair in one.windows(2) {
                let better = pair[0].score.earned > pair[1].score.earned;
                let in_order = if better { pair[0].rank < pair[1].rank } else { pair[0].rank == pair[1].rank };
                prop_assert!(in_order);
            }
        }
    }
}
