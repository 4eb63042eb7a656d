//! The real files, where they are.

use super::*;

/// Trains one epoch on a set of `ESPEJO_DATA` and draws everything; nothing where the set is not there.
#[track_caller]
fn real(set: &str, line: &str, check: impl Fn(&Room, Value)) {
    let directory = std::env::var_os("ESPEJO_DATA").unwrap_or_default();
    if directory.is_empty() || !Path::new(&directory).join(set).is_dir() {
        eprintln!("not tried: there is no `{set}` in ESPEJO_DATA");
        return;
    }
    let room = Room::new();
    let line = format!("train {line} --device cpu --epochs 1 --name real");
    run(&room, &line).ok();
    check_figure(&room, "runs/real/figures/latent");
    check(&room, facts(&room, "real"));
}

#[test]
fn fashion_is_learned() {
    real(
        "fashion-mnist",
        "fashion --limit 500 --model vae",
        |room, data| {
            let expected =
                json!({ "train": 500, "test": 500, "held_out": true, "shape": [1, 28, 28] });
            assert_eq!(data, expected);
            let classes = classes_on_the_map(room, "real");
            assert_eq!(classes.len(), 10);
            assert!(classes.iter().any(|(class, _)| class == "T-shirt/top"));
        },
    );
}

#[test]
fn a_face_is_learned() {
    real(
        "yalefaces",
        "yale --subject 1 --size 50x37",
        |room, data| {
            let expected =
                json!({ "train": 11, "test": 11, "held_out": false, "shape": [1, 50, 37] });
            assert_eq!(data, expected);
            run(room, "morph real happy sad --steps 3").ok();
        },
    );
}

#[test]
fn satellite_measurements_are_learned() {
    real("satimage", "satimage", |room, data| {
        let expected =
            json!({ "train": 4435, "test": 2000, "held_out": true, "shape": [1, 1, 36] });
        assert_eq!(data, expected);
        assert_eq!(classes_on_the_map(room, "real").len(), 6);
        let csv = run(room, "generate real --count 2").ok().stdout;
        assert_eq!(csv.lines().count(), 3);
    });
}

#[test]
fn photographs_are_learned_in_grey() {
    real(
        "cifar-10-batches-bin",
        "cifar10 --limit 200 --grey",
        |_, data| {
            assert_eq!((&data["train"], &data["test"]), (&json!(200), &json!(200)));
            assert_eq!(data["shape"], json!([1, 32, 32]));
        },
    );
}

#[test]
fn two_handwritten_letters_are_learned() {
    real(
        "emnist-letters",
        "emnist-letters --classes A,B --layers 16",
        |room, data| {
            assert_eq!(
                (&data["train"], &data["test"]),
                (&json!(9600), &json!(1600))
            );
            let letters: Vec<_> = classes_on_the_map(room, "real")
                .into_iter()
                .map(|(class, _)| class)
                .collect();
            assert_eq!(letters, ["A", "B"]);
        },
    );
}
