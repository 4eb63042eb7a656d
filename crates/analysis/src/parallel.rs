//! Work in pieces on all cores, whose results come back in the order of the pieces.

use std::iter::repeat_with;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads work: as many as `RAYON_NUM_THREADS` says, as in the rest of the program, or as this machine runs at once.
pub(crate) fn cores() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok();
        let asked = asked
            .and_then(|text| text.parse().ok())
            .filter(|count| *count > 0);
        asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, Into::into))
    })
}

/// What `work` gives for the places `0..count`, taken in pieces of `piece` places by whichever thread is free, in the order of
/// the places.
///
/// Which thread takes a piece is chance, and must not matter: `work` sees the places of its piece alone.
pub(crate) fn map_pieces<T: Send>(
    count: usize,
    piece: usize,
    threads: usize,
    work: impl Fn(Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let pieces = count.div_ceil(piece);
    let next = AtomicUsize::new(0);
    let take = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        (index < pieces).then(|| (index, work(index * piece..count.min((index + 1) * piece))))
    };
    let take_all = || {
        repeat_with(&take)
            .map_while(|done| done)
            .collect::<Vec<_>>()
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(pieces))
            .map(|_| scope.spawn(take_all))
            .collect();
        let mut done = take_all();
        for other in others {
            done.extend(other.join().expect("work on a piece does not panic"));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().flat_map(|(_, values)| values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_places_with_any_number_of_threads() {
        let squares: Vec<usize> = (0..103).map(|place| place * place).collect();
        for threads in [1, 2, 3, 8] {
            let found = map_pieces(103, 10, threads, |places| {
                places.map(|place| place * place).collect()
            });
            assert_eq!(found, squares, "{threads} threads");
        }
    }

    #[test]
    fn no_places_give_nothing() {
        assert!(map_pieces(0, 10, 4, |places| places.collect()).is_empty());
    }
}
