//! The live part of a page: the samples with their codes, and the nets that the page computes itself.

use espejo_data::Samples;
use espejo_export::{Activation, Graph, Kind, Layer, Signal, Tensor, Values};
use espejo_report::{
    Check, Net, PackedPictures, Precision, Said, SampleKind as Shown, Space, SpacePictures,
};
use espejo_train::{Error, ExportRule, Half, Pca, Rows, Task, Trained, fill_missing, largest};

use super::Told;
use super::lead::whole;
use super::precision::{choose, ranges};
use super::samples::as_in_set;
use crate::sample_kind::SampleKind;
use crate::titles::class_names;

/// Weights of the nets in a page, at most.
const MOST_WEIGHTS: usize = 6_000_000;
/// Numbers of all codes in a page, at most.
const MOST_CODE_NUMBERS: usize = 400_000;
/// Numbers of all rows of a table in a page, at most.
const MOST_ROW_NUMBERS: usize = 300_000;
/// Bytes of all pictures in a page, at most.
const MOST_PICTURE_BYTES: usize = 1_850_000;
/// Columns that each have a slider of their own; wider tables move along principal components.
const MOST_COLUMNS: usize = 64;
/// Principal components of samples that have no code.
const COMPONENTS: usize = 8;
/// Samples that principal components are taken from, at most.
const MOST_FITTED: usize = 2000;
/// Codes on which rounded weights are measured, and those by which the page checks itself.
const MEASURED: usize = 256;
const CHECKED: usize = 8;

/// What a page shows alive, or why it does not.
pub struct Live {
    /// The heading.
    pub title: String,
    /// What there is to show.
    pub space: Option<Space>,
    /// What a reader should know of it, in sentences.
    pub notes: Vec<String>,
    /// Samples on the map.
    pub points: usize,
    /// How weights are kept, and the difference that it makes.
    pub precision: Option<(Precision, f64)>,
}

impl Live {
    fn none(told: &Told<'_>, why: String) -> Self {
        Self {
            title: told.say("Alive"),
            space: None,
            notes: vec![why],
            points: 0,
            precision: None,
        }
    }
}

/// From codes to samples, and what a net says of these.
struct Nets {
    /// What the numbers of a code are called.
    names: Vec<String>,
    /// The code of each sample.
    codes: Rows,
    /// From codes to samples, and what these are.
    layers: Vec<Layer>,
    signal: Signal,
    /// Of a net with targets.
    says: Option<Graph>,
    as_columns: bool,
}

/// The live part, with `most` samples on the map at most.
pub fn of(told: &Told<'_>, most: usize, wanted: Option<Precision>) -> anyhow::Result<Live> {
    if let Some(why) = why_not(told) {
        return Ok(Live::none(told, why));
    }
    let width = told.trained.shape().pixels();
    let dimensions = match told.trained.latent() {
        0 => width.min(MOST_COLUMNS),
        latent => latent,
    };
    let most = most.min((MOST_CODE_NUMBERS / dimensions).max(1));
    let all = told.trained.test();
    let samples = evenly(all, most);
    let values = net_values(told, &samples)?;
    let nets = match told.trained.latent() {
        0 => of_targets(told, &samples, &values)?,
        _ => of_code(told, &samples)?,
    };
    let (precision, difference, check) = checked(told, &nets, &values, wanted)?;
    let mut notes = Vec::new();
    if samples.len() < all.len() {
        let counts = [samples.len(), all.len()].map(|count| whole(count, told.language));
        notes.push(told.fill(
            "The map has {} of {} samples, evenly spread.",
            &counts.each_ref().map(String::as_str),
        ));
    }
    let (pictures, rows) = own_values(told, &samples, &values, &mut notes);
    notes.push(weights_note(told, precision, difference));
    let says = nets
        .says
        .map(|graph| said(told, &graph, &samples, precision))
        .transpose()?;
    let given = match told.trained.prepared().spec.task {
        Task::Classify => Some(
            told.trained
                .predict(&samples)?
                .iter()
                .map(|row| largest(row) as u16)
                .collect(),
        ),
        _ => None,
    };
    // The net that has weights is what was measured; a plane of principal components is kept as it is.
    let kept = if says.is_some() {
        Precision::Single
    } else {
        precision
    };
    let shape = told.trained.shape();
    let space = Space {
        kind: match (told.kind, samples.window()) {
            (SampleKind::Image, _) => Shown::Image,
            (_, Some(window)) => Shown::Window(window.length),
            _ => Shown::Row,
        },
        names: nets.names,
        codes: nets.codes.concat(),
        captions: captions(&samples),
        classes: classes(&samples),
        labels: (0..samples.len())
            .map(|index| samples.label(index).map_or(u16::MAX, |label| label as u16))
            .collect(),
        given,
        net: Net {
            layers: nets.layers,
            precision: kept,
        },
        spans: spans(&nets.signal, &values, &samples),
        columns: samples.points().unpermuted().columns().to_vec(),
        signal: nets.signal,
        shape: [shape.channels, shape.height, shape.width],
        ink: samples.two_valued(),
        pictures,
        rows,
        captions_of: match (&says, nets.as_columns) {
            (None, _) => ("decoded at the ring", "its reconstruction"),
            (Some(_), true) => ("the row at the ring", "as the net sees it"),
            (Some(_), false) => ("the sample at the ring", "of principal components"),
        },
        says,
        prior: told.trained.prior().is_some(),
        as_columns: nets.as_columns,
        check,
    };
    Ok(Live {
        title: told.say(if told.trained.latent() > 0 {
            "The latent space, alive"
        } else {
            "The net, alive"
        }),
        points: samples.len(),
        space: Some(space),
        notes,
        precision: Some((precision, difference)),
    })
}

