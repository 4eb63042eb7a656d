//! Values between the units of the user's data and those of the net, as lines of Python.

use super::{list, number};
use crate::{Columns, Graph, Pixels, Signal, Values};

/// What a file with quantiles needs.
const QUANTILES: &str = "
def parts_below(x, knots):
    \"\"\"The part of the knots below each number of a column; of a number that many share the middle of these.\"\"\"
    knots = torch.tensor(knots, dtype=torch.float64, device=x.device)
    last = len(knots) - 1
    x = x.contiguous()
    below = torch.searchsorted(knots, x, right=False)
    behind = torch.searchsorted(knots, x, right=True)
    low, high = knots[(below - 1).clamp(0, last)], knots[below.clamp(0, last)]
    between = below - 1 + (x - low) / (high - low)
    part = torch.where(below < behind, (below + behind - 1) / 2, between) / last
    part = torch.where(x <= knots[0], torch.zeros_like(x), part)
    part = torch.where(x >= knots[last], torch.ones_like(x), part)
    return torch.where(x.isnan(), x, part)


def numbers_at(part, knots):
    \"\"\"The number below which each part of the knots lies.\"\"\"
    knots = torch.tensor(knots, dtype=torch.float64, device=part.device)
    last = len(knots) - 1
    place = part.clamp(0, 1) * last
    below = place.long().clamp(max=last - 1)
    return knots[below] + (knots[below + 1] - knots[below]) * (place - below)

";

/// The lines before the classes.
pub fn constants(graph: &Graph) -> String {
    let signals = [&graph.input]
        .into_iter()
        .chain(graph.outputs.iter().map(|output| &output.signal));
    let each = signals.map(|signal| {
        let name = signal.name.to_uppercase();
        let mut text = String::new();
        if let Values::Columns(Columns {
            shift,
            scale,
            knots,
        }) = &signal.values
        {
            text += &format!("{name}_SHIFT = {}\n", list(shift));
            text += &format!("{name}_SCALE = {}\n", list(scale));
            if knots.iter().any(|knots| !knots.is_empty()) {
                text += &format!("{name}_KNOTS = {}\n", list(knots));
            }
        }
        if !signal.order.is_empty() {
            text += &format!("{name}_ORDER = {}\n", list(&signal.order));
        }
        text
    });
    each.collect()
}

/// The functions before the class.
pub fn helpers(graph: &Graph) -> &'static str {
    let mut signals = [&graph.input]
        .into_iter()
        .chain(graph.outputs.iter().map(|output| &output.signal));
    match signals.any(has_quantiles) {
        true => QUANTILES,
        false => "",
    }
}

fn has_quantiles(signal: &Signal) -> bool {
    matches!(&signal.values, Values::Columns(columns) if !columns.quantiles().is_empty())
}

/// From what comes in to what the net sees, `x`.
pub fn entered(signal: &Signal) -> Vec<String> {
    let name = &signal.name;
    let upper = name.to_uppercase();
    let mut lines = vec![match signal.shape.len() {
        1 => format!("x = {name}"),
        _ => format!("x = {name}.flatten(1)"),
    }];
    match &signal.values {
        Values::Plain => {}
        Values::Columns(columns) => {
            lines.push("rows = x.double()".to_owned());
            lines.push(format!(
                "shift, scale = rows.new_tensor({upper}_SHIFT), rows.new_tensor({upper}_SCALE)"
            ));
            lines.push("x = (rows - shift) / scale".to_owned());
            let places = columns.quantiles();
            if !places.is_empty() {
                lines.push(format!("for place in {}:", list(&places)));
                lines.push(format!(
                    "    x[:, place] = parts_below(rows[:, place], {upper}_KNOTS[place])"
                ));
            }
            lines.push("x = x.float()".to_owned());
        }
        Values::Pixels(pixels) => lines.push(of_pixels(*pixels)),
    }
    if !signal.order.is_empty() {
        lines.push(format!("x = x[:, {upper}_ORDER]"));
    }
    if signal.has_holes {
        lines.push("missing = x.isnan()".to_owned());
        lines.push("x = torch.where(missing, torch.zeros_like(x), x)".to_owned());
    }
    lines
}

fn of_pixels(pixels: Pixels) -> String {
    let Pixels {
        low,
        high,
        steps,
        net_low,
    } = pixels;
    let Some(steps) = steps.map(f64::from) else {
        let span = (1.0 - net_low) / (high - low);
        let start = number(net_low - low * span);
        return format!("x = x * {} + {start}", number(span));
    };
    let (low, span) = (number(low), number(high - low));
    let (size, start) = (number((1.0 - net_low) / steps), number(net_low));
    format!(
        "x = torch.floor(((x.double() - {low}) / {span}).clamp(0, 1) * {} + 0.5).float() * {size} + {start}",
        number(steps)
    )
}

/// From what the net gives, `x`, to what goes out.
pub fn left(signal: &Signal) -> Vec<String> {
    let upper = signal.name.to_uppercase();
    let mut lines = in_outer_order(signal);
    match &signal.values {
        Values::Plain => {}
        Values::Columns(columns) => {
            lines.push("parts = x.double()".to_owned());
            lines.push(format!(
                "shift, scale = parts.new_tensor({upper}_SHIFT), parts.new_tensor({upper}_SCALE)"
            ));
            lines.push("x = parts * scale + shift".to_owned());
            let places = columns.quantiles();
            if !places.is_empty() {
                lines.push(format!("for place in {}:", list(&places)));
                lines.push(format!(
                    "    x[:, place] = numbers_at(parts[:, place], {upper}_KNOTS[place])"
                ));
            }
        }
        Values::Pixels(pixels) => {
            let span = (pixels.high - pixels.low) / (1.0 - pixels.net_low);
            let start = number(pixels.low - pixels.net_low * span);
            lines.push(format!("x = x * {} + {start}", number(span)));
        }
    }
    lines.extend(shaped(signal));
    lines
}

/// Values of the net in the order outside.
pub fn in_outer_order(signal: &Signal) -> Vec<String> {
    if signal.order.is_empty() {
        return Vec::new();
    }
    let upper = signal.name.to_uppercase();
    vec![format!("x = x[:, torch.tensor({upper}_ORDER).argsort()]")]
}

/// Rows as the signal has them.
pub fn shaped(signal: &Signal) -> Vec<String> {
    if signal.shape.len() == 1 {
        return Vec::new();
    }
    let sizes: Vec<String> = signal.shape.iter().map(ToString::to_string).collect();
    vec![format!("x = x.reshape(-1, {})", sizes.join(", "))]
}
