//! Binary codes from outside: trained with noise, packed, searched.

use serde_json::Value;

use crate::program::Room;

/// Letters with sigmoid codes of ten bits that noise makes binary.
const HASHED: [&str; 8] = [
    "--latent",
    "10",
    "--set",
    "model.latent_activation=sigmoid",
    "--code-noise",
    "4",
    "--set",
    "train.epochs=60",
];

fn room() -> Room {
    let room = Room::new();
    room.train("h", &HASHED);
    room
}

/// The bits of a code in hexadecimal digits.
fn bits(hash: &str) -> Vec<bool> {
    let digits = hash
        .chars()
        .map(|digit| digit.to_digit(16).expect("hexadecimal"));
    digits
        .flat_map(|digit| (0..4).rev().map(move |bit| digit >> bit & 1 == 1))
        .collect()
}

fn differing(first: &str, second: &str) -> usize {
    let (first, second) = (bits(first), bits(second));
    first.iter().zip(&second).filter(|(a, b)| a != b).count()
}

#[test]
fn bits_are_those_of_the_codes_in_every_form() {
    let room = room();
    let ran = room.run(&["hash", "h"]);
    let hashes = ran.rows();
    assert_eq!(hashes[0].join(","), "picture,caption,hash,row");
    assert_eq!(hashes.len(), 33);
    let codes = room.run(&["encode", "h"]).rows();
    let mut packed = Vec::new();
    for (hash, code) in hashes[1..].iter().zip(&codes[1..]) {
        let found = bits(&hash[2]);
        let above = code[2..12]
            .iter()
            .map(|z| z.parse::<f32>().expect("a number") > 0.5);
        let expected: Vec<bool> = above.chain([false; 6]).collect();
        assert_eq!(found, expected, "{hash:?} {code:?}");
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        packed.extend(found.chunks(8).map(byte));
    }
    room.run(&["hash", "h", "--to", "h.npy"]);
    let npy = room.bytes("h.npy");
    let header = String::from_utf8_lossy(&npy[..npy.len() - packed.len()]).into_owned();
    assert!(
        header.contains("'descr': '|u1'") && header.contains("'shape': (32, 2)"),
        "{header}"
    );
    assert_eq!(npy[npy.len() - packed.len()..], packed);
    room.run(&["hash", "h", "--to", "h.csv"]);
    assert_eq!(room.text("h.csv"), ran.stdout);

    let json = room.run(&["hash", "h", "--json"]).json();
    assert_eq!(json["bits"], 10);
    assert_eq!(json["codes"][3]["hash"], hashes[4][2].as_str());
    let mut distinct: Vec<_> = hashes[1..].iter().map(|line| &line[2]).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(json["distinct"], distinct.len());
    let first = hashes[1..].iter().filter(|line| bits(&line[2])[0]).count();
    assert_eq!(json["balance"][0], first as f64 / 32.0);
    for told in [
        "distinct codes of 10 bits for 32 samples",
        "share of ones by bit",
        "saturation",
    ] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn a_search_gives_all_within_the_radius_in_a_fixed_order() {
    let room = room();
    let hashes = room.run(&["hash", "h"]).rows();
    let found = room.run(&["hash", "h", "--radius", "4"]).rows();
    assert_eq!(
        found[0].join(","),
        "sample,caption,rank,distance,near,near_caption,row"
    );
    let mut expected = Vec::new();
    for (sample, one) in hashes[1..].iter().enumerate() {
        let mut near: Vec<(usize, usize)> = hashes[1..]
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != sample)
            .map(|(other, line)| (differing(&one[2], &line[2]), other))
            .filter(|(distance, _)| *distance <= 4)
            .collect();
        near.sort_unstable();
        expected.extend(
            near.into_iter()
                .map(|(distance, near)| (sample, distance, near)),
        );
    }
    let number = |text: &String| text.parse::<usize>().expect("a number");
    let read = |line: &Vec<String>| (number(&line[0]), number(&line[3]), number(&line[4]));
    assert_eq!(found[1..].iter().map(read).collect::<Vec<_>>(), expected);

    // One sample by its row or its caption, 2 bits by default.
    let of = |id: &str| room.run(&["hash", "h", "--near", id, "--json"]).json();
    let (by_row, by_caption) = (of("3"), of("C"));
    assert_eq!(by_row, by_caption);
    assert_eq!(by_row["radius"], 2);
    let near: Vec<u64> = list(&by_row["samples"][0]["near"])
        .iter()
        .filter_map(|near| near["row"].as_u64())
        .collect();
    let wanted = expected
        .iter()
        .filter(|(sample, distance, _)| *sample == 3 && *distance <= 2);
    let wanted: Vec<u64> = wanted.map(|(.., near)| *near as u64).collect();
    assert_eq!(near, wanted);
    // Other data has no sample of its own among the training ones.
    let others = room.run(&["hash", "h", "--data", "fonts", "--radius", "0", "--json"]);
    for (place, sample) in list(&others.json()["samples"]).iter().enumerate() {
        let near = list(&sample["near"]);
        assert!(near.iter().any(|near| near["row"] == place), "{sample}");
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

#[test]
fn medians_balance_the_bits_of_any_code() {
    let room = Room::new();
    room.train("l", &["--latent", "3"]);
    let refused = room.run(&["hash", "l"]).failed(2);
    assert!(
        refused.stderr.contains("`linear` codes have no ends")
            && refused.stderr.contains("--at median"),
        "{}",
        refused.stderr
    );
    let json = room.run(&["hash", "l", "--at", "median", "--json"]).json();
    assert_eq!(json["balance"], serde_json::json!([0.5, 0.5, 0.5]));
    assert_eq!(json["saturation"], Value::Null);
    let high = room.run(&["hash", "l", "--at", "1e30", "--json"]).json();
    assert_eq!(high["codes"][0]["hash"], "00");
    assert_eq!(high["distinct"], 1);
}

#[test]
fn what_cannot_be_hashed_or_found_is_refused() {
    let room = room();
    for (args, message) in [
        (&["--radius", "11"][..], "give 0 to 10"),
        (&["--near", "nobody"], "no sample `nobody` among these"),
        (&["--at", "middle"], "expected a number or `median`"),
        (&["--to", "h.txt"], "ending in `.csv` or `.npy`"),
        (&["--radius", "1", "--to", "h.npy"], "ending in `.csv`"),
    ] {
        let ran = room.run(&[&["hash", "h"], args].concat()).failed(2);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
    for (args, message) in [
        (
            "--model vae --code-noise 1",
            "`model.code_noise` is for `ae` and `dae`, and this is `vae`",
        ),
        (
            "--code-noise -1",
            "`model.code_noise` is -1, expected 0 or more",
        ),
        (
            "--conv 4 --latent 0 --code-noise 1",
            "`model.code_noise` needs a dense code",
        ),
        (
            "--optimizer bfgs --code-noise 1",
            "trains without noise within the net",
        ),
        (
            "--layers 8,noise:1 --optimizer bfgs",
            "trains without noise within the net",
        ),
        ("--layers 35,noise:1,2,35", "in which noise has no place"),
        ("--layers 8,noise:x", "`noise:x` is not a size"),
        (
            "--layers 8,noise:1 --set objective.contractive=1",
            "`objective.contractive` is for dense encoders",
        ),
        ("--words 5", "`words` of `fonts`: expected the set `imdb`"),
    ] {
        let args: Vec<&str> = ["train", "--dry-run", "--device", "cpu"]
            .into_iter()
            .chain(args.split(' '))
            .collect();
        let ran = room.run(&args).failed(2);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}
