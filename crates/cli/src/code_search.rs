//! The training samples whose binary codes are near those of others.

use espejo_analysis::{BinaryCodes, CodeNeighbor};
use espejo_data::Samples;

use crate::csv_cell::csv_field;
use crate::output::usage;
use crate::sample_columns::Chosen;

/// Queries that are answered at once, and the most near samples that a list may hold.
const QUERIES: usize = 256;
const MOST: usize = 5_000_000;

/// A sample by its part and its place there.
pub type Query = (usize, usize);

/// What is near a sample.
pub struct Found {
    pub part: usize,
    pub index: usize,
    /// The nearest first; of equal distances as the training samples stand.
    pub near: Vec<CodeNeighbor>,
}

/// All samples of all parts.
pub fn all(parts: &[Chosen]) -> Vec<Query> {
    let of = |(part, chosen): (usize, &Chosen)| (0..chosen.len()).map(move |index| (part, index));
    parts.iter().enumerate().flat_map(of).collect()
}

/// The sample that somebody means: by what names the rows, else by the number of its row, else by its caption.
pub fn query(parts: &[Chosen], id: &str) -> anyhow::Result<Query> {
    let row = id.parse::<u64>().ok();
    let is_named = |samples: &Samples, index| samples.row_name(index) == Some(id);
    let is_row = |samples: &Samples, index| Some(samples.row(index)) == row;
    let is_called = |samples: &Samples, index| samples.caption(index) == id;
    let find = |is: &dyn Fn(&Samples, usize) -> bool| {
        all(parts)
            .into_iter()
            .find(|(part, index)| is(&parts[*part].samples, *index))
    };
    let found = find(&is_named).or_else(|| find(&is_row));
    found.or_else(|| find(&is_called)).ok_or_else(|| {
        let named = match parts[0].samples.index_column() {
            Some(column) => format!("a `{column}`, a `row` or a caption"),
            None => "a `row` or a caption".to_owned(),
        };
        usage(
            format!("no sample `{id}` among these"),
            format!("give {named} of these samples, as `espejo encode` prints them; `--part train` takes the training samples"),
        )
    })
}

/// The training samples within a radius of each query. A training sample is not near itself.
pub fn within(
    (known, train): (&BinaryCodes, &Samples),
    (parts, codes, queries): (&[Chosen], &[BinaryCodes], &[Query]),
    radius: u32,
    is_training: impl Fn(&Chosen) -> bool,
) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::with_capacity(queries.len());
    let mut count = 0;
    for queries in queries.chunks(QUERIES) {
        // A chunk may reach over two parts.
        for queries in queries.chunk_by(|(a, _), (b, _)| a == b) {
            let part = queries[0].0;
            let places: Vec<usize> = queries.iter().map(|(_, index)| *index).collect();
            let near = known.within(&codes[part].select(&places), radius);
            let chosen = &parts[part];
            for (index, mut near) in places.into_iter().zip(near) {
                if is_training(chosen) {
                    let row = chosen.samples.row(index);
                    near.retain(|near| train.row(near.index) != row);
                }
                count += near.len();
                found.push(Found { part, index, near });
            }
        }
        if count > MOST {
            return Err(usage(
                format!("more than {MOST} samples are within {radius} bits"),
                "give a smaller `--radius`, one sample with `--near ID`, or fewer with `--first N`",
            ));
        }
    }
    Ok(found)
}

/// A line for each near sample.
pub fn as_csv(found: &[Found], parts: &[Chosen], train: &Samples) -> String {
    let mut text = "sample,caption,rank,distance,near,near_caption".to_owned();
    text += &(parts[0].header() + "\n");
    for (number, found) in found.iter().enumerate() {
        let part = &parts[found.part];
        let caption = csv_field(part.samples.caption(found.index));
        let cells = part.cells(found.index);
        for (rank, near) in (1..).zip(&found.near) {
            text += &format!(
                "{number},{caption},{rank},{},{},{}{cells}\n",
                near.distance,
                train.row(near.index),
                csv_field(train.caption(near.index)),
            );
        }
    }
    text
}