/// Why there is nothing to be kept alive.
fn why_not(told: &Told<'_>) -> Option<String> {
    let weights = told.report.parameters;
    if told.kind == SampleKind::Text {
        return Some(told.say(
            "Texts are no points that could be moved, so that this page shows no live map of them.",
        ));
    }
    if told.kind == SampleKind::Window && told.trained.latent() == 0 {
        return Some(told.say("A net that reads windows of a series has no code to move, so that this page shows no live map."));
    }
    if weights > MOST_WEIGHTS {
        let counts = [weights, MOST_WEIGHTS].map(|count| whole(count, told.language));
        return Some(told.fill(
            "The net has {} weights, and a page holds {}: it has no live map. `espejo latent` and `espejo morph` draw it.",
            &counts.each_ref().map(String::as_str),
        ));
    }
    None
}

/// Samples at even distances, at most so many.
fn evenly(samples: &Samples, most: usize) -> Samples {
    match samples.len() <= most {
        true => samples.clone(),
        false => samples.select(&places(samples.len(), most)),
    }
}

fn places(len: usize, most: usize) -> Vec<usize> {
    let count = len.min(most);
    (0..count).map(|place| place * len / count).collect()
}

/// The samples as the net sees them, NaN for what is missing.
fn net_values(told: &Told<'_>, samples: &Samples) -> anyhow::Result<Rows> {
    let mut values = Vec::new();
    samples.read(
        0..samples.len(),
        told.trained.normalised_low() as f32,
        &mut values,
    )?;
    let width = samples.shape().pixels();
    Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect())
}

/// An autoencoder: its code and its decoder.
fn of_code(told: &Told<'_>, samples: &Samples) -> anyhow::Result<Nets> {
    let rule = ExportRule {
        half: Some(Half::Decoder),
        ..ExportRule::default()
    };
    let mut graph = told.trained.graph(rule)?;
    let output = graph.outputs.remove(0);
    Ok(Nets {
        names: (1..=told.trained.latent())
            .map(|dimension| format!("z{dimension}"))
            .collect(),
        codes: told.trained.encode(samples)?,
        layers: graph.layers,
        signal: output.signal,
        says: None,
        as_columns: false,
    })
}

