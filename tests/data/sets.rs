//! The files of known sets.

use super::*;

#[test]
fn a_known_set_is_read_from_the_data_directory_with_its_own_test_part() {
    let room = Room::new();
    mnist(&room, 60, 20);
    let set = "mnist --data-dir data --layers 8";
    train(&room, "all", set);
    let expected = json!({ "train": 60, "test": 20, "held_out": true, "shape": [1, 28, 28] });
    assert_eq!(facts(&room, "all"), expected);
    let digits: Vec<_> = (0..10).map(|digit| (digit.to_string(), 2)).collect();
    run(&room, "latent all --grid 2x2").ok();
    assert_eq!(classes_on_the_map(&room, "all"), digits);
    let counts = |name: &str| {
        let data = facts(&room, name);
        (data["train"].as_u64(), data["test"].as_u64())
    };
    train(&room, "ten", &format!("{set} --limit 10"));
    assert_eq!(counts("ten"), (Some(10), Some(10)));
    train(&room, "two", &format!("{set} --classes 3,5"));
    assert_eq!(counts("two"), (Some(12), Some(4)));
    run(&room, "latent two --grid 2x2").ok();
    let two = ["3", "5"].map(|digit| (digit.to_owned(), 2));
    assert_eq!(classes_on_the_map(&room, "two"), two);

    // The directory may come from the environment, and stands in the run from then on.
    let line = "train mnist --device cpu --layers 8 --epochs 1 --no-figures --name variable";
    let mut command = room.command(&words(line));
    ran(command.env("ESPEJO_DATA", room.path("data"))).ok();
    assert_eq!(counts("variable"), (Some(60), Some(20)));
    // Another directory is given to what uses the run.
    let codes = run(&room, "encode all").ok().stdout;
    fs::rename(room.path("data"), room.path("moved")).expect("writable");
    let hint = "`espejo data fetch mnist`";
    refused(&room, "encode all", 3, "`mnist` is not in", hint);
    let again = run(&room, "encode all --data-dir moved").ok().stdout;
    assert_eq!(again, codes);
    run(
        &room,
        "train --resume ten --epochs 3 --no-figures --data-dir moved",
    )
    .ok();
    let set = "mnist --data-dir moved";
    refused(
        &room,
        &format!("train {set} --test-fraction .2"),
        2,
        "expected none, for the set has a test part of its own",
        "",
    );
}

#[test]
fn a_set_larger_than_the_memory_streams_and_is_learned_just_the_same() {
    let room = Room::new();
    // As floats they take 1.2 MiB.
    mnist(&room, 400, 20);
    const STREAMS: &str = "it is read from disk during training";
    for model in ["ae", "dae --noise gaussian:.2", "vae"] {
        let line = format!("mnist --data-dir data --layers 8 --model {model}");
        let fits = train(&room, "fits", &format!("{line} --device-memory 64"));
        let streams = train(&room, "streams", &format!("{line} --device-memory 1"));
        assert!(!fits.stderr.contains(STREAMS), "{fits:#?}");
        assert!(streams.stderr.contains(STREAMS), "{streams:#?}");
        let [one, two] =
            ["fits", "streams"].map(|name| room.json(&format!("runs/{name}/run.json")));
        for key in ["data", "metrics", "baselines"] {
            assert_eq!(one[key], two[key], "{model}");
        }
        let [one, two] = ["fits", "streams"]
            .map(|name| room.bytes(&format!("runs/{name}/checkpoints/last/model.safetensors")));
        assert!(one == two, "{model}");
        fs::remove_dir_all(room.path("runs")).expect("it is there");
    }
}

#[test]
fn files_of_a_set_that_are_missing_or_damaged_are_named() {
    let room = Room::new();
    mnist(&room, 60, 20);
    refused(
        &room,
        "train mnist --data-dir elsewhere",
        3,
        "`mnist` is not in `",
        "`espejo data fetch mnist`",
    );
    let missing = "data verify mnist --data-dir elsewhere";
    refused(
        &room,
        missing,
        3,
        "there is no `train-images-idx3-ubyte.gz`",
        "fetch mnist",
    );
    assert_eq!(
        run(&room, "data verify --data-dir elsewhere").ok().stderr,
        ""
    );

    // Made up, and so not the official ones.
    let names = ["train-images-idx3", "train-labels-idx1"];
    for name in names.map(|name| format!("data/mnist/{name}-ubyte")) {
        let packed = room.path(&format!("{name}.gz"));
        fs::copy(room.path(&name), packed).expect("writable");
    }
    let line = "data verify mnist --data-dir data";
    refused(
        &room,
        line,
        3,
        "expected the official file, found another",
        "",
    );
    let states = run(&room, &format!("{line} --json")).failed(3).json();
    let states = &states["sets"][0]["files"];
    let state = |at: usize| states[at]["state"].as_str();
    assert_eq!(
        [0, 1, 2].map(state),
        [
            Some("damaged"),
            Some("damaged"),
            // Read in the stead of the packed file, which is not there.
            Some("present, but without a checksum on record")
        ]
    );

    let images = "data/mnist/train-images-idx3-ubyte";
    let cut = |bytes: usize| room.write(images, &room.bytes(images)[..bytes]);
    cut(784 * 30);
    let set = "train mnist --data-dir data";
    refused(&room, set, 3, "ubyte`: expected 60 images, found 29", "");
    cut(7);
    refused(&room, set, 3, "train-images-idx3-ubyte`: ", "");
    fs::remove_file(room.path(images)).expect("it is there");
    room.write(&format!("{images}.gz"), broken_gzip());
    refused(
        &room,
        set,
        3,
        "train-images-idx3-ubyte.gz`: expected a whole file",
        "",
    );
}
