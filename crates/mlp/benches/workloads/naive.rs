//! The plainest form of a fit, a sample at a time: what the fast one is measured against.

use espejo_mlp::{Activation, Fit, Loss, Net};

/// The summed loss of samples that are their own targets, and its gradient. Tanh, sigmoid, cross-entropy and squares only.
pub fn gradient(fit: &Fit, loss: Loss, at: &[f64], samples: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let samples = samples.chunks_exact(fit.net().inputs());
    samples
        .map(|sample| one(fit.net(), loss, at, sample, gradient))
        .sum()
}

fn one(net: &Net, loss: Loss, at: &[f64], sample: &[f64], gradient: &mut [f64]) -> f64 {
    let mut values = vec![sample.to_vec()];
    let mut begin = 0;
    for layer in net.layers() {
        let (w, rest) = at[begin..].split_at(layer.inputs * layer.outputs);
        let mut out = rest[..layer.outputs].to_vec();
        for (x, row) in values[values.len() - 1]
            .iter()
            .zip(w.chunks_exact(layer.outputs))
        {
            out.iter_mut().zip(row).for_each(|(o, w)| *o += x * w);
        }
        for o in &mut out {
            *o = if layer.activation == Activation::Tanh {
                o.tanh()
            } else {
                1.0 / (1.0 + (-*o).exp())
            };
        }
        values.push(out);
        begin += layer.parameters();
    }
    let (total, mut delta) = score(loss, &values[values.len() - 1], sample);
    for (index, layer) in net.layers().iter().enumerate().rev() {
        begin -= layer.parameters();
        let (input, matrix) = (&values[index], layer.inputs * layer.outputs);
        let (w, g) = (
            &at[begin..][..matrix],
            &mut gradient[begin..][..layer.parameters()],
        );
        for (x, row) in input
            .iter()
            .chain(&[1.0])
            .zip(g.chunks_exact_mut(layer.outputs))
        {
            row.iter_mut().zip(&delta).for_each(|(g, d)| *g += x * d);
        }
        if index > 0 {
            let tanh = net.layers()[index - 1].activation == Activation::Tanh;
            let slope = |y: f64| if tanh { 1.0 - y * y } else { y * (1.0 - y) };
            let dot = |row: &[f64]| row.iter().zip(&delta).map(|(w, d)| w * d).sum::<f64>();
            delta = input
                .iter()
                .zip(w.chunks_exact(layer.outputs))
                .map(|(y, row)| dot(row) * slope(*y))
                .collect();
        }
    }
    total
}

/// The loss of a sample's outputs, sigmoids, and its slopes by what goes into them.
fn score(loss: Loss, outputs: &[f64], targets: &[f64]) -> (f64, Vec<f64>) {
    let mut total = 0.0;
    let slope = |(y, t): (&f64, &f64)| {
        if loss == Loss::Bce {
            total -= t * y.ln() + (1.0 - t) * (1.0 - y).ln();
            y - t
        } else {
            total += 0.5 * (y - t) * (y - t);
            (y - t) * y * (1.0 - y)
        }
    };
    let slopes = outputs.iter().zip(targets).map(slope).collect();
    (total, slopes)
}