/// A net with targets: the columns of a narrow table are what moves, else principal components of the samples.
fn of_targets(told: &Told<'_>, samples: &Samples, values: &Rows) -> anyhow::Result<Nets> {
    let graph = told.trained.graph(ExportRule::default())?;
    let signal = graph.input.clone();
    let mut rows = values.clone();
    rows.iter_mut().for_each(|row| fill_missing(row));
    let width = told.trained.shape().pixels();
    if samples.is_table() && width <= MOST_COLUMNS {
        let unpermuted = samples.points().unpermuted();
        let name = |place: usize| {
            unpermuted.columns()[signal.order.get(place).copied().unwrap_or(place)].clone()
        };
        return Ok(Nets {
            names: (0..width).map(name).collect(),
            codes: rows,
            layers: Vec::new(),
            signal,
            says: Some(graph),
            as_columns: true,
        });
    }
    let fitted: Rows = places(rows.len(), MOST_FITTED)
        .into_iter()
        .map(|place| rows[place].clone())
        .collect();
    let pca = Pca::fit(&fitted, COMPONENTS);
    let place = |row: &Vec<f32>| -> Vec<f32> {
        pca.place(row)
            .into_iter()
            .map(|number| number as f32)
            .collect()
    };
    Ok(Nets {
        names: (1..=pca.components())
            .map(|component| format!("PC{component}"))
            .collect(),
        codes: rows.iter().map(place).collect(),
        layers: vec![from_components(&pca, width, told)],
        signal,
        says: Some(graph),
        as_columns: false,
    })
}

/// From the principal components to a sample, as a dense layer.
fn from_components(pca: &Pca, width: usize, told: &Told<'_>) -> Layer {
    let basis = pca.basis();
    let weight = (0..width).flat_map(|value| basis.iter().map(move |component| component[value]));
    let shape = told.trained.shape();
    Layer {
        name: "components".to_owned(),
        input: [basis.len(), 1, 1],
        output: [shape.channels, shape.height, shape.width],
        kind: Kind::Dense {
            weight: Tensor::new(vec![width, basis.len()], weight.collect()),
            bias: Tensor::new(vec![width], pca.mean()),
        },
        activation: Activation::Linear,
    }
}

/// How weights are kept, what that does, and codes with Espejo's own results.
fn checked(
    told: &Told<'_>,
    nets: &Nets,
    values: &Rows,
    wanted: Option<Precision>,
) -> anyhow::Result<(Precision, f64, Check)> {
    let measured: Rows = places(nets.codes.len(), MEASURED)
        .into_iter()
        .map(|place| nets.codes[place].clone())
        .collect();
    let low = told.trained.normalised_low() as f32;
    let run = |trained: &Trained| -> Result<Rows, Error> {
        if nets.says.is_some() {
            return trained.outputs_of(&samples_at(nets, &measured));
        }
        let mut decoded = trained.decode(&measured)?;
        let values = decoded.iter_mut().flatten();
        values.for_each(|value| *value = *value * (1.0 - low) + low);
        Ok(decoded)
    };
    let expected = run(told.trained)?;
    let ranges = match (&nets.says, told.kind, told.trained.prepared().spec.task) {
        (None, SampleKind::Image, _) => vec![1.0 - low],
        (Some(_), _, Task::Classify) => vec![1.0],
        (None, _, _) => ranges(values),
        (Some(_), _, _) => ranges(&expected),
    };
    let (precision, difference) = choose(told.trained, wanted, &ranges, run)?;
    let few = places(measured.len(), CHECKED);
    let pick =
        |rows: &Rows| -> Vec<f32> { few.iter().flat_map(|place| rows[*place].clone()).collect() };
    let check = Check {
        codes: pick(&measured),
        expected: pick(&expected),
        ranges,
    };
    Ok((precision, difference, check))
}

/// The samples that codes of a net with targets stand for.
fn samples_at(nets: &Nets, codes: &Rows) -> Rows {
    let Some(Kind::Dense { weight, bias }) = nets.layers.first().map(|layer| &layer.kind) else {
        return codes.clone();
    };
    let sample = |code: &Vec<f32>| {
        let rows = weight
            .values
            .chunks_exact(code.len().max(1))
            .zip(&bias.values);
        rows.map(|(row, bias)| {
            let sum: f64 = row
                .iter()
                .zip(code)
                .map(|(weight, number)| f64::from(*weight) * f64::from(*number))
                .sum();
            (sum + f64::from(*bias)) as f32
        })
        .collect()
    };
    codes.iter().map(sample).collect()
}

/// What a net with targets says.
fn said(
    told: &Told<'_>,
    graph: &Graph,
    samples: &Samples,
    precision: Precision,
) -> anyhow::Result<Said> {
    let classes = graph.tells_class;
    let names = match classes {
        true => class_names(samples.classes()),
        false => samples.target_columns().to_vec(),
    };
    let predicted = told.trained.predict(samples)?;
    let span = |column: usize| {
        let numbers = predicted.iter().map(|row| f64::from(row[column]));
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
            (low.min(number), high.max(number))
        })
    };
    Ok(Said {
        net: Net {
            layers: graph.layers.clone(),
            precision,
        },
        signal: graph.outputs[0].signal.clone(),
        classes,
        spans: (0..names.len()).map(span).collect(),
        names,
    })
}

