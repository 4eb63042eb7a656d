//! What is added to a reconstruction loss to shape the code or the weights.

use burn::tensor::Tensor;
use espejo_kernels::Inputs;
use espejo_kernels::sums::{column_means, mean};

use crate::criterion::mean_of_sums;
use crate::{Layers, Term, half_squares};

/// Weights of the penalties; a weight of zero leaves its penalty out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalties {
    /// Weight of Σ|code|, mean over the batch.
    pub l1: f64,
    /// Weight of Σ_j KL(ρ ‖ ρ̂_j) in nats, with ρ̂_j the batch mean of code j, in (0, 1) (Ng 2011).
    pub sparsity: f64,
    /// ρ, the mean activity wanted of a code, in (0, 1).
    pub sparsity_target: f64,
    /// Weight of ‖∂code/∂input‖²_F, mean over the batch (Rifai et al. 2011).
    pub contractive: f64,
    /// Weight of ½Σw² over weights; biases are left out.
    pub weight_decay: f64,
}

/// Keeps the logarithms of the sparsity penalty finite when a code unit is dead or saturated.
const ACTIVITY_FLOOR: f64 = 1e-6;

impl Penalties {
    /// The penalties on the code and the encoder, in a fixed order.
    ///
    /// `input` `[batch, pixels]` is what the encoder saw, `code` `[batch, latent]` what it made of it.
    pub fn terms(
        &self,
        encoder: &Layers,
        decoder: &Layers,
        input: impl Into<Inputs>,
        code: impl Into<Inputs>,
    ) -> Vec<Term> {
        let mut terms = Vec::new();
        let code = code.into();
        if self.l1 > 0.0 {
            terms.push(Term::new("l1", self.l1, l1(code.clone().into_tensor())));
        }
        if self.sparsity > 0.0 {
            terms.push(Term::new(
                "sparsity",
                self.sparsity,
                sparsity(code.into_tensor(), self.sparsity_target),
            ));
        }
        if self.contractive > 0.0 {
            terms.push(Term::new(
                "contractive",
                self.contractive,
                contractive(encoder, input.into().into_tensor()),
            ));
        }
        if self.weight_decay > 0.0 {
            let squares = half_squares(encoder.stack().iter().chain(decoder.stack()));
            terms.push(Term::new("weight_decay", self.weight_decay, squares));
        }
        terms
    }
}

/// Σ|code|, mean over the batch: `[1]`.
pub(crate) fn l1(code: Tensor<2>) -> Tensor<1> {
    mean_of_sums(code.abs())
}

/// Σ_j KL(ρ ‖ ρ̂_j) over the batch means ρ̂_j: `[1]`.
pub(crate) fn sparsity(code: Tensor<2>, target: f64) -> Tensor<1> {
    let activity = column_means(code).clamp(ACTIVITY_FLOOR, 1.0 - ACTIVITY_FLOOR); // [1, latent]
    let on = activity.clone().log().mul_scalar(-target);
    let off = (-activity + 1.0).log().mul_scalar(target - 1.0);
    let entropy = target * target.ln() + (1.0 - target) * (1.0 - target).ln();
    (on + off + entropy).sum()
}

/// ‖∂code/∂input‖²_F, mean over the batch: `[1]`.
pub(crate) fn contractive(encoder: &Layers, input: Tensor<2>) -> Tensor<1> {
    mean(encoder.jacobian_norm_squared(input))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// Codes of 10⁷ samples, a tenth and three tenths active: in one running sum these means are 0.1088 and 0.33.
    #[test]
    fn penalties_over_ten_million_samples_are_those_of_double_precision() {
        let rows = 10_000_000;
        let activity = [0.1_f32, 0.3];
        let code: Vec<f32> = activity.iter().copied().cycle().take(2 * rows).collect();
        let code = Tensor::<2>::from_data(TensorData::new(code, [rows, 2]), &Device::flex());
        let target = 0.05_f64;
        let kl = |activity: f32| {
            let activity = f64::from(activity);
            let rest = (1.0 - target) * ((1.0 - target) / (1.0 - activity)).ln();
            target * (target / activity).ln() + rest
        };
        let expected = kl(activity[0]) + kl(activity[1]);
        let found = f64::from(sparsity(code.clone(), target).into_scalar::<f32>());
        assert!((found - expected).abs() < 2e-5, "{found} for {expected}");
        let found = l1(code).into_scalar::<f32>();
        assert!((found - 0.4).abs() < 1e-5, "{found}");
    }
}
