//! Scores as nodes.

use super::builder::Builder;
use super::layers::Through;
use super::values::Entered;
use crate::proto::{AttributeProto, DOUBLE};
use crate::{Graph, Loss, Measure, Score};

impl Builder {
    /// The outputs `contributions`, `score` and `flag`.
    pub fn score(&mut self, score: &Score, graph: &Graph, entered: &Entered, through: &Through) {
        let x = entered.flow.value.clone();
        let (y, logits) = (self.rows(&through.end), self.rows(&through.logits));
        let parts = match &score.measure {
            Measure::SquaredError { span } => {
                let error = self.plain("Sub", &[&y, &x]);
                let span = self.float(*span);
                let error = self.plain("Div", &[&error, &span]);
                self.plain("Mul", &[&error, &error])
            }
            Measure::Loss(loss) => self.loss(loss, &x, &y, &logits),
        };
        // What is missing adds nothing.
        let parts = match &entered.missing {
            Some(missing) => {
                let known = self.not_as_float(missing);
                self.plain("Mul", &[&parts, &known])
            }
            None => parts,
        };
        let doubles = self.cast(&parts, DOUBLE);
        let axis = self.ints(&[1]);
        let keep = AttributeProto::int("keepdims", 0);
        let sum = self.node("ReduceSum", &[&doubles, &axis], vec![keep]);
        let limit = self.double(score.limit);
        let flag = self.plain("Greater", &[&sum, &limit]);
        let parts = self.in_outer_order(&parts, &graph.input.order);
        let parts = match graph.input.shape.len() {
            1 => parts,
            _ => self.reshape(&parts, &graph.input.shape),
        };
        self.call(&parts, "contributions");
        self.call(&sum, "score");
        self.call(&flag, "flag");
    }

    fn loss(&mut self, loss: &Loss, x: &str, y: &str, z: &str) -> String {
        let error = |builder: &mut Self| builder.plain("Sub", &[y, x]);
        match loss {
            Loss::Bce => {
                let rest = self.plain("Relu", &[z]);
                let product = self.plain("Mul", &[z, x]);
                let rest = self.plain("Sub", &[&rest, &product]);
                let size = self.plain("Abs", &[z]);
                let softplus = self.log_of_one_and_exp_of_minus(&size);
                self.plain("Add", &[&rest, &softplus])
            }
            Loss::Mse => {
                let error = error(self);
                let square = self.plain("Mul", &[&error, &error]);
                let half = self.float(0.5);
                self.plain("Mul", &[&square, &half])
            }
            Loss::Mae => {
                let error = error(self);
                self.plain("Abs", &[&error])
            }
            Loss::LogCosh => {
                let error = error(self);
                let size = self.plain("Abs", &[&error]);
                let (two, log) = (self.float(2.0), self.float(std::f64::consts::LN_2));
                let twice = self.plain("Mul", &[&size, &two]);
                let softplus = self.log_of_one_and_exp_of_minus(&twice);
                let sum = self.plain("Add", &[&size, &softplus]);
                self.plain("Sub", &[&sum, &log])
            }
            Loss::Correntropy { width } => {
                let error = error(self);
                let square = self.plain("Mul", &[&error, &error]);
                let (rate, one, size) = (
                    self.float(-0.5 / (width * width)),
                    self.float(1.0),
                    self.float(width * width),
                );
                let exponent = self.plain("Mul", &[&square, &rate]);
                let kernel = self.plain("Exp", &[&exponent]);
                let rest = self.plain("Sub", &[&one, &kernel]);
                self.plain("Mul", &[&rest, &size])
            }
        }
    }

    /// ln(1 + e⁻ᵃ) of a number that is not negative.
    fn log_of_one_and_exp_of_minus(&mut self, a: &str) -> String {
        let minus = self.plain("Neg", &[a]);
        self.plain("Softplus", &[&minus])
    }
}