/// The samples' own values, as many as there is room for.
fn own_values(
    told: &Told<'_>,
    samples: &Samples,
    values: &Rows,
    notes: &mut Vec<String>,
) -> (Option<SpacePictures>, Option<Vec<f32>>) {
    if told.kind != SampleKind::Image {
        let fits = values.len() * samples.shape().pixels() <= MOST_ROW_NUMBERS;
        if !fits {
            notes.push(told.say("The samples' own values are too many for this page: it shows what is decoded alone."));
        }
        return (None, fits.then(|| values.concat()));
    }
    let low = told.trained.normalised_low() as f32;
    let unit = |row: &Vec<f32>| {
        row.iter()
            .map(|value| (value - low) / (1.0 - low))
            .collect::<Vec<f32>>()
    };
    let units: Rows = values.iter().map(unit).collect();
    let units = as_in_set(told.trained, &units);
    let shape = samples.shape();
    let size = [shape.channels, shape.height, shape.width];
    let mut packed = PackedPictures::pack(&units, size);
    let mut which = None;
    if packed.bytes() > MOST_PICTURE_BYTES {
        let room = units.len() * MOST_PICTURE_BYTES / packed.bytes() * 97 / 100;
        let kept = places(units.len(), room.max(1));
        let some: Rows = kept.iter().map(|place| units[*place].clone()).collect();
        packed = PackedPictures::pack(&some, size);
        let counts = [kept.len(), units.len()].map(|count| whole(count, told.language));
        notes.push(told.fill(
            "{} of the {} samples have their pictures in this page.",
            &counts.each_ref().map(String::as_str),
        ));
        which = Some(kept);
    }
    if !packed.is_exact() {
        notes.push(told.fill("The samples' pictures on the map are in {} steps of brightness; everything else on this page is exact.", &[&packed.levels().to_string()]));
    }
    (Some(SpacePictures { packed, which }), None)
}

/// What the page says of its weights.
fn weights_note(told: &Told<'_>, precision: Precision, difference: f64) -> String {
    match precision {
        Precision::Single => told.say("The weights in this page are those of the run (f32)."),
        Precision::Half => {
            let difference = told.language.number(&format!("{difference:.1e}"));
            told.fill(
                "The weights in this page are rounded to 16 bits (f16), which changes its results by at most {} of the range.",
                &[&difference],
            )
        }
    }
}

/// What samples are called; empty where that is their class alone, which the page has already.
fn captions(samples: &Samples) -> Vec<String> {
    let caption = |index: usize| match samples.row_name(index) {
        Some(name) => name.to_owned(),
        None => samples.caption(index).to_owned(),
    };
    let is_class = |index: usize| {
        let class = samples
            .label(index)
            .map(|label| samples.classes()[label].as_str());
        samples.row_name(index).is_none() && class == Some(samples.caption(index))
    };
    match (0..samples.len()).all(is_class) {
        true => Vec::new(),
        false => (0..samples.len()).map(caption).collect(),
    }
}

/// The classes, where there are several.
fn classes(samples: &Samples) -> Vec<String> {
    match samples.classes().len() {
        0 | 1 => Vec::new(),
        _ => class_names(samples.classes()),
    }
}

/// The least and the greatest value of each column in its own unit.
fn spans(signal: &Signal, values: &Rows, samples: &Samples) -> Vec<(f64, f64)> {
    if !matches!(signal.values, Values::Columns(_)) {
        return Vec::new();
    }
    let columns = samples.points().columns().len();
    let mut spans = vec![(f64::INFINITY, f64::NEG_INFINITY); columns];
    for row in values {
        for (place, value) in signal
            .outside(row)
            .into_iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
        {
            let (low, high) = &mut spans[place % columns];
            (*low, *high) = (low.min(value), high.max(value));
        }
    }
    let known = |(low, high): (f64, f64)| if low <= high { (low, high) } else { (0.0, 1.0) };
    spans.into_iter().map(known).collect()
}
