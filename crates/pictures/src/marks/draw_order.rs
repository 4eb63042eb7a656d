//! The order in which the marks of a cloud are drawn.

/// Indices in an order that mixes classes evenly: member `k` of a class of `n` stands at the share `(k + ½) / n` of the
/// drawing, so that no class covers the others and each keeps its own order. The same for the same classes.
pub(crate) fn interleave(classes: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0usize; classes.iter().max().map_or(0, |most| most + 1)];
    let ranks: Vec<usize> = classes
        .iter()
        .map(|class| {
            sizes[*class] += 1;
            sizes[*class] - 1
        })
        .collect();
    let share = |index: usize| (ranks[index] as f64 + 0.5) / sizes[classes[index]] as f64;
    let mut order: Vec<(f64, usize, usize)> = (0..classes.len())
        .map(|index| (share(index), classes[index], index))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    order.into_iter().map(|(_, _, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(classes: &[usize], order: &[usize]) {
        assert_eq!(interleave(classes), order);
    }

    #[test]
    fn classes_take_turns() {
        check(&[0, 0, 0, 1, 1, 1], &[0, 3, 1, 4, 2, 5]);
        // One of class 1 stands in the middle of four of class 0.
        check(&[1, 0, 0, 0, 0], &[1, 2, 0, 3, 4]);
        check(&[5, 5, 5], &[0, 1, 2]);
        check(&[], &[]);
    }
}
