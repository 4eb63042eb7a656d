//! Texts at the side of a plot, moved apart.

/// Places texts of height `pitch` as near to `targets` as they can stand without overlap within `[top, bottom]`.
/// Keeps the order of the targets; least squares (pool adjacent violators).
pub(crate) fn dodge(targets: &[f64], pitch: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..targets.len()).collect();
    order.sort_by(|&a, &b| targets[a].total_cmp(&targets[b]));
    // With the pitch taken off, "no overlap" is "does not decrease".
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut block = (targets[index] - rank as f64 * pitch, 1);
        while let Some(&(mean, count)) = blocks.last() {
            if mean <= block.0 {
                break;
            }
            blocks.pop();
            let total = count + block.1;
            block.0 = (mean * count as f64 + block.0 * block.1 as f64) / total as f64;
            block.1 = total;
        }
        blocks.push(block);
    }
    let last = bottom - targets.len().saturating_sub(1) as f64 * pitch;
    let level = blocks
        .iter()
        .flat_map(|&(mean, count)| std::iter::repeat_n(mean, count));
    let mut placed = vec![0.0; targets.len()];
    for (rank, (&index, base)) in order.iter().zip(level).enumerate() {
        placed[index] = base.min(last).max(top) + rank as f64 * pitch;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_texts_stay_and_near_ones_part_evenly() {
        assert_eq!(dodge(&[10.0, 50.0], 12.0, (0.0, 100.0)), [10.0, 50.0]);
        assert_eq!(dodge(&[50.0, 50.0], 12.0, (0.0, 100.0)), [44.0, 56.0]);
        assert_eq!(dodge(&[52.0, 48.0], 12.0, (0.0, 100.0)), [56.0, 44.0]);
        assert_eq!(dodge(&[], 12.0, (0.0, 100.0)), [0.0; 0]);
    }

    #[test]
    fn the_ends_hold() {
        assert_eq!(
            dodge(&[0.0, 1.0, 2.0], 10.0, (5.0, 100.0)),
            [5.0, 15.0, 25.0]
        );
        assert_eq!(dodge(&[99.0, 99.0], 10.0, (0.0, 100.0)), [90.0, 100.0]);
    }
}
